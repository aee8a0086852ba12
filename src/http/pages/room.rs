//! Room in the memory budget for the pages of the models that are served, made anew whenever these change.

use std::io;

use crate::http::app::AppState;
use crate::http::leased::length;
use crate::http::routes::models::details;
use crate::serve::registry::Snapshot;

use super::rendered::with_gzip;
use super::{index, openapi};

/// How many renderings of the metrics are in memory at a time beside each other without taking from requests: one that
/// is made and one that is sent.
const METRICS: usize = 2;

/// Makes room for the pages of the models that are served, now and whenever they change.
pub(in crate::http) fn follow(app: &AppState) {
    make(app, &app.serving.registry.list());
    let weak = app.downgrade();
    app.serving.registry.on_replace(Box::new(move |models| {
        if let Some(app) = weak.upgrade() {
            make(&app, models);
        }
    }));
}

fn make(app: &AppState, models: &[Snapshot]) {
    let metrics = METRICS * app.serving.metrics.max_bytes();
    // What cannot be counted cannot be written either: its route says so.
    let (document, widest) = (document(app, models).unwrap_or(0), widest(app, models).unwrap_or(0));
    // A page that is longer than all that requests may hold takes all of it, and the rest here.
    let beyond = widest.saturating_sub(app.serving.limits.body_budget);
    app.serving.pages.make_room_for_pages(with_gzip(document) + beyond + metrics);
    app.serving.admin_memory.make_room_for_pages(metrics);
}

fn document(app: &AppState, models: &[Snapshot]) -> io::Result<usize> {
    length(|out| openapi::write(app, models, out))
}

/// The longest page that is made for each who asks.
fn widest(app: &AppState, models: &[Snapshot]) -> io::Result<usize> {
    let mut widest = length(|out| index::write(app, models, out))?;
    for served in models {
        widest = widest.max(length(|out| Ok(serde_json::to_writer(out, &details(served))?))?);
    }
    Ok(widest)
}
