//! What clients of every protocol see: requests to the router, and bytes over sockets.

mod arrow;
mod clients;
mod compat;
mod diagnostics;
mod dialects;
mod document;
mod doors;
mod fixtures;
mod hostile;
mod json;
mod long_bodies;
mod matching;
mod media;
mod openapi;
mod overflow;
mod page;
mod panics;
mod problem;
mod reasons;
mod same_answers;
mod service;
mod sockets;
mod streams;
mod tensor;
mod thresholds;
mod v2;
