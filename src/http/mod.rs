//! The wire: the only place that knows axum and JSON bodies.
//!
//! `router` is the one list of routes, `middleware` the one list of layers, `problem` the one list of errors with
//! their status; `json` reads bodies, `predict` turns them into batches and answers into bytes;
//! `v2` does the same for the Open Inference Protocol, `compat` gives other servers' clients the routes they know;
//! `openapi` describes all of it.

pub mod app;
pub mod auth;
mod compat;
mod compress;
pub mod encode;
mod encode_lines;
mod health;
pub mod json;
pub mod middleware;
mod models;
mod negotiate;
pub mod openapi;
mod page;
pub mod predict;
pub mod problem;
pub mod router;
pub mod v2;
