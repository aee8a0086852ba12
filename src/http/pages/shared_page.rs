//! A page that is rendered for one request at a time; requests that wait meanwhile share that rendering.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::http::problem::Problem;
use crate::serve::error::Overloaded;

/// One page, such as `/metrics`. It is kept only while requests wait for it.
#[derive(Debug, Default)]
pub(in crate::http) struct SharedPage {
    /// The last rendering, kept while requests wait for it. Locked during rendering.
    last: Mutex<Option<Bytes>>,
    /// How many have been rendered.
    rendered: AtomicU64,
    /// How many requests are in [`get`](Self::get).
    waiting: AtomicUsize,
}

impl SharedPage {
    /// The page as `render` makes it, or as the `render` of another request did that ended after this call began.
    ///
    /// # Errors
    /// 503: other renderings took longer than `wait`. Those of `render`.
    pub(in crate::http) async fn get(
        &self,
        wait: Duration,
        render: impl Future<Output = Result<Bytes, Problem>> + Send,
    ) -> Result<Bytes, Problem> {
        let rendered_before = self.rendered.load(Relaxed);
        let _waiting = Waiting::new(self);
        let mut last = timeout(wait, self.last.lock()).await.map_err(|_| Overloaded)?;
        if let (Some(page), true) = (&*last, self.rendered.load(Relaxed) != rendered_before) {
            return Ok(page.clone());
        }
        let page = render.await?;
        *last = Some(page.clone());
        self.rendered.fetch_add(1, Relaxed);
        Ok(page)
    }
}

/// A waiting request. Dropping the last one clears the page.
struct Waiting<'a>(&'a SharedPage);

impl<'a> Waiting<'a> {
    fn new(page: &'a SharedPage) -> Self {
        page.waiting.fetch_add(1, Relaxed);
        Self(page)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, Relaxed) == 1
            && let Ok(mut last) = self.0.last.try_lock()
        {
            *last = None;
        }
    }
}
