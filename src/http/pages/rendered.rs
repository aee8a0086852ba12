//! The OpenAPI document's bytes, rendered once for the models that are served.

use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::serve::registry::{ServedModel, Snapshot};

/// The document that was rendered last.
#[derive(Debug, Default)]
pub(in crate::http) struct Cache(ArcSwapOption<Rendered>);

impl Cache {
    /// The document of these models, if it is the one that was rendered last.
    pub(super) fn get(&self, models: &[Snapshot]) -> Option<Arc<Rendered>> {
        self.0.load_full().filter(|rendered| rendered.is_about(models))
    }

    /// Keeps a document in place of the one before.
    pub(super) fn put(&self, rendered: Arc<Rendered>) {
        self.0.store(Some(rendered));
    }
}

/// A document's bytes and their tag.
#[derive(Debug)]
pub(in crate::http) struct Rendered {
    /// The models that the document describes, without keeping them in memory.
    models: Vec<Weak<ServedModel>>,
    /// The document as JSON.
    pub(super) bytes: Bytes,
    /// A weak tag, because the answer may be gzipped.
    pub(super) etag: HeaderValue,
}

impl Rendered {
    /// Renders the document of these models.
    pub(super) fn new(document: &Value, models: &[Snapshot]) -> Self {
        let bytes = document.to_string();
        let hash = Sha256::digest(&bytes).iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        let etag = HeaderValue::try_from(format!("W/\"{hash:016x}\"")).expect("hex digits in quotes are visible ASCII");
        Self { models: models.iter().map(Arc::downgrade).collect(), bytes: bytes.into(), etag }
    }

    fn is_about(&self, models: &[Snapshot]) -> bool {
        self.models.len() == models.len()
            && self.models.iter().zip(models).all(|(a, b)| Weak::as_ptr(a) == Arc::as_ptr(b))
    }
}
