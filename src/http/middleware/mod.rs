//! The layers around every route. [`crate::http::service`] puts them in their order.

pub(super) mod access_log;
pub(super) mod drain_body;
mod request_id;
pub(super) mod validate_head;
