//! What a document is about.

use crate::config::{ExtraFeatures, Limits, Vertex};
use crate::serve::registry::Snapshot;

/// The models and options that a document describes.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Subject<'a> {
    /// The models, in the order they were given. Without any, routes are described with `{name}` and without schemas.
    pub models: &'a [Snapshot],
    /// The server asks for tokens. The document needs none, so it holds no statistics then.
    pub asks_tokens: bool,
    /// What happens to unknown features.
    pub extra: ExtraFeatures,
    /// Most rows in a request.
    pub max_rows: usize,
    /// `/metrics` is on the admin listener only.
    pub private_metrics: bool,
    /// There are no probes and no metrics, and nothing is loaded or unloaded.
    pub on_lambda: bool,
    /// There is no page at `/`.
    pub no_ui: bool,
    /// The routes that Vertex AI asks.
    pub vertex: Vertex,
}

impl<'a> Subject<'a> {
    /// These models, served with the default options.
    pub fn by_default(models: &'a [Snapshot]) -> Self {
        Self {
            models,
            asks_tokens: false,
            extra: ExtraFeatures::Reject,
            max_rows: Limits::default().max_rows,
            private_metrics: false,
            on_lambda: false,
            no_ui: false,
            vertex: Vertex::default(),
        }
    }

    /// The model that `/predict` asks.
    pub(super) fn default_model(&self) -> Option<&'a Snapshot> {
        self.models.iter().find(|served| served.is_default)
    }

    /// True when ranges, medians and most frequent categories may be shown.
    pub(super) fn shows_statistics(&self) -> bool {
        !self.asks_tokens
    }
}
