//! The OpenAPI document of the models that are served, as this server serves them.

use std::io::{self, Write};

use crate::http::app::App;
use crate::http::openapi::{Document, Subject};
use crate::serve::registry::Snapshot;

/// Writes the document of these models, as this server serves them.
pub(super) fn write(app: &App, models: &[Snapshot], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Document::new(&subject(app, models)))?;
    out.write_all(b"\n")
}

/// These models, as this server serves them.
fn subject<'a>(app: &App, models: &'a [Snapshot]) -> Subject<'a> {
    Subject {
        models,
        asks_tokens: app.options.tokens.is_some(),
        extra: app.server.extra_features,
        max_rows: app.server.limits.max_rows,
        private_metrics: app.options.private_metrics,
        on_lambda: app.options.on_lambda,
        no_ui: app.options.no_ui,
        vertex: app.options.vertex.clone(),
    }
}
