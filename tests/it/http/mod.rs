//! What clients of every protocol see: requests to the router, and bytes over sockets.

mod compat;
mod diagnostics;
mod dialects;
mod document;
mod fixtures;
mod json;
mod media;
mod openapi;
mod panics;
mod problem;
mod same_answers;
mod service;
mod sockets;
mod streams;
mod tensor;
mod v2;
