//! Formats a log line for people: time, level, message, then the fields that the message does not tell already.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::text::printable::printable;

use super::foreign::may_hold_a_body;

/// The format.
pub(super) struct HumanLines {
    /// Whether levels and field names are coloured.
    pub(super) colours: bool,
}

impl<S, N> FormatEvent<S, N> for HumanLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if may_hold_a_body(event.metadata()) {
            return Ok(());
        }
        let level = *event.metadata().level();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        let (on, off) = if self.colours { (colour(level), "\u{1b}[0m") } else { ("", "") };
        let _ = write!(line, " {on}{level:>5}{off} {}", printable(&fields.message));
        for (name, value) in fields.others.iter().filter(|(_, value)| !tells(&fields.message, value)) {
            let (on, off) = if self.colours { ("\u{1b}[2m", off) } else { ("", "") };
            let _ = write!(line, " {on}{name}={off}{}", printable(value));
        }
        line.push('\n');
        writer.write_str(&line)
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        _ => "\u{1b}[34m",
    }
}

/// True when a message holds a value, not as a part of a longer word.
fn tells(message: &str, value: &str) -> bool {
    let is_cut = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let is_word =
        |at: usize| is_cut(message[..at].chars().next_back()) && is_cut(message[at + value.len()..].chars().next());
    !value.is_empty() && message.match_indices(value).any(|(at, _)| is_word(at))
}

/// The message, and the other fields as text.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => self.others.push((name, value.to_owned())),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
