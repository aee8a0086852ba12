//! The layers around every route. [`crate::http::service`] puts them in their order.

mod cross_site;
pub(super) mod discard_body;
pub(super) mod in_flight_request;
mod request_id;
pub(super) mod validate_head;
