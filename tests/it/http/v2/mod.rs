//! The Open Inference Protocol: the same rows give the same bits as on `/predict`, however their tensors are written;
//! tensors, whatever is in them, are read or refused; who may ask which route.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

#[path = "../http_support/mod.rs"]
mod http_support;

mod cut;
mod elements;
mod repository;
mod routes;
mod same_rows;
