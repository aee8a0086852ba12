//! Formats a log line as one JSON object, straight into the line's buffer.
//!
//! Every request writes a line, and `tracing-subscriber`'s own JSON format takes a serializer, a map, a visitor and
//! another UTF-8 check for each. Keys and order are the same: `timestamp`, `level`, the event's fields, `target`. This
//! program has no spans, so none are written.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::text::printable::is_hidden;

use super::foreign::may_hold_a_body;

/// The largest buffer, in bytes, that is kept for the next line.
const LONGEST_KEPT: usize = 4 << 10;

thread_local! {
    /// The buffer of the last line. Taken out while in use, because a logged value may log too.
    static LINE: Cell<String> = const { Cell::new(String::new()) };
}

/// The format.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if may_hold_a_body(event.metadata()) {
            return Ok(());
        }
        // Handed over whole: a `Writer`'s calls cannot be inlined.
        let mut line = LINE.take();
        line.clear();
        add_line(&mut line, event);
        let result = writer.write_str(&line);
        if line.capacity() <= LONGEST_KEPT {
            LINE.set(line);
        }
        result
    }
}

fn add_line(line: &mut String, event: &Event<'_>) {
    line.push_str("{\"timestamp\":\"");
    display(line, humantime::format_rfc3339_micros(SystemTime::now()));
    let metadata = event.metadata();
    line.push_str("\",\"level\":\"");
    line.push_str(metadata.level().as_str());
    line.push('"');
    event.record(&mut Fields { line });
    line.push_str(",\"target\":\"");
    line.push_str(metadata.target());
    line.push_str("\"}\n");
}

/// Adds each field as `,"name":value`.
struct Fields<'l> {
    line: &'l mut String,
}

impl Fields<'_> {
    /// Adds the field's name and gives the line, for its value.
    fn name(&mut self, field: &Field) -> &mut String {
        // Names are words of this program: looking for what to escape would take 0.1 µs a line.
        self.line.push_str(",\"");
        self.line.push_str(field.name());
        self.line.push_str("\":");
        self.line
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        let mut digits = zmij::Buffer::new();
        self.name(field).push_str(if value.is_finite() { digits.format_finite(value) } else { "null" });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.name(field).push_str(itoa::Buffer::new().format(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field).push_str(itoa::Buffer::new().format(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        display(self.name(field), value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        display(self.name(field), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        display(self.name(field), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        quoted_text(self.name(field), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        quoted(self.name(field), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        quoted(self.name(field), format_args!("{value:?}"));
    }
}

/// Adds a value's `Display`. Writing to a string does not fail; a value that fails is cut where it does.
fn display(line: &mut String, value: impl fmt::Display) {
    let _ = write!(line, "{value}");
}

/// Adds a JSON string.
fn quoted_text(line: &mut String, text: &str) {
    line.push('"');
    escape(line, text);
    line.push('"');
}

/// Adds a value's `Display` as a JSON string.
fn quoted(line: &mut String, value: impl fmt::Display) {
    line.push('"');
    let _ = write!(Escaped(line), "{value}");
    line.push('"');
}

/// Writes into a JSON string.
struct Escaped<'l>(&'l mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text);
        Ok(())
    }
}

/// Adds text, escaped where JSON does not allow it within a string (RFC 8259 §7), and where a terminal would obey it.
fn escape(line: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\' || b >= 0x7f) {
        line.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(c) = rest.chars().next() else { return };
        match c {
            '\n' => line.push_str("\\n"),
            '"' | '\\' => line.extend(['\\', c]),
            // All of them are below U+10000: one escape each.
            c if is_hidden(c) => display(line, format_args!("\\u{:04x}", u32::from(c))),
            c => line.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    line.push_str(rest);
}
