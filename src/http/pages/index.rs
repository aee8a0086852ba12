//! `GET /`: a small page with the models, their links and a curl line that works.
//!
//! All text of a model is escaped, and the page loads and runs nothing. It needs no token: where the server asks for
//! tokens, it shows no statistics.

use std::io::{self, Write};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS};

use crate::model::schema::{Feature, Kind};
use crate::serve::registry::{ServedModel, Snapshot};

use crate::http::app::{App, AppState};
use crate::http::json::write as json;
use crate::http::leased::{self, Memory};
use crate::http::media::accept_items;
use crate::http::problem::Problem;
use crate::http::routes::health;

const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /`; `KServe`'s SDK, which asks for JSON, reads whether the server is alive.
pub(in crate::http) async fn show(
    State(app): State<AppState>,
    Memory(memory): Memory,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if prefers_json(&headers) {
        return health::live(State(app)).await;
    }
    let models = app.serving.registry.list();
    let page = leased::written(&memory, |out| write(&app, &models, out)).await?;
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (VARY, "accept"),
    ];
    Ok((headers, page).into_response())
}

/// True for a client that wants JSON and not HTML.
fn prefers_json(headers: &HeaderMap) -> bool {
    let mut weights = [0, 0];
    for accepted in accept_items(headers, &ACCEPT) {
        for (weight, kind) in weights.iter_mut().zip(["application/json", "text/html"]) {
            if accepted.name.eq_ignore_ascii_case(kind) {
                *weight = accepted.weight;
            }
        }
    }
    weights[0] > weights[1]
}

/// Writes the page about these models.
pub(super) fn write(app: &App, models: &[Snapshot], out: &mut dyn Write) -> io::Result<()> {
    let shows_statistics = app.options.tokens.is_none();
    out.write_all(
        b"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>smartserve</title>\
          <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
          </head><body>\n<h1>smartserve</h1>\n",
    )?;
    for served in models {
        write_model(served, shows_statistics, out)?;
    }
    if models.is_empty() {
        out.write_all(b"<p>No model is loaded.</p>\n")?;
    }
    out.write_all(
        "<p><a href=\"/docs\">API</a> · <a href=\"/models\">Models</a> · \
         <a href=\"/metrics\">Metrics</a> · <a href=\"/readyz\">Ready?</a></p>\n\
         </body></html>\n"
            .as_bytes(),
    )
}

fn write_model(served: &ServedModel, shows_statistics: bool, out: &mut dyn Write) -> io::Result<()> {
    let header = served.model.header();
    let (name, target) = (escape(&served.name), escape(&header.target.name));
    let about = escape(header.description.as_deref().unwrap_or_default());
    let row = example(&header.features, shows_statistics);
    // A single quote would end the shell's string: it is written outside of it, as `\'`.
    let body = escape(&row.replace('\'', r"'\''"));
    write!(
        out,
        "<h2><a href=\"/models/{name}\">{name}</a></h2>\n<p>{about}</p>\n\
         <p>Predicts {target} ({}, {}). Version {}.</p>\n\
         <pre>curl -d '{body}' http://localhost:8000/models/{name}/predict</pre>\n",
        header.task.as_str(),
        header.algorithm.as_str(),
        served.model.version(),
    )
}

/// A record that the model accepts: medians when statistics may be shown, else zeros.
fn example(features: &[Feature], shows_statistics: bool) -> String {
    let mut record = b"{".to_vec();
    for (i, feature) in features.iter().enumerate() {
        if i > 0 {
            record.push(b',');
        }
        json::string(&mut record, &feature.name);
        record.push(b':');
        let quantiles = &feature.stats().quantiles;
        match (feature.kind, feature.categories.first()) {
            (Kind::Categorical, Some(category)) => json::string(&mut record, category),
            _ if shows_statistics => {
                json::number(&mut record, quantiles.get(quantiles.len() / 2).copied().unwrap_or(0.0));
            }
            _ => record.push(b'0'),
        }
    }
    record.push(b'}');
    String::from_utf8(record).unwrap_or_default()
}

/// Text as HTML shows it, in an attribute too.
fn escape(text: &str) -> String {
    let marks = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")];
    marks.into_iter().fold(text.to_owned(), |text, (mark, entity)| text.replace(mark, entity))
}
