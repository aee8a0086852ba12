//! A request's body, of which the unread rest is still there when its handler is done.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};

use crate::serve::listener::BoxError;

/// A body that can be read in place or given away.
pub(in crate::http) trait ReadableBody:
    HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin
{
    /// The body for a reader that keeps it.
    fn into_owned(self) -> Body;
}

impl ReadableBody for Body {
    fn into_owned(self) -> Body {
        self
    }
}

impl<B> ReadableBody for &mut RequestBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    fn into_owned(self) -> Body {
        self.lend()
    }
}

/// The unread rest of a body.
pub(in crate::http) struct Leftover<B> {
    /// The rest.
    pub(in crate::http) body: B,
    /// True when some of it was asked for.
    pub(in crate::http) was_polled: bool,
}

/// Where a lent body comes back to.
type LeftoverCell<B> = Arc<Mutex<Option<Leftover<B>>>>;

/// A request's body. Reading it in place allocates nothing. A lent body comes back if it is dropped before its end.
pub(in crate::http) struct RequestBody<B: HttpBody + Unpin> {
    /// None once it is lent or has come back.
    body: Option<B>,
    was_polled: bool,
    is_done: bool,
    /// Where this one comes back to, if it is lent.
    owner: Option<LeftoverCell<B>>,
    /// Where the one that was lent comes back to.
    lent: Option<LeftoverCell<B>>,
}

impl<B> RequestBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    /// A body of which nothing was read.
    pub(in crate::http) fn new(body: B) -> Self {
        Self { body: Some(body), was_polled: false, is_done: false, owner: None, lent: None }
    }

    /// Lends the body to a reader that keeps it.
    pub(in crate::http) fn lend(&mut self) -> Body {
        if self.is_end_stream() {
            return Body::empty();
        }
        let cell = LeftoverCell::<B>::default();
        self.lent = Some(Arc::clone(&cell));
        Body::new(Self { body: self.body.take(), owner: Some(cell), lent: None, ..*self })
    }

    /// The unread rest; none if it was read to its end, or is lent and still in use.
    pub(in crate::http) fn into_leftover(mut self) -> Option<Leftover<B>> {
        match self.lent.take() {
            Some(cell) => cell.lock().unwrap_or_else(PoisonError::into_inner).take(),
            None if self.is_end_stream() => None,
            None => self.body.take().map(|body| Leftover { body, was_polled: self.was_polled }),
        }
    }
}

impl<B: HttpBody + Unpin> HttpBody for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.was_polled = true;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(cx);
        self.is_done = matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.is_done || self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl<B: HttpBody + Unpin> Drop for RequestBody<B> {
    fn drop(&mut self) {
        if !self.is_end_stream()
            && let (Some(cell), Some(body)) = (&self.owner, self.body.take())
        {
            let leftover = Leftover { body, was_polled: self.was_polled };
            *cell.lock().unwrap_or_else(PoisonError::into_inner) = Some(leftover);
        }
    }
}
