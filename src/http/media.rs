//! Media types: what a body is (`Content-Type`), and what its answer is to be (`Accept`).
//!
//! Both are read the same way on every prediction route. A missing type and curl's form type are read as JSON; an
//! `Accept` that names no format of ours gets the default format, because no status here says "not acceptable".

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::table::Head;

use super::problem::Problem;
use crate::text::shorten::shortened;

/// The names of NDJSON; `SageMaker`'s are among them.
const NDJSON_NAMES: [&str; 4] =
    ["application/x-ndjson", "application/ndjson", "application/jsonlines", "application/x-jsonlines"];

/// The name of Arrow IPC streams.
pub(super) const ARROW: &str = "application/vnd.apache.arrow.stream";

/// How a body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFormat {
    /// JSON, one text.
    Json,
    /// CSV; whether its first line is a header.
    Csv(Head),
    /// NDJSON: a row a line.
    Ndjson,
    /// An Arrow IPC stream.
    Arrow,
}

impl BodyFormat {
    /// The format that a request's `Content-Type` announces.
    ///
    /// # Errors
    /// 415: a type or a charset that is not read.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        let (first, second) = (types.next(), types.next());
        let Some(value) = first else { return Ok(Self::Json) };
        let text = value.to_str().ok().filter(|_| second.is_none());
        let text = text.ok_or_else(|| Problem::unsupported_media("One Content-Type is needed, and in ASCII"))?;
        // The usual type needs no parsing.
        if text == "application/json" {
            return Ok(Self::Json);
        }
        let (kind, parameters) = text.split_once(';').unwrap_or((text, ""));
        check_charset(parameters)?;
        match kind.trim().to_ascii_lowercase().as_str() {
            "text/csv" => Ok(Self::Csv(csv_head(parameters)?)),
            name if NDJSON_NAMES.contains(&name) => Ok(Self::Ndjson),
            ARROW => Ok(Self::Arrow),
            name if is_json(name) => Ok(Self::Json),
            name => {
                let known = "application/json, text/csv, application/x-ndjson or application/vnd.apache.arrow.stream";
                Err(Problem::unsupported_media(format!("{} is not read here: send {known}", shortened(name))))
            }
        }
    }
}

/// True for a type, in lower case and without parameters, that is read as JSON.
pub(super) fn is_json(kind: &str) -> bool {
    matches!(kind, "" | "application/json" | "application/x-www-form-urlencoded")
        || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// A `charset` must be UTF-8; unknown parameters are ignored.
fn check_charset(parameters: &str) -> Result<(), Problem> {
    let is_utf8 = |value: &str| value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8");
    match pairs(parameters).find(|(name, value)| name.eq_ignore_ascii_case("charset") && !is_utf8(value)) {
        Some((_, value)) => {
            Err(Problem::unsupported_media(format!("The charset {} is not read: send UTF-8", shortened(value))))
        }
        None => Ok(()),
    }
}

/// RFC 4180's `header` parameter; without it the first line decides.
fn csv_head(parameters: &str) -> Result<Head, Problem> {
    match value_of(parameters, "header").map(str::to_ascii_lowercase).as_deref() {
        None => Ok(Head::Guess),
        Some("present") => Ok(Head::Present),
        Some("absent") => Ok(Head::Absent),
        Some(other) => Err(Problem::unsupported_media(format!(
            "text/csv has header=present or header=absent, not {}",
            shortened(other)
        ))),
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerFormat {
    /// One JSON text.
    Json,
    /// NDJSON: an object a row.
    Ndjson,
    /// CSV: a line a row.
    Csv,
    /// An Arrow IPC stream of one record batch.
    Arrow,
}

impl AnswerFormat {
    /// How exactly a media range means this format: 3 by its name, 2 by its kind, 1 by `*/*`, 0 not at all.
    fn matched_by(self, range: &str) -> u8 {
        let (names, kind): (&[&str], _) = match self {
            Self::Json => (&["application/json"], "application/*"),
            Self::Ndjson => (&NDJSON_NAMES, "application/*"),
            Self::Csv => (&["text/csv"], "text/*"),
            Self::Arrow => (&[ARROW], "application/*"),
        };
        match range {
            "*/*" | "*" => 1,
            _ if range.eq_ignore_ascii_case(kind) => 2,
            _ => 3 * u8::from(names.iter().any(|name| range.eq_ignore_ascii_case(name))),
        }
    }
}

/// The answer that a request's `Accept` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accepted {
    /// Its format.
    pub(super) format: AnswerFormat,
    /// Whether CSV is to have a header line, if that was said.
    pub(super) header: Option<bool>,
    /// The name that NDJSON is answered under: the one that was asked for.
    pub(super) ndjson: &'static str,
}

impl Accepted {
    /// Reads `Accept`. The largest weight wins; ties: the format named more exactly, then the body's own.
    pub(super) fn of(headers: &HeaderMap, body: BodyFormat) -> Self {
        let default = if body == BodyFormat::Ndjson { AnswerFormat::Ndjson } else { AnswerFormat::Json };
        let mut best: Option<((u16, u8, bool), Self)> = None;
        // The usual values need no parsing.
        let is_plain =
            |value: &HeaderValue| value == "*/*" || (default == AnswerFormat::Json && value == "application/json");
        if !headers.get_all(ACCEPT).iter().all(is_plain) {
            for format in [AnswerFormat::Json, AnswerFormat::Ndjson, AnswerFormat::Csv, AnswerFormat::Arrow] {
                let Some((exactness, item)) = most_exact(headers, format) else { continue };
                let header = value_of(item.parameters, "header").map(|value| !value.eq_ignore_ascii_case("absent"));
                let rank = (item.weight, exactness, format == default);
                if item.weight > 0 && best.is_none_or(|(highest, _)| rank > highest) {
                    let asked = NDJSON_NAMES.into_iter().find(|name| name.eq_ignore_ascii_case(item.name));
                    best = Some((rank, Self { format, header, ndjson: asked.unwrap_or(NDJSON_NAMES[0]) }));
                }
            }
        }
        best.map_or(Self { format: default, header: None, ndjson: NDJSON_NAMES[0] }, |(_, accepted)| accepted)
    }
}

/// The item that speaks of this format: the most exact one that matches it (RFC 9110 §12.5.1).
fn most_exact(headers: &HeaderMap, format: AnswerFormat) -> Option<(u8, AcceptItem<'_>)> {
    let matching = accept_items(headers, &ACCEPT).map(|item| (format.matched_by(item.name), item));
    matching.filter(|(exactness, _)| *exactness > 0).max_by_key(|(exactness, item)| (*exactness, item.weight))
}

/// True when a head announces a stream of rows: NDJSON, to be answered with NDJSON. Its declared length is not limited.
pub(super) fn announces_stream(headers: &HeaderMap) -> bool {
    BodyFormat::of(headers)
        .is_ok_and(|body| body == BodyFormat::Ndjson && Accepted::of(headers, body).format == AnswerFormat::Ndjson)
}

/// One item of a list with weights: `text/csv;header=absent;q=0.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AcceptItem<'h> {
    /// Its name, without parameters.
    pub(super) name: &'h str,
    parameters: &'h str,
    /// Its weight in thousandths: 0 means "not this"; 1,000 is the most, and the weight of an item without one.
    pub(super) weight: u16,
}

impl<'h> AcceptItem<'h> {
    fn parse(text: &'h str) -> Self {
        let (name, parameters) = text.split_once(';').unwrap_or((text, ""));
        Self { name: name.trim(), parameters, weight: value_of(parameters, "q").map_or(1_000, weight) }
    }
}

/// The items of all header fields of this name: `Accept`, `Accept-Encoding`.
pub(super) fn accept_items<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = AcceptItem<'h>> {
    let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).filter(|item| !item.trim().is_empty()).map(AcceptItem::parse)
}

/// The value of a parameter, without quotes.
fn value_of<'t>(parameters: &'t str, name: &str) -> Option<&'t str> {
    pairs(parameters).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn pairs(parameters: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = parameters.split(';').filter_map(|part| part.split_once('='));
    pairs.map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
}

/// A weight in thousandths; an invalid one counts as 1,000.
fn weight(text: &str) -> u16 {
    let value = text.parse::<f32>().ok().filter(|value| (0.0..=1.0).contains(value));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1,000")]
    value.map_or(1_000, |value| (value * 1_000.0).round() as u16)
}
