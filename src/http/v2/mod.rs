//! The Open Inference Protocol, version 2, over HTTP: `/v2` and everything below it.
//!
//! Stands apart from `predict` because the protocol has its own words for everything: tensors instead of rows, its own
//! metadata, its own readiness, an extension for binary tensors and one for the repository of models. What they have
//! in common — body, limits, admission, the batch, errors — is `predict`'s and `problem`'s, used here as it is.
//!
//! `metadata` says what is served, `infer` puts the steps of a prediction in order, `request` reads its body, `answer`
//! writes its result, `repository` lists models.

mod answer;
mod datatype;
mod infer;
mod metadata;
mod outputs;
pub(super) mod repository;
pub mod request;

pub use datatype::Datatype;
pub use outputs::{Output, Wanted};

pub(super) use infer::{infer, infer_version};
pub(super) use metadata::{live, model, model_ready, model_version, model_version_ready, ready, server};
