//! What clients of every protocol see: requests to the router, and bytes over sockets.

mod compat;
mod dialects;
mod fixtures;
mod openapi;
mod same_answers;
mod service;
mod sockets;
mod streams;
mod v2;
