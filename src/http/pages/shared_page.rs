//! A page that is rendered for one at a time, and shared by all who ask while it is.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::http::problem::Problem;
use crate::serve::error::Overloaded;

/// One page, such as `/metrics`. It is kept only for those who wait for it.
#[derive(Debug, Default)]
pub(in crate::http) struct SharedPage {
    /// The page that was rendered last, while somebody may still want it. Held while one is rendered.
    last: Mutex<Option<Bytes>>,
    /// How many have been rendered.
    rendered: AtomicU64,
    /// How many are asking.
    asking: AtomicUsize,
}

impl SharedPage {
    /// The page as `render` makes it, or as another's did that ended after this call began.
    ///
    /// # Errors
    /// 503: others' renderings took longer than `wait`. What `render` says.
    pub(in crate::http) async fn get(
        &self,
        wait: Duration,
        render: impl Future<Output = Result<Bytes, Problem>> + Send,
    ) -> Result<Bytes, Problem> {
        let rendered_before = self.rendered.load(Relaxed);
        let _asking = Asking::new(self);
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

/// Somebody who is asking; the last one forgets the page.
struct Asking<'a>(&'a SharedPage);

impl<'a> Asking<'a> {
    fn new(page: &'a SharedPage) -> Self {
        page.asking.fetch_add(1, Relaxed);
        Self(page)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if self.0.asking.fetch_sub(1, Relaxed) == 1
            && let Ok(mut last) = self.0.last.try_lock()
        {
            *last = None;
        }
    }
}
