//! The Open Inference Protocol, version 2, over HTTP: `/v2` and everything below it.

mod infer;
mod metadata;
pub(in crate::http) mod repository;

pub(in crate::http) use infer::{infer, infer_version};
pub(in crate::http) use metadata::{live, model, model_ready, model_version, model_version_ready, ready, server};
