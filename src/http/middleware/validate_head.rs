//! The innermost layer: what a request is refused for by its head alone.
//!
//! The cheapest checks come first; the token is checked before anything that depends on the models.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri, Version};

use crate::config::Limits;
use crate::http::app::App;
use crate::http::media::announces_stream;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::repository_routes::changes_what_is_served;
use crate::serve::listener::{HeadFault, RequestContext, Role};

use super::cross_site;

/// Checks a request's head. `route` is none where there is no such route.
pub(in crate::http) fn check(app: &App, route: Option<&str>, head: &Parts) -> Result<(), Problem> {
    let (limits, headers) = (&app.server.limits, &head.headers);
    check_framing(head)?;
    check_target(&head.uri, limits)?;
    check_head(headers, limits)?;
    check_host(head.version, headers)?;
    app.options.allowed_hosts.check(head)?;
    check_authorization(headers)?;
    if head.method == Method::CONNECT {
        return Err(Problem::method_not_allowed("GET, HEAD, POST, OPTIONS"));
    }
    if let Some(route) = route {
        if let Some(tokens) = &app.options.tokens
            && !RequestContext::of(&head.extensions).is_trusted
            && app.options.vertex.health.as_deref() != Some(route)
            // Of the admin listener's routes only those change anything.
            && (app.role == Role::Main || changes_what_is_served(route))
        {
            tokens.check(route, headers)?;
        }
        // As the list of routes has it.
        let may_change = app.role == Role::Admin || app.options.tokens.is_some();
        cross_site::check(route, head, may_change)?;
    }
    check_length(headers, limits)
}

/// 400, 501: where the request ends could be read in two ways.
fn check_framing(head: &Parts) -> Result<(), Problem> {
    let fault = RequestContext::of(&head.extensions).head_fault;
    if fault == Some(HeadFault::BareNewline) {
        let detail = "A line of the request's head ends with a bare LF; end each with CR LF";
        return Err(Problem::new(ProblemKind::BadRequest, detail));
    }
    // The listener does not see a field that comes in pieces.
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    let is_ours = codings.next().is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"chunked"));
    if fault == Some(HeadFault::TransferCoding) || !is_ours || codings.next().is_some() {
        let detail = "The only transfer coding is chunked, once; to send a body compressed, use Content-Encoding";
        return Err(Problem::new(ProblemKind::TransferCoding, detail));
    }
    Ok(())
}

/// 414: the target is too long.
fn check_target(uri: &Uri, limits: &Limits) -> Result<(), Problem> {
    let authority = uri.authority().map_or(0, |a| a.as_str().len());
    let rest = uri.path_and_query().map_or(0, |p| p.as_str().len());
    if authority + rest <= limits.max_uri_bytes {
        return Ok(());
    }
    let detail = format!("The request target is longer than {} bytes", limits.max_uri_bytes);
    Err(Problem::new(ProblemKind::UriTooLong, detail))
}

/// 431: too many fields, or too many bytes in them. (hyper's own limits are far above, and soft.)
fn check_head(headers: &HeaderMap, limits: &Limits) -> Result<(), Problem> {
    // As on the wire: a name, a colon and a space, a value, a line's end.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let detail = if headers.len() > limits.max_header_fields {
        format!("The request has more than {} header fields", limits.max_header_fields)
    } else if bytes > limits.max_header_bytes {
        format!("The request's header fields are longer than {} bytes", limits.max_header_bytes)
    } else {
        return Ok(());
    };
    Err(Problem::new(ProblemKind::HeaderTooLarge, detail))
}

/// 400: HTTP/1.1 without Host, two of them, or one that names no host (RFC 9112 §3.2). hyper lets all pass. The
/// connection ends: who is asked, and so what follows, could be read in two ways.
fn check_host(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    let mut hosts = headers.get_all(HOST).iter();
    let detail = match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::HTTP_11 => "An HTTP/1.1 request must have a Host header field",
        (_, Some(_)) => "A request must not have two Host header fields",
        (Some(host), None) if !is_host(host) => "The Host header field names no host",
        _ => return Ok(()),
    };
    Err(Problem::new(ProblemKind::BadRequest, detail).ending_connection())
}

/// 400: two Authorization header fields. A proxy in front may have judged the other one.
fn check_authorization(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get_all(AUTHORIZATION).iter().nth(1).is_none() {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::BadRequest, "A request must not have two Authorization header fields"))
}

/// True for the characters of a host and a port; an empty value is allowed where the target has no authority.
fn is_host(host: &HeaderValue) -> bool {
    host.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(b))
}

/// 413: the declared body is too long. Streams may have any length, because they are not kept; a route that does not
/// stream checks the length again.
fn check_length(headers: &HeaderMap, limits: &Limits) -> Result<(), Problem> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    let fits = declared.is_none_or(|n| usize::try_from(n).is_ok_and(|n| n <= limits.max_body_bytes));
    if fits || announces_stream(headers) {
        return Ok(());
    }
    Err(Problem::body_too_large(limits.max_body_bytes))
}
