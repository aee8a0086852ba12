//! The OpenAPI document's bytes, rendered once for the models that are served.

use std::io::{self, Write};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::http::leased::{PageMemory, shared};
use crate::http::length::length;
use crate::http::problem::Problem;
use crate::serve::error::Overloaded;
use crate::serve::registry::{ServedModel, Snapshot};

/// Bytes of a document of `plain` bytes with its gzipped form, while they are made too. JSON gets a fifth of its
/// length.
pub(super) fn with_gzip(plain: usize) -> usize {
    plain + plain / 2
}

/// The document that was rendered last.
#[derive(Debug, Default)]
pub(in crate::http) struct Cache {
    last: Arc<ArcSwapOption<Rendered>>,
    /// Held while a document is rendered.
    rendering: Arc<Mutex<()>>,
}

impl Cache {
    /// The document of these models: the one that was rendered last, or else what `write` writes, rendered on a
    /// blocking thread. Concurrent requests wait for that one rendering, which continues if its request is cancelled.
    ///
    /// # Errors
    /// 503: another rendering, or memory for this one, took longer than the admission wait.
    pub(super) async fn get(
        &self,
        models: Vec<Snapshot>,
        memory: &PageMemory,
        write: impl Fn(&[Snapshot], &mut dyn Write) -> io::Result<()> + Send + 'static,
    ) -> Result<Arc<Rendered>, Problem> {
        let known = || self.last.load_full().filter(|rendered| rendered.is_about(&models));
        if let Some(rendered) = known() {
            return Ok(rendered);
        }
        let rendering = timeout(memory.wait(), Arc::clone(&self.rendering).lock_owned()).await;
        let rendering = rendering.map_err(|_| Overloaded)?;
        if let Some(rendered) = known() {
            return Ok(rendered);
        }
        let (last, memory, handle) = (Arc::clone(&self.last), memory.clone(), Handle::current());
        let render = move || {
            let _rendering = rendering;
            // Frees the old document, unless an answer still holds it.
            last.store(None);
            let rendered = Arc::new(Rendered::new(&models, &memory, &handle, write)?);
            last.store(Some(Arc::clone(&rendered)));
            Ok(rendered)
        };
        tokio::task::spawn_blocking(render).await.map_err(|error| Problem::internal(error.to_string()))?
    }
}

/// A document's bytes and their tag.
#[derive(Debug)]
pub(in crate::http) struct Rendered {
    /// The models that the document describes, without keeping them in memory.
    models: Vec<Weak<ServedModel>>,
    /// The document as JSON.
    pub(super) plain: Bytes,
    /// The same, gzipped once for all; none when it does not get short enough.
    pub(super) gzipped: Option<Bytes>,
    /// A weak tag: the same for both forms.
    pub(super) etag: HeaderValue,
}

impl Rendered {
    /// Renders the document of these models, with a lease that ends with the last answer that holds it. Blocks.
    fn new(
        models: &[Snapshot],
        memory: &PageMemory,
        handle: &Handle,
        write: impl Fn(&[Snapshot], &mut dyn Write) -> io::Result<()>,
    ) -> Result<Self, Problem> {
        let unwritable = |error: io::Error| Problem::internal(format!("the document cannot be written: {error}"));
        let length = length(|out| write(models, out)).map_err(unwritable)?;
        let lease = handle.block_on(memory.reserve(with_gzip(length)))?;
        let mut plain = Vec::with_capacity(length);
        write(models, &mut plain).map_err(unwritable)?;
        let gzipped = gzip(&plain, with_gzip(length) - length);
        handle.block_on(lease.resize_to(plain.capacity() + gzipped.as_ref().map_or(0, Vec::capacity)))?;
        let etag = tag(&plain);
        Ok(Self {
            models: models.iter().map(Arc::downgrade).collect(),
            plain: shared(plain, lease.clone()),
            gzipped: gzipped.map(|gzipped| shared(gzipped, lease)),
            etag,
        })
    }

    fn is_about(&self, models: &[Snapshot]) -> bool {
        self.models.len() == models.len()
            && self.models.iter().zip(models).all(|(a, b)| Weak::as_ptr(a) == Arc::as_ptr(b))
    }
}

/// A weak tag of these bytes: the same for their plain and their gzipped form.
pub(super) fn tag(bytes: &[u8]) -> HeaderValue {
    HeaderValue::try_from(format!("W/\"{}\"", hash(bytes))).expect("hex digits in quotes are visible ASCII")
}

/// The first 16 hex digits of these bytes' SHA-256.
pub(super) fn hash(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes).iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    format!("{hash:016x}")
}

/// The bytes gzipped, if that takes at most `most` bytes.
fn gzip(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Bounded(Vec::with_capacity(most)), Compression::fast());
    encoder.write_all(bytes).ok()?;
    let Bounded(mut gzipped) = encoder.finish().ok()?;
    gzipped.shrink_to_fit();
    Some(gzipped)
}

/// Takes no more bytes than its capacity.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(self.0.capacity() - self.0.len());
        self.0.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
