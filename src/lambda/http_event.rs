//! An event of HTTP as a request: method, path without its stage, query, headers, body.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::Full;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::http::whole::WholeRequest;
use crate::text::shorten::shortened;

use super::gateway::{Envelope, Flag, RequestContext, Source};
use super::pairs::Pairs;

/// What may not stand in a path as it is. `%` may: what is escaped already stays so.
const NOT_IN_PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}');

/// What may not stand in a query as it is.
const NOT_IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// What is escaped in a name or value of a query that came decoded (RFC 3986 §2.3).
const NOT_IN_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Fields about a connection, which ended at the service in front, and the length, which is that of the body here.
const OF_CONNECTION: [HeaderName; 7] = [CONNECTION, CONTENT_LENGTH, EXPECT, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// A request of HTTP in an event.
#[derive(Debug)]
pub(super) struct HttpEvent<'e> {
    pub(super) source: Source,
    pub(super) envelope: Envelope<'e>,
    pub(super) context: RequestContext<'e>,
}

impl HttpEvent<'_> {
    /// The request.
    ///
    /// # Errors
    /// One sentence: it is no request that HTTP allows.
    pub(super) fn into_request(self) -> Result<WholeRequest, String> {
        let target = self.target();
        let method = self.method();
        let method =
            Method::from_bytes(method.as_bytes()).map_err(|_| format!("{} is no method", shortened(method)))?;
        let headers = self.headers()?;
        let body = self.body()?;
        let mut request = Request::new(Full::new(body));
        *request.uri_mut() = target.parse().map_err(|_| format!("{} is no path", shortened(&target)))?;
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn method(&self) -> &str {
        let of_context = self.context.http.as_ref().map(|http| &*http.method);
        let envelope = &self.envelope;
        of_context.or(envelope.http_method.as_deref()).or(envelope.method.as_deref()).unwrap_or_default()
    }

    /// Path and query.
    fn target(&self) -> String {
        let envelope = &self.envelope;
        let path = match self.source {
            Source::GatewayV2 => self.path_without_stage(),
            Source::LatticeV1 => envelope.lattice_path.as_deref().unwrap_or_default(),
            _ => envelope.path.as_deref().unwrap_or_default(),
        };
        // VPC Lattice's first version may have the query in the path.
        let (path, of_path) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let path = self.path_of_proxy(path).unwrap_or(path.into());
        let mut target = utf8_percent_encode(&path, NOT_IN_PATH).to_string();
        if !target.starts_with('/') {
            target.insert(0, '/');
        }
        let query = match of_path {
            Some(query) => query.to_owned(),
            None => self.query(),
        };
        if !query.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(target, "?{}", utf8_percent_encode(&query, NOT_IN_QUERY));
        }
        target
    }

    /// An HTTP API's path: a stage that has a name stands in front of it, under the API's own host.
    fn path_without_stage(&self) -> &str {
        let path = self.envelope.raw_path.as_deref().unwrap_or_default();
        let stage = self.context.stage.as_deref().filter(|stage| !self.has_custom_domain() && *stage != "$default");
        let rest = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
        match rest {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }

    /// True when the client asked a gateway's custom domain, whose mapping may stand in front of the path.
    fn has_custom_domain(&self) -> bool {
        self.context.domain_name.as_deref().is_some_and(|host| !host.contains(".execute-api."))
    }

    /// The part of a path that the route `/{proxy+}` matched, where a custom domain's mapping stands in front of it. Not
    /// of another route: it may be one that the gateway lets in because of its beginning.
    fn path_of_proxy<'p>(&self, path: &'p str) -> Option<Cow<'p, str>> {
        if !self.has_custom_domain() || !self.envelope.is_of_every_path() {
            return None;
        }
        let parameters = &self.envelope.path_parameters.as_ref()?.0;
        let (_, proxy) = parameters.iter().find(|(name, _)| name == "proxy")?;
        let start = path.len().checked_sub(proxy.len() + 1)?;
        let tail = path.get(start..)?;
        (tail.strip_prefix('/')? == proxy && matches!(self.source, Source::GatewayV1 | Source::GatewayV2))
            .then_some(tail.into())
    }

    fn query(&self) -> String {
        let envelope = &self.envelope;
        let pairs = |pairs: &[&Option<Pairs<'_>>]| -> Vec<(String, String)> {
            let given = pairs.iter().copied().flatten().find(|pairs| !pairs.0.is_empty());
            given.iter().flat_map(|pairs| &pairs.0).map(|(k, v)| (k.to_string(), v.to_string())).collect()
        };
        let both = [&envelope.multi_value_query_string_parameters, &envelope.query_string_parameters];
        let (pairs, is_decoded) = match self.source {
            Source::GatewayV2 => return envelope.raw_query_string.as_deref().unwrap_or_default().to_owned(),
            Source::GatewayV1 => (pairs(&both), true),
            Source::LoadBalancer { .. } | Source::LatticeV2 => (pairs(&both), false),
            Source::LatticeV1 => (pairs(&[&envelope.lattice_query]), false),
        };
        let escaped = |text: String| {
            if is_decoded { utf8_percent_encode(&text, NOT_IN_VALUE).to_string() } else { text }
        };
        let pairs = pairs.into_iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    fn headers(&self) -> Result<HeaderMap, String> {
        let envelope = &self.envelope;
        let mut given = [&envelope.multi_value_headers, &envelope.headers].into_iter().flatten();
        let given = given.find(|pairs| !pairs.0.is_empty());
        let mut headers = HeaderMap::new();
        for (name, value) in given.iter().flat_map(|pairs| &pairs.0) {
            let wrong = || format!("{} is no header field of HTTP", shortened(name));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            // Bytes, for what is beyond ASCII: such fields are allowed, and sent.
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong())?);
        }
        for name in &OF_CONNECTION {
            headers.remove(name);
        }
        if let Some(cookies) = envelope.cookies.as_deref().filter(|cookies| !cookies.is_empty()) {
            let cookies = HeaderValue::from_str(&cookies.join("; "));
            headers.insert(COOKIE, cookies.map_err(|_| "the cookies are no header field of HTTP".to_owned())?);
        }
        if !headers.contains_key(HOST) {
            let host = self.context.domain_name.as_deref().unwrap_or("localhost");
            headers.insert(HOST, HeaderValue::from_str(host).map_err(|_| "the domain is no host".to_owned())?);
        }
        Ok(headers)
    }

    fn body(&self) -> Result<Bytes, String> {
        let envelope = &self.envelope;
        let Some(text) = envelope.body.as_deref() else { return Ok(Bytes::new()) };
        let is_base64 = envelope.is_base64_encoded.or(envelope.lattice_is_base64).is_some_and(Flag::is_set);
        if !is_base64 {
            return Ok(Bytes::copy_from_slice(text.as_bytes()));
        }
        let bytes = STANDARD.decode(text);
        bytes.map(Bytes::from).map_err(|error| format!("the body is said to be base64 and is not: {error}"))
    }
}
