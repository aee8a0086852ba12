//! Reading what a client still sends, so that it can read its answer: closing a socket while bytes are on their way resets
//! the connection, and the answer is lost.

use std::time::{Duration, Instant};

use axum::body::{Bytes, HttpBody};
use http_body_util::BodyExt as _;

use crate::http::app::App;

/// No more is read than this many times the largest body.
const TIMES_MAX_BODY: usize = 16;

/// And for no longer than this.
const LONGEST: Duration = Duration::from_secs(5);

/// Reads a body without keeping it; true when it ended within the bounds. The body's own deadline, counted from
/// `arrival`, is one of them.
pub(in crate::http) async fn discard_rest<B>(mut body: B, app: &App, arrival: Instant) -> bool
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let limits = &app.server.limits;
    let max_bytes = limits.max_body_bytes.saturating_mul(TIMES_MAX_BODY);
    let read = async {
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame.as_ref().map_or(0, |f| f.data_ref().map_or(0, Bytes::len));
            if frame.is_err() || bytes > max_bytes {
                return false;
            }
        }
        true
    };
    tokio::select! {
        is_done = read => is_done,
        () = tokio::time::sleep(LONGEST) => false,
        () = app.server.lifecycle.wait_until(arrival + limits.body_timeout) => false,
    }
}
