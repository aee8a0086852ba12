//! Reading what a client still sends, so that it can read its answer: closing a socket while bytes are on their way
//! resets the connection, and the answer is lost.

use std::time::Instant;

use axum::body::{Bytes, HttpBody};
use http_body_util::BodyExt as _;

use crate::http::app::App;
use crate::serve::listener::{DISCARD_FOR, DISCARD_TIMES_MAX_BODY};

use super::turns::Turns;

/// Reads a body without keeping it; true when it ended within the listener's bounds for discarded bytes and before the
/// body's own deadline, counted from `arrival`.
pub(in crate::http) async fn discard_rest<B>(mut body: B, app: &App, arrival: Instant) -> bool
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let limits = &app.server.limits;
    let max_bytes = limits.max_body_bytes.saturating_mul(DISCARD_TIMES_MAX_BODY);
    let read = async {
        let (mut bytes, mut turns) = (0, Turns::default());
        loop {
            let length = match body.frame().await {
                Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
                Some(Err(_)) => return false,
                None => return true,
            };
            bytes += length;
            if bytes > max_bytes {
                return false;
            }
            turns.add_piece(length);
            turns.next().await;
        }
    };
    tokio::select! {
        is_done = read => is_done,
        () = tokio::time::sleep(DISCARD_FOR) => false,
        () = app.server.lifecycle.wait_until(arrival + limits.body_timeout) => false,
    }
}
