//! The cells of an Arrow array, one by one, as what a table's rules know: numbers, booleans, text, nothing.

use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions::{
    date32_to_datetime, date64_to_datetime, time32ms_to_time, time32s_to_time, time64ns_to_time, time64us_to_time,
    timestamp_ms_to_datetime, timestamp_ns_to_datetime, timestamp_s_to_datetime, timestamp_us_to_datetime,
};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrayAccessor, PrimitiveArray};
use arrow_schema::{DataType, Field, TimeUnit};
use chrono::NaiveDateTime;

use crate::text::number;

/// The key by which a field's metadata names an extension type.
const EXTENSION: &str = "ARROW:extension:name";

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    /// Null, or a float that is not a number: pandas writes a missing number so.
    Missing,
    /// A float of any width, widened.
    Float(f64),
    /// A signed integer of any width.
    Signed(i64),
    /// An unsigned integer of any width.
    Unsigned(u64),
    /// A boolean.
    Bool(bool),
    /// Text; a decimal number's digits, and a date or a time as ISO 8601 has it, too.
    Text(&'a str),
}

impl Value<'_> {
    /// The text that a CSV file of the same table holds, put behind `text`; booleans are written as pandas does.
    pub(crate) fn append_to(self, text: &mut String) {
        match self {
            Self::Missing => {}
            Self::Float(value) if value.is_infinite() => text.push_str(if value > 0.0 { "inf" } else { "-inf" }),
            Self::Float(value) => text.push_str(&number::shortest(value)),
            Self::Signed(value) => text.push_str(itoa::Buffer::new().format(value)),
            Self::Unsigned(value) => text.push_str(itoa::Buffer::new().format(value)),
            Self::Bool(truth) => text.push_str(if truth { "True" } else { "False" }),
            Self::Text(value) => text.push_str(value),
        }
    }
}

/// What a column's type is called where it is none that is read; `None` where it is read.
pub(crate) fn unread(field: &Field) -> Option<String> {
    if let Some(name) = field.metadata().get(EXTENSION) {
        return Some(format!("of the extension type {name}"));
    }
    let kind = field.data_type();
    let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let what = match kind {
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Date32
        | DataType::Date64
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Timestamp(..)
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => return None,
        kind if kind.is_integer() || kind.is_floating() => return None,
        DataType::Dictionary(_, values) if is_text(values) => return None,
        DataType::Dictionary(_, values) => return Some(format!("a dictionary of {values}, not of text")),
        DataType::RunEndEncoded(..) => "run-end encoded",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => "binary",
        DataType::Duration(_) | DataType::Interval(_) => "a duration",
        _ => "nested",
    };
    Some(format!("{what} ({kind})"))
}

/// What a column's type is called where rows of it cannot be taken out of an Arrow stream: of nested types arrow-ipc
/// would read heads and bodies by their own lengths. A flat one that is not read may be passed on.
pub(crate) fn unframed(field: &Field) -> Option<String> {
    let is_flat = match field.data_type() {
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Duration(_)
        | DataType::Interval(_) => true,
        kind => unread(&Field::new("", kind.clone(), true)).is_none(),
    };
    if is_flat { None } else { unread(field) }
}

/// What a column's type is called where a request may not have it: one that is not read, or that has no bytes.
pub(crate) fn unwelcome(field: &Field) -> Option<String> {
    let is_null = field.data_type() == &DataType::Null;
    unread(field).or_else(|| is_null.then(|| "null, without a type of its cells".to_owned()))
}

/// Hands each cell to `each`, in order, with its number from 0.
///
/// # Errors
/// The number of a cell whose date or time is beyond what can be written, and a sentence; or a type that [`unread`]
/// names, told of the first cell.
pub(crate) fn visit(array: &dyn Array, each: &mut dyn FnMut(usize, Value<'_>)) -> Result<(), (usize, String)> {
    match array.data_type() {
        DataType::Float64 => numbers::<Float64Type>(array, each, float),
        DataType::Float32 => numbers::<Float32Type>(array, each, |v| float(f64::from(v))),
        DataType::Float16 => numbers::<Float16Type>(array, each, |v| float(v.to_f64())),
        DataType::Int64 => numbers::<Int64Type>(array, each, Value::Signed),
        DataType::Int32 => numbers::<Int32Type>(array, each, |v| Value::Signed(v.into())),
        DataType::Int16 => numbers::<Int16Type>(array, each, |v| Value::Signed(v.into())),
        DataType::Int8 => numbers::<Int8Type>(array, each, |v| Value::Signed(v.into())),
        DataType::UInt64 => numbers::<UInt64Type>(array, each, Value::Unsigned),
        DataType::UInt32 => numbers::<UInt32Type>(array, each, |v| Value::Unsigned(v.into())),
        DataType::UInt16 => numbers::<UInt16Type>(array, each, |v| Value::Unsigned(v.into())),
        DataType::UInt8 => numbers::<UInt8Type>(array, each, |v| Value::Unsigned(v.into())),
        DataType::Null => (0..array.len()).for_each(|row| each(row, Value::Missing)),
        DataType::Boolean => cells(array.as_boolean(), each, Value::Bool),
        DataType::Utf8 => cells(array.as_string::<i32>(), each, Value::Text),
        DataType::LargeUtf8 => cells(array.as_string::<i64>(), each, Value::Text),
        DataType::Utf8View => cells(array.as_string_view(), each, Value::Text),
        DataType::Dictionary(..) => return dictionary(array, each),
        DataType::Decimal32(..) => decimals::<Decimal32Type>(array, each),
        DataType::Decimal64(..) => decimals::<Decimal64Type>(array, each),
        DataType::Decimal128(..) => decimals::<Decimal128Type>(array, each),
        DataType::Decimal256(..) => decimals::<Decimal256Type>(array, each),
        _ => return times(array, each),
    }
    Ok(())
}

/// A float, where it is a number.
fn float<'a>(value: f64) -> Value<'a> {
    if value.is_nan() { Value::Missing } else { Value::Float(value) }
}

fn numbers<T: ArrowPrimitiveType>(
    array: &dyn Array,
    each: &mut dyn FnMut(usize, Value<'_>),
    value: impl Fn(T::Native) -> Value<'static>,
) {
    cells(array.as_primitive::<T>(), each, value);
}

fn cells<'a, A: ArrayAccessor + Copy>(
    array: A,
    each: &mut dyn FnMut(usize, Value<'_>),
    value: impl Fn(A::Item) -> Value<'a>,
) {
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    for row in 0..array.len() {
        let is_null = nulls.is_some_and(|nulls| nulls.is_null(row));
        each(row, if is_null { Value::Missing } else { value(array.value(row)) });
    }
}

/// Text by its place in a dictionary; a null may be the cell's or the dictionary's.
fn dictionary(array: &dyn Array, each: &mut dyn FnMut(usize, Value<'_>)) -> Result<(), (usize, String)> {
    let dictionary = array.as_any_dictionary();
    let values = dictionary.values();
    if values.is_empty() {
        (0..array.len()).for_each(|row| each(row, Value::Missing));
        return Ok(());
    }
    let keys = dictionary.normalized_keys();
    match values.data_type() {
        DataType::Utf8 => by_place(array, &keys, values.as_string::<i32>(), each),
        DataType::LargeUtf8 => by_place(array, &keys, values.as_string::<i64>(), each),
        DataType::Utf8View => by_place(array, &keys, values.as_string_view(), each),
        other => return Err((0, format!("a dictionary of {other} is not read"))),
    }
    Ok(())
}

fn by_place<'a, A: ArrayAccessor<Item = &'a str> + Copy>(
    array: &dyn Array,
    keys: &[usize],
    values: A,
    each: &mut dyn FnMut(usize, Value<'_>),
) {
    for (row, key) in keys.iter().enumerate() {
        let is_null = array.is_null(row) || values.is_null(*key);
        each(row, if is_null { Value::Missing } else { Value::Text(values.value(*key)) });
    }
}

fn decimals<T: DecimalType>(array: &dyn Array, each: &mut dyn FnMut(usize, Value<'_>)) {
    let array: &PrimitiveArray<T> = array.as_primitive();
    for row in 0..array.len() {
        if array.is_null(row) {
            each(row, Value::Missing);
        } else {
            each(row, Value::Text(&array.value_as_string(row)));
        }
    }
}

fn times(array: &dyn Array, each: &mut dyn FnMut(usize, Value<'_>)) -> Result<(), (usize, String)> {
    match array.data_type() {
        DataType::Date32 => written::<Date32Type, _>(array, each, |v| date32_to_datetime(v).map(|at| at.date())),
        DataType::Date64 => written::<Date64Type, _>(array, each, |v| date64_to_datetime(v).map(|at| at.date())),
        DataType::Time32(TimeUnit::Second) => written::<Time32SecondType, _>(array, each, time32s_to_time),
        DataType::Time32(_) => written::<Time32MillisecondType, _>(array, each, time32ms_to_time),
        DataType::Time64(TimeUnit::Microsecond) => written::<Time64MicrosecondType, _>(array, each, time64us_to_time),
        DataType::Time64(_) => written::<Time64NanosecondType, _>(array, each, time64ns_to_time),
        DataType::Timestamp(unit, zone) => {
            // An instant of a zone is stored as UTC.
            let is_utc = zone.is_some();
            match unit {
                TimeUnit::Second => instants::<TimestampSecondType>(array, each, is_utc, timestamp_s_to_datetime),
                TimeUnit::Millisecond => {
                    instants::<TimestampMillisecondType>(array, each, is_utc, timestamp_ms_to_datetime)
                }
                TimeUnit::Microsecond => {
                    instants::<TimestampMicrosecondType>(array, each, is_utc, timestamp_us_to_datetime)
                }
                TimeUnit::Nanosecond => {
                    instants::<TimestampNanosecondType>(array, each, is_utc, timestamp_ns_to_datetime)
                }
            }
        }
        other => Err((0, format!("{other} is not read"))),
    }
}

fn instants<T: ArrowPrimitiveType<Native = i64>>(
    array: &dyn Array,
    each: &mut dyn FnMut(usize, Value<'_>),
    is_utc: bool,
    instant: impl Fn(i64) -> Option<NaiveDateTime>,
) -> Result<(), (usize, String)> {
    written::<T, _>(array, each, |v| instant(v).map(|at| Instant { at, is_utc }))
}

/// A date and time; `Debug` is as ISO 8601 has it.
struct Instant {
    at: NaiveDateTime,
    is_utc: bool,
}

impl std::fmt::Debug for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}{}", self.at, if self.is_utc { "Z" } else { "" })
    }
}

/// Cells by their `Debug`, which chrono writes as ISO 8601.
fn written<T: ArrowPrimitiveType, S: std::fmt::Debug>(
    array: &dyn Array,
    each: &mut dyn FnMut(usize, Value<'_>),
    moment: impl Fn(T::Native) -> Option<S>,
) -> Result<(), (usize, String)> {
    let array = array.as_primitive::<T>();
    let mut text = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            each(row, Value::Missing);
            continue;
        }
        let value = array.value(row);
        let moment = moment(value).ok_or_else(|| (row, format!("{value:?} is no date or time that can be read")))?;
        text.clear();
        let _ = write!(text, "{moment:?}");
        each(row, Value::Text(&text));
    }
    Ok(())
}

/// Rounded to the nearest, as the same digits of a CSV file are.
#[expect(clippy::cast_precision_loss, reason = "rounded as a number's text is")]
pub(crate) fn as_f64(value: i64) -> f64 {
    value as f64
}

/// The same of an unsigned one.
#[expect(clippy::cast_precision_loss, reason = "rounded as a number's text is")]
pub(crate) fn unsigned_as_f64(value: u64) -> f64 {
    value as f64
}
