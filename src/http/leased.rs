//! Answers whose memory is leased before they are made, and held until their last byte is with the kernel.
//!
//! What the process holds for a request is counted: without it, thousands of clients that ask and do not read would
//! take any amount.

use std::convert::Infallible;
use std::io::{self, Write};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::Serialize;

use crate::serve::admission::{MemoryBudget, MemoryLease};
use crate::serve::error::Overloaded;
use crate::serve::listener::RequestContext;

use super::length::length;
use super::problem::Problem;

/// Answers of at most this many bytes need no lease: they fit the buffers that a connection has reserved.
pub(super) const UNLEASED: usize = 4 << 10;

/// The request's lease, which the listener keeps until the last byte of the answer is with the kernel.
#[derive(Debug)]
pub(super) struct RequestLease(pub(super) MemoryLease);

impl<S: Sync> FromRequestParts<S> for RequestLease {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(RequestContext::of(&parts.extensions).memory.clone()))
    }
}

/// Leases an answer of `bytes`, unless it is short.
///
/// # Errors
/// [`Overloaded`]: they were not free within the admission wait.
pub(super) async fn lease(memory: &MemoryLease, bytes: usize) -> Result<(), Overloaded> {
    if bytes <= UNLEASED { Ok(()) } else { memory.grow_within_budget(bytes).await }
}

/// A 200 with this body as JSON and a line end.
///
/// # Errors
/// 503: there was no memory for it within the admission wait. 500: it cannot be written.
pub(super) async fn json(memory: &MemoryLease, body: &(impl Serialize + Sync)) -> Result<Response, Problem> {
    let bytes = written(memory, |out| {
        serde_json::to_writer(&mut *out, body)?;
        out.write_all(b"\n")
    })
    .await?;
    Ok(([(CONTENT_TYPE, "application/json")], bytes).into_response())
}

/// The budgets for pages that many requests share: their own first, then that of requests.
#[derive(Debug, Clone)]
pub(super) struct PageMemory {
    /// Their own budget.
    pub(super) own: MemoryBudget,
    /// The budget of requests.
    pub(super) of_requests: MemoryBudget,
}

impl PageMemory {
    /// A lease of `bytes`.
    ///
    /// # Errors
    /// [`Overloaded`]: they were not free within the admission wait.
    pub(super) async fn reserve(&self, bytes: usize) -> Result<MemoryLease, Overloaded> {
        match self.own.reserve(bytes).await {
            Ok(lease) => Ok(lease),
            Err(Overloaded) => self.of_requests.reserve(bytes).await,
        }
    }

    /// How long a page waits for memory.
    pub(super) fn wait(&self) -> Duration {
        self.of_requests.wait()
    }
}

/// The bytes that `write` writes, leased. It is called twice: the first time only to count.
///
/// # Errors
/// As [`json`].
pub(super) async fn written(
    memory: &MemoryLease,
    write: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> Result<Vec<u8>, Problem> {
    let unwritable = |error| Problem::internal(format!("an answer cannot be written: {error}"));
    let length = length(&write).map_err(unwritable)?;
    lease(memory, length).await?;
    let mut bytes = Vec::with_capacity(length);
    write(&mut bytes).map_err(unwritable)?;
    Ok(bytes)
}

/// Bytes that several requests may share. Their lease is given back when the last of them is done.
pub(super) fn shared(bytes: Vec<u8>, lease: MemoryLease) -> Bytes {
    Bytes::from_owner(Shared { bytes, _lease: lease })
}

struct Shared {
    bytes: Vec<u8>,
    _lease: MemoryLease,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
