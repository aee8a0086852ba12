//! smartserve: a model server for tables.

pub mod config;
pub mod http;
pub mod model;
pub mod serve;
