//! `GET /`: a small page with the models, their links and a curl line that works.
//!
//! All text of a model is escaped, and the page loads and runs nothing. It needs no token: where the server asks for
//! tokens, it shows no statistics.

use std::io::{self, Write};
use std::net::Ipv6Addr;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, VARY, X_CONTENT_TYPE_OPTIONS};

use crate::serve::registry::{ServedModel, Snapshot};

use crate::http::app::{App, AppState};
use crate::http::leased::{self, RequestLease};
use crate::http::media::accept_items;
use crate::http::openapi::Rows;
use crate::http::problem::Problem;
use crate::http::routes::health;

const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /`; `KServe`'s SDK, which asks for JSON, reads whether the server is alive.
pub(in crate::http) async fn show(
    State(app): State<AppState>,
    RequestLease(memory): RequestLease,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if prefers_json(&headers) {
        return health::live(State(app)).await;
    }
    let models = app.server.registry.list();
    let host = host(&headers);
    let page = leased::written(&memory, |out| write(&app, &models, host, out)).await?;
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

/// Bytes of a host and port that the page repeats at most.
pub(super) const MAX_HOST: usize = 100;

/// The host and port that the client has asked; the usual ones where they are not plain.
fn host(headers: &HeaderMap) -> &str {
    let given = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| host.len() <= MAX_HOST);
    given.filter(|host| is_plain_host(host)).unwrap_or("localhost:8000")
}

/// True for a name or an address, with a port or none.
fn is_plain_host(host: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    let address = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (is_named, port) = if let Some((address, port)) = address {
        (address.parse::<Ipv6Addr>().is_ok(), port)
    } else {
        let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
        (!name.is_empty() && name.bytes().all(is_plain), port)
    };
    is_named && (port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()))
}

/// Writes the page about these models, for a client that asked `host`.
pub(super) fn write(app: &App, models: &[Snapshot], host: &str, out: &mut dyn Write) -> io::Result<()> {
    let shows_statistics = app.options.tokens.is_none();
    out.write_all(
        b"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>smartserve</title>\
          <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
          </head><body>\n<h1>smartserve</h1>\n",
    )?;
    for served in models {
        write_model(served, shows_statistics, host, out)?;
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

fn write_model(served: &ServedModel, shows_statistics: bool, host: &str, out: &mut dyn Write) -> io::Result<()> {
    let header = served.model.header();
    let (name, target) = (escape(&served.name), escape(&header.target.name));
    let about = escape(header.description.as_deref().unwrap_or_default());
    let row = Rows::new(&served.model, shows_statistics).record();
    // A single quote would end the shell's string: it is written outside of it, as `\'`.
    let body = escape(&row.replace('\'', r"'\''"));
    write!(
        out,
        "<h2><a href=\"/models/{name}\">{name}</a></h2>\n<p>{about}</p>\n\
         <p>Predicts {target} ({}, {}). Version {}.</p>\n\
         <pre>curl -d '{body}' http://{host}/models/{name}/predict</pre>\n",
        header.task.as_str(),
        header.algorithm.as_str(),
        served.model.version(),
    )
}

/// Text as HTML shows it, in an attribute too.
fn escape(text: &str) -> String {
    let marks = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")];
    marks.into_iter().fold(text.to_owned(), |text, (mark, entity)| text.replace(mark, entity))
}
