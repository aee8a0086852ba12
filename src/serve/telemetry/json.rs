//! A log line as one JSON object, written straight into the line's buffer.
//!
//! Stands apart because a request writes one: `tracing-subscriber`'s own JSON lines pass a serializer, a map and a
//! visitor, each byte of it checked again for UTF-8. The keys and their order are the same: `timestamp`, `level`, the event's
//! fields, `target`. There are no spans in this program, so none are written.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The format.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        writer.write_str("{\"timestamp\":\"")?;
        write!(writer, "{}", humantime::format_rfc3339_micros(SystemTime::now()))?;
        let metadata = event.metadata();
        writer.write_str("\",\"level\":\"")?;
        writer.write_str(metadata.level().as_str())?;
        writer.write_str("\"")?;
        let mut fields = Fields { writer: &mut writer, result: Ok(()) };
        event.record(&mut fields);
        fields.result?;
        writer.write_str(",\"target\":")?;
        quoted_text(&mut writer, metadata.target())?;
        writer.write_str("}\n")
    }
}

/// Writes each field as `,"name":value`. The first error stays.
struct Fields<'w, 'b> {
    writer: &'w mut Writer<'b>,
    result: fmt::Result,
}

impl Fields<'_, '_> {
    fn add(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.result.is_err() {
            return;
        }
        let writer = &mut *self.writer;
        self.result = writer
            .write_str(",")
            .and_then(|()| quoted_text(writer, field.name()))
            .and_then(|()| writer.write_str(":"))
            .and_then(|()| value(writer));
    }

    fn display(&mut self, field: &Field, value: impl fmt::Display) {
        self.add(field, |writer| write!(writer, "{value}"));
    }
}

impl Visit for Fields<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        let mut digits = zmij::Buffer::new();
        let text = if value.is_finite() { digits.format_finite(value) } else { "null" };
        self.add(field, |writer| writer.write_str(text));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, |writer| writer.write_str(itoa::Buffer::new().format(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, |writer| writer.write_str(itoa::Buffer::new().format(value)));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.display(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.display(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.display(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, |writer| quoted_text(writer, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field, |writer| quoted(writer, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, |writer| quoted(writer, format_args!("{value:?}")));
    }
}

/// A JSON string.
fn quoted_text(writer: &mut Writer<'_>, text: &str) -> fmt::Result {
    writer.write_str("\"")?;
    Escaped(writer).write_str(text)?;
    writer.write_str("\"")
}

/// What something is displayed as, as a JSON string.
fn quoted(writer: &mut Writer<'_>, value: impl fmt::Display) -> fmt::Result {
    writer.write_str("\"")?;
    write!(Escaped(writer), "{value}")?;
    writer.write_str("\"")
}

/// Escapes what JSON does not allow within a string (RFC 8259 §7).
struct Escaped<'w, 'b>(&'w mut Writer<'b>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        // All that needs an escape is one byte long: the cuts are between characters.
        while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
            self.0.write_str(&rest[..at])?;
            match rest.as_bytes()[at] {
                b'\n' => self.0.write_str("\\n")?,
                b @ (b'"' | b'\\') => write!(self.0, "\\{}", char::from(b))?,
                b => write!(self.0, "\\u{b:04x}")?,
            }
            rest = &rest[at + 1..];
        }
        self.0.write_str(rest)
    }
}
