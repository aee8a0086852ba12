//! The innermost layer: what a request is refused for by its head alone.
//!
//! The cheapest checks come first; the token is checked before anything that depends on the models.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, ORIGIN, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri, Version};

use crate::config::Limits;
use crate::http::app::App;
use crate::http::media::announces_stream;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::repository_routes::changes_what_is_served;
use crate::serve::listener::{HeadFault, RequestContext, Role};

use super::cross_site::{self, SEC_FETCH_SITE};

/// Checks a request's head. `route` is none where there is no such route.
pub(in crate::http) fn check(app: &App, route: Option<&str>, head: &Parts) -> Result<(), Problem> {
    let (limits, headers) = (&app.server.limits, &head.headers);
    let fields = Fields::of(headers);
    check_framing(head, &fields)?;
    check_target(&head.uri, limits)?;
    check_size(headers, &fields, limits)?;
    check_host(head.version, &fields)?;
    app.options.allowed_hosts.check(head)?;
    check_authorization(&fields)?;
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
        cross_site::check(route, head, fields.tells_its_page, may_change)?;
    }
    check_length(headers, &fields, limits)
}

/// What the checks look for, found in one pass: seven look-ups of names took 1,100 instructions, this takes 375.
#[derive(Debug, Default)]
struct Fields<'a> {
    /// As on the wire: a name, a colon and a space, a value, a line's end.
    bytes: usize,
    codings: Few<'a>,
    hosts: Few<'a>,
    authorizations: Few<'a>,
    length: Option<&'a HeaderValue>,
    /// A browser says which page sends this.
    tells_its_page: bool,
}

/// The fields of one name.
#[derive(Debug, Default)]
struct Few<'a> {
    first: Option<&'a HeaderValue>,
    has_more: bool,
}

impl<'a> Few<'a> {
    fn add(&mut self, value: &'a HeaderValue) {
        self.has_more = self.first.is_some();
        self.first.get_or_insert(value);
    }
}

impl<'a> Fields<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            fields.bytes += name.as_str().len() + value.len() + 4;
            if *name == HOST {
                fields.hosts.add(value);
            } else if *name == CONTENT_LENGTH {
                fields.length.get_or_insert(value);
            } else if *name == AUTHORIZATION {
                fields.authorizations.add(value);
            } else if *name == TRANSFER_ENCODING {
                fields.codings.add(value);
            } else if *name == ORIGIN || *name == SEC_FETCH_SITE {
                fields.tells_its_page = true;
            }
        }
        fields
    }
}

/// 400, 501: where the request ends could be read in two ways.
fn check_framing(head: &Parts, fields: &Fields<'_>) -> Result<(), Problem> {
    let fault = RequestContext::of(&head.extensions).head_fault;
    if fault == Some(HeadFault::BareNewline) {
        let detail = "A line of the request's head ends with a bare LF; end each with CR LF";
        return Err(Problem::new(ProblemKind::BadRequest, detail));
    }
    // The listener does not see a field that comes in pieces.
    let is_ours = fields.codings.first.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"chunked"));
    if fault == Some(HeadFault::TransferCoding) || !is_ours || fields.codings.has_more {
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
fn check_size(headers: &HeaderMap, fields: &Fields<'_>, limits: &Limits) -> Result<(), Problem> {
    let detail = if headers.len() > limits.max_header_fields {
        format!("The request has more than {} header fields", limits.max_header_fields)
    } else if fields.bytes > limits.max_header_bytes {
        format!("The request's header fields are longer than {} bytes", limits.max_header_bytes)
    } else {
        return Ok(());
    };
    Err(Problem::new(ProblemKind::HeaderTooLarge, detail))
}

/// 400: HTTP/1.1 without Host, two of them, or one that names no host (RFC 9112 §3.2). hyper lets all pass. The
/// connection ends: who is asked, and so what follows, could be read in two ways.
fn check_host(version: Version, fields: &Fields<'_>) -> Result<(), Problem> {
    let detail = match (fields.hosts.first, fields.hosts.has_more) {
        (None, _) if version == Version::HTTP_11 => "An HTTP/1.1 request must have a Host header field",
        (_, true) => "A request must not have two Host header fields",
        (Some(host), false) if !is_host(host) => "The Host header field names no host",
        _ => return Ok(()),
    };
    Err(Problem::new(ProblemKind::BadRequest, detail).ending_connection())
}

/// 400: two Authorization header fields. A proxy in front may have judged the other one.
fn check_authorization(fields: &Fields<'_>) -> Result<(), Problem> {
    if !fields.authorizations.has_more {
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
fn check_length(headers: &HeaderMap, fields: &Fields<'_>, limits: &Limits) -> Result<(), Problem> {
    let declared = fields.length.and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    let fits = declared.is_none_or(|n| usize::try_from(n).is_ok_and(|n| n <= limits.max_body_bytes));
    if fits || announces_stream(headers) {
        return Ok(());
    }
    Err(Problem::body_too_large(limits.max_body_bytes))
}
