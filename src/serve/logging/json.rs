//! Formats a log line as one JSON object, straight into the line's buffer.
//!
//! Every request writes a line, and `tracing-subscriber`'s own JSON format takes a serializer, a map, a visitor and
//! another UTF-8 check for each. Keys and order are the same: `timestamp`, `level`, the event's fields, `target`. This
//! program has no spans, so none are written.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
    /// The date of the last line.
    static SECOND: Cell<Second> = const { Cell::new(Second { seconds: u64::MAX, date: [b'0'; 19] }) };
}

/// A second as RFC 3339 writes it, without its end.
#[derive(Clone, Copy)]
struct Second {
    /// Since 1970.
    seconds: u64,
    /// `2026-11-30T10:37:02`.
    date: [u8; 19],
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
    push_timestamp(line, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
    let metadata = event.metadata();
    line.push_str("\",\"level\":\"");
    line.push_str(metadata.level().as_str());
    line.push('"');
    event.record(&mut Fields { line });
    line.push_str(",\"target\":\"");
    line.push_str(metadata.target());
    line.push_str("\"}\n");
}

/// Adds a time since 1970 in RFC 3339, to the microsecond. The date is formatted once a second.
fn push_timestamp(line: &mut String, since: Duration) {
    let seconds = since.as_secs();
    let mut known = SECOND.get();
    if known.seconds != seconds {
        let text = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string();
        let Some(date) = text.as_bytes().first_chunk() else { return };
        known = Second { seconds, date: *date };
        SECOND.set(known);
    }
    line.push_str(str::from_utf8(&known.date).unwrap_or_default());
    let mut micros = since.subsec_micros();
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(micros % 10).unwrap_or_default();
        micros /= 10;
    }
    line.push('.');
    line.push_str(str::from_utf8(&digits).unwrap_or_default());
    line.push('Z');
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
        let line = self.name(field);
        if !push_thousandths(line, value) {
            let mut digits = zmij::Buffer::new();
            line.push_str(if value.is_finite() { digits.format_finite(value) } else { "null" });
        }
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

/// Adds a number that has at most three digits after its point, as durations in milliseconds have; false for any other.
/// The same text as the shortest of any number, which takes 300 instructions.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
fn push_thousandths(line: &mut String, value: f64) -> bool {
    const MOST: f64 = 1e12;
    let thousandths = (value * 1e3).round();
    if value.is_sign_negative() || !(0.0..MOST * 1e3).contains(&thousandths) || thousandths / 1e3 != value {
        return false;
    }
    let (whole, mut rest) = (thousandths as u64 / 1_000, thousandths as u64 % 1_000);
    line.push_str(itoa::Buffer::new().format(whole));
    line.push('.');
    let mut unit = 100;
    loop {
        line.push(char::from(b'0' + (rest / unit) as u8));
        rest %= unit;
        if rest == 0 {
            return true;
        }
        unit /= 10;
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

/// The bytes of text that may need an escape.
const IS_ESCAPED: [bool; 256] = {
    let mut is_escaped = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        is_escaped[byte] = byte < 0x20 || byte == b'"' as usize || byte == b'\\' as usize || byte >= 0x7f;
        byte += 1;
    }
    is_escaped
};

/// Adds text, escaped where JSON does not allow it within a string (RFC 8259 §7), and where a terminal would obey it.
fn escape(line: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| IS_ESCAPED[usize::from(b)]) {
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
