//! Everything between the sockets and the model except HTTP's wire format: which models are served, who may compute,
//! how the process starts and ends, what is counted and logged.
//!
//! Generic over a `tower::Service`: only `http` knows axum, and only `commands::serve` joins the two.

pub mod admission;
pub mod contents;
mod directory;
pub mod error;
pub mod lifecycle;
pub mod listener;
pub mod loader;
pub mod logging;
pub mod memory_estimate;
pub mod metrics;
pub mod predict;
pub mod registry;
mod regular_file;
pub mod reload;
pub mod server;
mod server_state;
pub mod spans;
pub mod systemd;
mod timing;

pub use server_state::{ADMIN_ANSWERS, ServerState};
