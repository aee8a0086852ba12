//! `GET /docs`: a page that shows `/openapi.json` to people and lets them try it.
//!
//! It holds nothing of the models: its script asks this server for the document, and its policy lets nothing else run.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use sha2::{Digest as _, Sha256};

use crate::text::base64::base64;

static PAGE: LazyLock<Page> = LazyLock::new(|| Page::new(include_str!("docs.html"), STYLE, include_str!("docs.js")));

/// What all pages share, then what this one adds.
const STYLE: &str = concat!(include_str!("shared.css"), include_str!("docs.css"));

/// `GET /docs`.
pub(in crate::http) async fn show() -> impl IntoResponse {
    &*PAGE
}

/// A page that is the same for all models: it asks this server for its data, and no other server for anything.
#[derive(Debug)]
struct Page {
    html: String,
    policy: HeaderValue,
}

impl Page {
    /// Puts `style` and `script` in place of `/* style */` and `/* script */` in `html`. The policy names both by their
    /// hashes, so that no text from a model runs as a script.
    fn new(html: &str, style: &str, script: &str) -> Self {
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            base64(&Sha256::digest(style)),
            base64(&Sha256::digest(script)),
        );
        Self {
            html: html.replace("/* style */", style).replace("/* script */", script),
            policy: HeaderValue::try_from(policy).expect("base 64 and the words around it are visible ASCII"),
        }
    }
}

impl IntoResponse for &'static Page {
    fn into_response(self) -> Response {
        let fixed = HeaderValue::from_static;
        let headers = [
            (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
            (CONTENT_SECURITY_POLICY, self.policy.clone()),
            (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
            (REFERRER_POLICY, fixed("no-referrer")),
        ];
        (headers, self.html.as_str()).into_response()
    }
}
