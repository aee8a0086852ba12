//! HTTP: the only place that knows axum and JSON bodies.
//!
//! A request passes `service` (one route look-up, the layers of `middleware` in their order) and is answered by one of
//! `routes`. `body` reads its bytes, `decode` turns them into a batch, `encode` turns a prediction into bytes. `problem`
//! is the one list of errors with their status, `router` the one list of routes, `openapi` describes all of them,
//! `pages` shows them to people.

pub mod allowed_hosts;
pub mod answer;
pub mod app;
pub mod auth;
mod body;
mod changing;
mod compress;
pub mod decode;
pub mod encode;
pub mod json;
mod leased;
mod media;
mod middleware;
pub mod openapi;
mod pages;
mod path;
pub mod problem;
mod route;
pub mod router;
mod routes;
pub mod service;
pub mod tensor;
mod watched;
