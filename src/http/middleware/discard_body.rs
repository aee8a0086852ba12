//! Reads what a handler left of a request's body before the answer goes out, within bounds; past them the connection
//! closes.

use std::time::Instant;

use axum::body::{Bytes, HttpBody};
use axum::response::Response;
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};

use crate::http::app::App;
use crate::http::body::{Leftover, discard_rest};

/// Reads what is left, and asks the client to close where that does not end. The request came at `arrival`;
/// `waits_for_continue` tells that it has an `Expect` field.
pub(in crate::http) async fn discard_body<B>(
    app: &App,
    leftover: Leftover<B>,
    arrival: Instant,
    waits_for_continue: bool,
    response: &mut Response,
) where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let Leftover { body, was_polled } = leftover;
    // A client that waits for "100 Continue" has sent nothing; one that got 408 has used up its time. A body that is
    // announced as too long is refused at once: the listener reads on after the answer.
    let is_worth_reading = match response.status() {
        StatusCode::REQUEST_TIMEOUT => false,
        StatusCode::PAYLOAD_TOO_LARGE => was_polled,
        _ => was_polled || !waits_for_continue,
    };
    if !is_worth_reading || !discard_rest(body, app, arrival).await {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}
