//! The memory budget of pages: computed for the models that are served, and again whenever these change.

use std::io;

use crate::http::app::AppState;
use crate::http::length::length;
use crate::http::routes::models::details;
use crate::serve::registry::Snapshot;

use super::openapi;
use super::rendered::with_gzip;

/// Metrics pages budgeted at once: one being rendered, one being sent.
const METRICS: usize = 2;

/// Enlarges the budget to the pages of the models that are served, now and whenever they change; once for a state. It
/// writes each page to learn its length: some 4 million instructions for the demo model.
pub(in crate::http) fn follow(app: &AppState) {
    app.pages_followed.call_once(|| {
        make(app, &app.server.registry.list());
        let weak = app.downgrade();
        app.server.registry.on_change(Box::new(move |models| {
            if let Some(app) = weak.upgrade() {
                make(&app, models);
            }
        }));
    });
}

fn make(app: &AppState, models: &[Snapshot]) {
    let metrics = METRICS * app.server.metrics.max_bytes();
    // If the length is unknown, writing fails too, and the route reports it.
    let (document, widest) = (document(app, models).unwrap_or(0), widest(models).unwrap_or(0));
    // A page longer than the request budget needs the excess here.
    let beyond = widest.saturating_sub(app.server.limits.body_budget);
    app.server.pages.add_for_pages(with_gzip(document) + beyond + metrics);
    app.server.admin_memory.add_for_pages(metrics);
}

fn document(app: &AppState, models: &[Snapshot]) -> io::Result<usize> {
    length(|out| openapi::write(app, models, out))
}

/// The length of the longest page that is rendered for each request.
fn widest(models: &[Snapshot]) -> io::Result<usize> {
    let mut widest = 0;
    for served in models {
        widest = widest.max(length(|out| Ok(serde_json::to_writer(out, &details(served))?))?);
    }
    Ok(widest)
}
