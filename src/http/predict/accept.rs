//! What a client wants an answer to be.
//!
//! Stands apart from `content`, which tells what a body is: the two are asked for independently. A client that wants
//! nothing that there is gets what it would have got without asking, because no status says "not acceptable" here.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};

use crate::http::negotiate::{Choice, choices};

use super::content::Format;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One JSON text.
    Json,
    /// NDJSON: an object a row.
    Lines,
    /// CSV: a line a row.
    Csv,
}

/// What a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) form: Form,
    /// Whether CSV is to have a header line, if that was said.
    pub(super) header: Option<bool>,
}

impl Form {
    /// What a body of this format is answered with when the client does not say.
    fn of(format: Format) -> Self {
        if format == Format::Lines { Self::Lines } else { Self::Json }
    }

    /// How narrowly a range means this form: 3 by its name, 2 by its kind, 1 by anything; 0 when it does not.
    fn matched_by(self, range: &str) -> u8 {
        let (names, kind): (&[&str], _) = match self {
            Self::Json => (&["application/json"], "application/*"),
            Self::Lines => (LINES, "application/*"),
            Self::Csv => (&["text/csv"], "text/*"),
        };
        match range {
            "*/*" | "*" => 1,
            _ if range.eq_ignore_ascii_case(kind) => 2,
            _ => 3 * u8::from(names.iter().any(|name| range.eq_ignore_ascii_case(name))),
        }
    }
}

/// The names of NDJSON; `SageMaker`'s are among them.
pub(super) const LINES: &[&str] =
    &["application/x-ndjson", "application/ndjson", "application/jsonlines", "application/x-jsonlines"];

/// What the headers ask for; of forms liked equally the one named more narrowly, then the one that the body suggests.
pub(super) fn wanted(headers: &HeaderMap, format: Format) -> Wanted {
    let default = Form::of(format);
    let mut best: Option<(u16, u8, bool, Wanted)> = None;
    // What nearly everybody sends needs no taking apart.
    let is_plain = |value: &HeaderValue| value == "*/*" || (default == Form::Json && value == "application/json");
    if !headers.get_all(ACCEPT).iter().all(is_plain) {
        for form in [Form::Json, Form::Lines, Form::Csv] {
            let Some((narrowness, choice)) = narrowest(headers, form) else { continue };
            let header = choice.parameter("header").map(|value| !value.eq_ignore_ascii_case("absent"));
            let rank = (choice.weight, narrowness, form == default);
            if choice.weight > 0 && best.is_none_or(|(w, n, d, _)| rank > (w, n, d)) {
                best = Some((rank.0, rank.1, rank.2, Wanted { form, header }));
            }
        }
    }
    best.map_or(Wanted { form: default, header: None }, |(.., wanted)| wanted)
}

/// The choice that speaks of this form: the narrowest that matches it (RFC 9110 §12.5.1).
fn narrowest(headers: &HeaderMap, form: Form) -> Option<(u8, Choice<'_>)> {
    let matching = choices(headers, &ACCEPT).map(|choice| (form.matched_by(choice.name), choice));
    matching.filter(|(narrowness, _)| *narrowness > 0).max_by_key(|(narrowness, choice)| (*narrowness, choice.weight))
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;
    use http::{HeaderMap, HeaderValue};

    use super::{Form, wanted};
    use crate::http::predict::content::Format;

    fn form(accept: &'static str, format: Format) -> Form {
        wanted(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]), format).form
    }

    #[test]
    fn the_form_liked_best_is_chosen_and_what_is_named_beats_what_is_not() {
        for (accept, expected) in [
            ("", Form::Json),
            ("*/*", Form::Json),
            ("text/csv", Form::Csv),
            ("Text/CSV; header=absent", Form::Csv),
            ("text/*", Form::Csv),
            ("application/*", Form::Json),
            ("application/json, text/csv", Form::Json),
            ("application/json;q=0.8, text/csv", Form::Csv),
            ("text/csv;q=0.3, application/x-ndjson;q=0.4, */*;q=0.1", Form::Lines),
            ("text/csv, */*", Form::Csv),
            ("application/json;q=0, */*", Form::Lines),
            ("text/html, image/png", Form::Json),
            ("application/json;q=0, text/csv;q=0, application/x-ndjson;q=0", Form::Json),
            ("application/jsonlines", Form::Lines),
        ] {
            assert_eq!(form(accept, Format::Json), expected, "{accept}");
        }
    }

    #[test]
    fn lines_are_answered_with_lines_unless_something_else_is_named() {
        for (accept, expected) in [
            ("*/*", Form::Lines),
            ("application/*", Form::Lines),
            ("application/json, text/plain, */*", Form::Json),
            ("text/csv", Form::Csv),
            ("text/html", Form::Lines),
        ] {
            assert_eq!(form(accept, Format::Lines), expected, "{accept}");
        }
        assert_eq!(wanted(&HeaderMap::new(), Format::Lines).form, Form::Lines);
    }
}
