//! HTTP: the only place that knows axum and JSON bodies.
//!
//! A request passes `service` (one route look-up, the layers of `middleware` in their order) and is answered by one of
//! `routes`. `body` reads its bytes, `decode` turns them into a batch, `encode` turns a prediction into bytes.
//! `problem` is the one list of errors with their status, `router` the one list of routes, `openapi` describes all of
//! them, `pages` shows them to people.

pub mod allowed_hosts;
pub mod app;
pub mod auth;
mod body;
mod compress;
pub mod decode;
pub mod encode;
pub mod handler_output;
pub mod json;
mod leased;
mod length;
mod media;
mod middleware;
pub mod openapi;
mod pages;
mod path;
mod probe_routes;
pub mod problem;
mod repository_routes;
mod route;
pub mod router;
mod routes;
pub mod service;
pub mod tensor;
pub mod whole;
mod within;
