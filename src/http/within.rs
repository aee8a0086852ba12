//! A future that may have a deadline. One without costs a branch.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use pin_project_lite::pin_project;
use tokio::time::Sleep;

pin_project! {
    /// Resolves to what `future` gives, or to none at the deadline.
    pub(super) struct Within<F> {
        #[pin]
        future: F,
        overdue: Option<Pin<Box<Sleep>>>,
    }
}

/// Bounds `future` by `deadline`, if there is one. Not an `async fn`, whose future would hold `future` twice.
pub(super) fn within<F: Future>(future: F, deadline: Option<Instant>) -> Within<F> {
    Within { future, overdue: deadline.map(|at| Box::pin(tokio::time::sleep_until(at.into()))) }
}

impl<F: Future> Future for Within<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Some(output));
        }
        match this.overdue {
            Some(overdue) => overdue.as_mut().poll(cx).map(|()| None),
            None => Poll::Pending,
        }
    }
}
