//! The layers around every route. [`crate::http::service`] puts them in their order.

pub(super) mod access_log;
mod cross_site;
pub(super) mod discard_body;
mod request_id;
pub(super) mod validate_head;
