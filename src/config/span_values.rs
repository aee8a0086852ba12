//! Parsers of the values of OpenTelemetry's variables. An error is the end of a sentence that begins with the
//! variable and its value.

use std::time::Duration;

use http::Uri;
use http::header::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

/// The URL of a collector: `http`, with a host, without user, query or fragment.
pub(super) fn url(text: &str) -> Result<Uri, String> {
    let expected = || "expected a URL as http://localhost:4318".to_owned();
    let uri: Uri = text.parse().map_err(|_| expected())?;
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => {
            return Err(
                "but this program speaks no TLS: run a collector beside it (a sidecar, or one on each node) and \
                        give that one's http:// endpoint, usually http://localhost:4318"
                    .to_owned(),
            );
        }
        _ => return Err(expected()),
    }
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return Err("but a user in it is not sent: put credentials into OTEL_EXPORTER_OTLP_HEADERS".to_owned());
    }
    let is_plain = uri.host().is_some_and(|host| !host.is_empty()) && !text.contains(['?', '#']);
    if is_plain { Ok(uri) } else { Err(expected()) }
}

/// A time in whole milliseconds, at least one.
pub(super) fn milliseconds(text: &str) -> Result<Duration, String> {
    let time = text.parse().ok().filter(|ms| *ms > 0).map(Duration::from_millis);
    time.ok_or_else(|| "expected milliseconds, a whole number of at least 1".to_owned())
}

/// A whole number from 1 to `most`.
pub(super) fn number(text: &str, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (1..=most).contains(n));
    number.ok_or_else(|| format!("expected a whole number from 1 to {most}"))
}

/// A share from 0 to 1.
pub(super) fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "expected a share from 0 to 1, as 0.05".to_owned())
}

/// What one of these words stands for.
pub(super) fn named<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("expected one of {}", words.join(", "))
    })
}

/// `name=value` between commas; as they stand, white space around them left out.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let pair = |entry: &str| {
        let (name, value) = entry.split_once('=')?;
        let name = name.trim();
        (!name.is_empty()).then(|| (name.to_owned(), value.trim().to_owned()))
    };
    entries.map(pair).collect::<Option<_>>().ok_or_else(|| "expected name=value between commas".to_owned())
}

/// The headers of a post, `name=value` between commas, values percent-encoded: checked as the exporter will read them.
///
/// # Errors
/// A sentence without the values.
pub(super) fn header_entries(text: &str) -> Result<(), String> {
    for (place, entry) in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).enumerate() {
        let place = place + 1;
        let Some((name, value)) = entry.split_once('=') else {
            return Err(format!("entry {place} has no =; expected name=value between commas"));
        };
        let name = name.trim();
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(format!("the name of entry {place} is no header's name; expected name=value between commas"));
        }
        let decoded = percent_decode_str(value.trim()).decode_utf8();
        if !decoded.is_ok_and(|value| HeaderValue::from_str(&value).is_ok()) {
            return Err(format!("the value of {name} is no header's value: percent-encode what is not visible ASCII"));
        }
    }
    Ok(())
}
