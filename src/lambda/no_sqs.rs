//! What sends replies in builds without the feature `aws`: nothing, because the start refuses a queue for them.

use futures_util::future::BoxFuture;

use crate::config::ReplyQueue;

use super::reply::{Refusal, Reply};

/// There is none.
#[derive(Debug)]
pub(super) enum Client {}

impl Client {
    pub(super) fn of(_: &ReplyQueue) -> Option<Self> {
        None
    }

    pub(super) fn send<'a>(&'a self, _: &'a [Reply<'_>]) -> BoxFuture<'a, Vec<Option<Refusal>>> {
        match *self {}
    }
}
