//! `GET /docs`: a page that shows `/openapi.json` to people and lets them try it.
//!
//! Stands apart because the page is the same for all models: it holds nothing of them, asks this server for the
//! document and nobody for anything else. Its policy names its own script and style by their hashes, so that nothing
//! that a model's names or descriptions could bring in would run.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("docs.css");
const SCRIPT: &str = include_str!("docs.js");

static PAGE: LazyLock<String> =
    LazyLock::new(|| include_str!("docs.html").replace("/* style */", STYLE).replace("/* script */", SCRIPT));

static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        base64(&Sha256::digest(STYLE)),
        base64(&Sha256::digest(SCRIPT)),
    )
});

/// `GET /docs`.
pub(in crate::http) async fn show() -> Response {
    let fixed = HeaderValue::from_static;
    let headers = [
        (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_str(&POLICY).unwrap_or(fixed("default-src 'none'"))),
        (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (REFERRER_POLICY, fixed("no-referrer")),
        (CACHE_CONTROL, fixed("no-cache")),
    ];
    (headers, PAGE.as_str()).into_response()
}

/// RFC 4648's base 64, with padding: how a policy writes a hash.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, i| bits << 8 | usize::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let digit = char::from(ALPHABET[bits >> (18 - 6 * i) & 63]);
            text.push(if i > chunk.len() { '=' } else { digit });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn the_vectors_of_rfc_4648() {
        let vectors = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (text, expected) in vectors {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
