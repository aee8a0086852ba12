//! Lists with weights, as `Accept` and `Accept-Encoding` hold them: `text/csv;header=absent, application/json;q=0.5`.
//!
//! Stands apart because what a client likes best is told the same way for media types and for encodings.

use http::HeaderMap;
use http::header::HeaderName;

/// One entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice<'h> {
    /// What is chosen, without its parameters.
    pub(super) name: &'h str,
    /// Its parameters, the weight not among them, as they stand.
    parameters: &'h str,
    /// How much it is liked, in thousandths: 0 is "not this", 1,000 the most and what is said by saying nothing.
    pub(super) weight: u16,
}

impl<'h> Choice<'h> {
    fn parse(entry: &'h str) -> Self {
        let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let weight = parts(parameters).find(|(key, _)| key.eq_ignore_ascii_case("q")).map_or(1_000, |(_, q)| weight(q));
        Self { name: name.trim(), parameters, weight }
    }

    /// The value of a parameter, without quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&'h str> {
        parts(self.parameters).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The entries of all header fields of this name.
pub(super) fn choices<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = Choice<'h>> {
    let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).filter(|entry| !entry.trim().is_empty()).map(Choice::parse)
}

fn parts(parameters: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = parameters.split(';').filter_map(|part| part.split_once('='));
    pairs.map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
}

/// A weight in thousandths; one that is none counts as the most, as if it were not there.
fn weight(text: &str) -> u16 {
    let value = text.parse::<f32>().ok().filter(|value| (0.0..=1.0).contains(value));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1,000")]
    value.map_or(1_000, |value| (value * 1_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;
    use http::{HeaderMap, HeaderValue};

    use super::choices;

    #[test]
    fn a_list_is_read_with_its_weights_and_parameters() {
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT, HeaderValue::from_static("text/csv ; header=\"absent\"; q=0.25, ,*/*;Q=0"));
        headers.append(ACCEPT, HeaderValue::from_static("application/json, x;q=2, y;q=nan"));
        let found: Vec<_> = choices(&headers, &ACCEPT).map(|c| (c.name, c.weight, c.parameter("Header"))).collect();
        let expected = [
            ("text/csv", 250, Some("absent")),
            ("*/*", 0, None),
            ("application/json", 1_000, None),
            ("x", 1_000, None),
            ("y", 1_000, None),
        ];
        assert_eq!(found, expected);
    }
}
