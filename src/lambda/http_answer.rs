//! An answer of the service as each of AWS's services wants it: JSON with status, headers and body.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Response};
use serde::Serialize;

use super::gateway::Source;

/// The most bytes that Lambda sends of an answer, 6 MiB, of the whole JSON.
pub(super) const MOST: usize = 6 << 20;

/// The most bytes that an Application Load Balancer takes of it, 1 MiB.
const MOST_BEHIND_LOAD_BALANCER: usize = 1 << 20;

/// The most bytes that this service takes of an answer's JSON.
pub(super) fn most_bytes(source: Source) -> usize {
    match source {
        Source::LoadBalancer { .. } => MOST_BEHIND_LOAD_BALANCER,
        _ => MOST,
    }
}

/// The JSON. Fields that a service does not read are left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'a str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<&'a str, Vec<String>>>,
    is_base64_encoded: bool,
    body: &'a str,
}

/// The answer's JSON. A body that is text goes as it is, a compressed or binary one as base64.
pub(super) fn encode(source: Source, answer: &Response<Bytes>) -> String {
    let headers = answer.headers();
    let is_compressed = headers.contains_key(CONTENT_ENCODING);
    let text = std::str::from_utf8(answer.body()).ok().filter(|_| !is_compressed);
    let base64 = text.is_none().then(|| STANDARD.encode(answer.body()));
    let is_multi_value = matches!(source, Source::GatewayV1 | Source::LoadBalancer { is_multi_value: true });
    let is_described = matches!(source, Source::LoadBalancer { .. } | Source::LatticeV1 | Source::LatticeV2);
    let status = answer.status();
    let json = serde_json::to_string(&Answer {
        status_code: status.as_u16(),
        status_description: is_described.then(|| status.to_string()),
        headers: (!is_multi_value).then(|| sent(headers).into_iter().map(|(k, v)| (k, v.join(", "))).collect()),
        multi_value_headers: is_multi_value.then(|| sent(headers)),
        is_base64_encoded: base64.is_some(),
        body: text.or(base64.as_deref()).unwrap_or_default(),
    });
    json.expect("texts and numbers are always JSON")
}

/// The fields that go on, by name: those about the connection are the business of the service in front.
fn sent(headers: &HeaderMap) -> BTreeMap<&str, Vec<String>> {
    let mut sent: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        if ![CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) {
            sent.entry(name.as_str()).or_default().push(String::from_utf8_lossy(value.as_bytes()).into_owned());
        }
    }
    sent
}
