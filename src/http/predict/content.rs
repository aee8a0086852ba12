//! What a body says that it is.
//!
//! Stands apart because the rule is the same on every prediction route, and generous where clients are careless: curl
//! calls JSON a form, others call it nothing.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::http::problem::Problem;
use crate::table::Head;

use super::accept::LINES;
use super::unsupported_media;

/// How a body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Format {
    /// JSON, one text.
    Json,
    /// CSV; whether its first line is a header.
    Csv(Head),
    /// NDJSON: a row a line.
    Lines,
}

/// The format that a request's headers announce.
///
/// # Errors
/// 415: a type or a charset that is not read.
pub(in crate::http) fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (first, second) = (types.next(), types.next());
    let Some(value) = first else { return Ok(Format::Json) };
    let text = value.to_str().ok().filter(|_| second.is_none());
    let text = text.ok_or_else(|| unsupported_media("One Content-Type is needed, and in ASCII"))?;
    // What nearly everybody sends needs no taking apart.
    if text == "application/json" {
        return Ok(Format::Json);
    }
    let mut parts = text.split(';');
    let kind = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let parameters: Vec<(String, &str)> = parts.filter_map(parameter).collect();
    check_charset(&parameters)?;
    if kind == "text/csv" {
        return Ok(Format::Csv(head(&parameters)?));
    }
    if LINES.contains(&kind.as_str()) {
        return Ok(Format::Lines);
    }
    if is_json(&kind) {
        return Ok(Format::Json);
    }
    let known = "application/json, text/csv or application/x-ndjson";
    Err(unsupported_media(format!("{} is not read here: send {known}", shown(&kind))))
}

/// True for a type, in lower case and without parameters, that is read as JSON.
pub(in crate::http) fn is_json(kind: &str) -> bool {
    matches!(kind, "" | "application/json" | "application/x-www-form-urlencoded")
        || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// A type's parameter: its name in lower case and its value without quotes.
fn parameter(text: &str) -> Option<(String, &str)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim().to_ascii_lowercase(), value.trim().trim_matches('"')))
}

/// A `charset` must be UTF-8; parameters that are not known do not matter.
fn check_charset(parameters: &[(String, &str)]) -> Result<(), Problem> {
    let is_utf8 = |value: &str| value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8");
    match parameters.iter().find(|(name, value)| name == "charset" && !is_utf8(value)) {
        Some((_, value)) => Err(unsupported_media(format!("The charset {} is not read: send UTF-8", shown(value)))),
        None => Ok(()),
    }
}

/// RFC 4180's `header` parameter; without it the first line tells.
fn head(parameters: &[(String, &str)]) -> Result<Head, Problem> {
    match parameters.iter().find(|(name, _)| name == "header").map(|(_, value)| value.to_ascii_lowercase()).as_deref() {
        None => Ok(Head::Guess),
        Some("present") => Ok(Head::Present),
        Some("absent") => Ok(Head::Absent),
        Some(other) => {
            Err(unsupported_media(format!("text/csv has header=present or header=absent, not {}", shown(other))))
        }
    }
}

fn shown(text: &str) -> String {
    crate::text::shorten::shortened(text)
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;
    use http::{HeaderMap, HeaderValue};

    use super::format;

    fn is_read(content_type: &'static str) -> bool {
        format(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))])).is_ok()
    }

    #[test]
    fn json_is_read_under_the_names_that_clients_give_it() {
        for name in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/vnd.api+json",
            "application/x-www-form-urlencoded",
            "application/json; version=2",
        ] {
            assert!(is_read(name), "{name}");
        }
        assert!(format(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn other_types_and_charsets_are_not() {
        for name in ["text/plain", "application/json; charset=latin1", "application/jsonx", "image/svg+json", "*/*"] {
            assert!(!is_read(name), "{name}");
        }
    }
}
