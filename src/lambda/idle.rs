//! Whether an invocation is being answered, its answer's way to Lambda included: a drain waits for that.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lambda_runtime::LambdaInvocation;
use pin_project_lite::pin_project;
use tokio::sync::watch;
use tower::{Layer, Service};

/// Notes in a channel whether there is no invocation.
#[derive(Debug, Clone)]
pub(super) struct NoteIdle(watch::Sender<bool>);

impl NoteIdle {
    /// The layer, and the channel: true while there is none.
    pub(super) fn new() -> (Self, watch::Receiver<bool>) {
        let (sender, receiver) = watch::channel(true);
        (Self(sender), receiver)
    }
}

impl<S> Layer<S> for NoteIdle {
    type Service = Noting<S>;

    fn layer(&self, inner: S) -> Noting<S> {
        Noting { inner, idle: self.0.clone() }
    }
}

/// The service around which it is noted.
#[derive(Debug)]
pub(super) struct Noting<S> {
    inner: S,
    idle: watch::Sender<bool>,
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for Noting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = NotingFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        self.idle.send_replace(false);
        NotingFuture { future: self.inner.call(invocation), idle: self.idle.clone() }
    }
}

pin_project! {
    /// An invocation being answered.
    #[derive(Debug)]
    pub(super) struct NotingFuture<F> {
        #[pin]
        future: F,
        idle: watch::Sender<bool>,
    }
}

impl<F: Future> Future for NotingFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(this.future.poll(cx));
        this.idle.send_replace(true);
        Poll::Ready(output)
    }
}
