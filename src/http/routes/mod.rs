//! The handlers: one file a family of routes.

pub(in crate::http) mod health;
pub(in crate::http) mod invocations;
pub(in crate::http) mod models;
pub(in crate::http) mod predict;
pub(in crate::http) mod query;
pub(in crate::http) mod stream;
pub(in crate::http) mod tensorflow;
pub(in crate::http) mod v2;
