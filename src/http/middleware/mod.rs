//! The layers around every route. [`crate::http::service`] puts them in their order.

mod cross_site;
pub(super) mod discard_body;
pub(super) mod in_flight_request;
mod request_id;
mod request_span;
mod trace_parent;
pub(super) mod validate_head;

pub(super) use in_flight_request::speaks_json;
pub(super) use request_id::{REQUEST_ID, is_request_id, request_id};
pub(super) use request_span::{AnsweredBy, StreamSpan};
