//! Cross-site requests, which a browser sends for a page of another server: they change nothing and predict nothing.
//!
//! A page may send form, text and multipart bodies, or none, to any server without asking it first (the Fetch
//! standard's "simple" requests); for any other type the browser asks with OPTIONS, which is never granted here.

use http::header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method};

use crate::http::problem::{Problem, ProblemKind};
use crate::http::repository_routes::changes_what_is_served;

/// Set by browsers: `same-origin` for a page of this server, `none` for a user action such as a bookmark.
pub(super) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Checks a request for a route; `tells_its_page` that it has one of the fields of browsers, `may_change` that requests
/// may change what is served here.
///
/// # Errors
/// 403: it is cross-site, to change what is served or with a type that needs no permission. 415: it would
/// change what is served, with a type that a form has; not told where its handler refuses it whatever its type is.
pub(super) fn check(route: &str, head: &Parts, tells_its_page: bool, may_change: bool) -> Result<(), Problem> {
    if head.method != Method::POST {
        return Ok(());
    }
    let headers = &head.headers;
    let changes = changes_what_is_served(route);
    if tells_its_page && is_cross_site(head) && (changes || needs_no_permission(headers)) {
        let detail = if changes {
            "Cross-site requests may not change what is served"
        } else {
            "Cross-site requests may not have this type: send Content-Type: application/json"
        };
        return Err(Problem::new(ProblemKind::Forbidden, detail));
    }
    if changes && may_change && kinds(headers).any(|kind| is_of_a_form(&kind)) {
        return Err(Problem::unsupported_media("Send Content-Type: application/json, or none"));
    }
    Ok(())
}

/// True when a browser says that a page of another server sends this.
fn is_cross_site(head: &Parts) -> bool {
    let headers = &head.headers;
    // Older browsers have no such field, but all send Origin with POST.
    if headers.contains_key(SEC_FETCH_SITE) {
        return headers.get_all(SEC_FETCH_SITE).iter().any(|site| site != "same-origin" && site != "none");
    }
    let mut origins = headers.get_all(ORIGIN).iter().peekable();
    if origins.peek().is_none() {
        return false;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let own = head.uri.authority().map(http::uri::Authority::as_str).or(host);
    origins.any(|origin| !origin.to_str().is_ok_and(|origin| own.is_some_and(|own| is_of(origin, own))))
}

/// True when an origin is a page of the host `own`: its port is the scheme's where it has none.
fn is_of(origin: &str, own: &str) -> bool {
    let (default, rest) = match origin.split_once("://") {
        Some(("http", rest)) => (":80", rest),
        Some(("https", rest)) => (":443", rest),
        _ => return false,
    };
    let plain = |host: &str| host.strip_suffix(default).unwrap_or(host).to_ascii_lowercase();
    plain(rest) == plain(own)
}

/// True for the types that a page may send without asking first, and for none.
fn needs_no_permission(headers: &HeaderMap) -> bool {
    kinds(headers).next().is_none()
        || kinds(headers).any(|kind| kind.is_empty() || is_of_a_form(&kind) && kind != "text/csv")
}

/// True for the types that forms have, and others of text.
fn is_of_a_form(kind: &str) -> bool {
    kind == "application/x-www-form-urlencoded" || kind.starts_with("text/") || kind.starts_with("multipart/")
}

/// What `Content-Type` says, in lower case and without parameters; empty where it is no text.
fn kinds(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let texts = headers.get_all(CONTENT_TYPE).iter().map(|value| value.to_str().unwrap_or_default());
    texts.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}
