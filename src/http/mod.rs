//! The wire: the only place that knows axum and JSON bodies.
//!
//! `router` is the one list of routes, `middleware` the one list of layers, `problem` the one list of errors with
//! their status; `json` reads bodies, `predict` turns them into batches and answers into bytes;
//! `v2` does the same for the Open Inference Protocol.

pub mod app;
pub mod auth;
pub mod encode;
mod health;
pub mod json;
pub mod middleware;
mod models;
mod page;
pub mod predict;
pub mod problem;
pub mod router;
pub mod v2;
