//! Routes that other model servers' clients know: `TensorFlow` Serving and `KServe` v1, `MLflow`, `SageMaker`, Vertex AI.
//!
//! Stands apart from `predict`, which does the work: here are only the routes' names, and the few answers about models
//! that these protocols have. Errors are the server's own on every route.

pub(super) mod invocations;
pub(super) mod tensorflow;
