//! A field of a table as its feature is to read it.

use super::dates::is_missing_date;
use super::ndjson::JsonCell;
use super::options::{Numerals, TextOptions};
use super::record::Record;
use super::spelling::Spellings;
use crate::model::category::Digits;
use crate::model::cell::Cell;
use crate::model::schema::{Feature, FeatureKind};
use crate::text::missing::is_missing_word;
use crate::text::number::parse_number;

/// A field without options: missing words are missing in columns of numbers and of dates. What they are among
/// categories, the feature knows, for every dialect.
pub(super) fn cell<'a>(feature: &Feature, text: &'a str) -> Cell<'a> {
    let is_missing = match feature.kind {
        FeatureKind::Numeric => is_missing_word,
        FeatureKind::Date(_) => is_missing_date,
        FeatureKind::Categorical => return Cell::Field(text),
    };
    if is_missing(feature.compared(text)) { Cell::Missing } else { Cell::Field(text) }
}

/// A field as the options say.
fn cell_with<'a>(feature: &Feature, text: &'a str, options: &TextOptions) -> Cell<'a> {
    if options.are_cells_plain() {
        return cell(feature, text);
    }
    if options.is_missing(text.trim()) {
        return Cell::Missing;
    }
    if feature.kind != FeatureKind::Numeric || options.numerals == Numerals::default() {
        return cell(feature, text);
    }
    match options.numerals.parse(text) {
        Some(number) => Cell::Number(number),
        // A number of another writing is none here.
        None if parse_number(text).is_some() => Cell::Text(text),
        None => cell(feature, text),
    }
}

/// The field of a record in a column, as the options say.
pub(super) fn cell_of<'a>(feature: &Feature, record: &'a Record, column: usize, options: &TextOptions) -> Cell<'a> {
    if options.is_ndjson {
        return json_cell(feature, JsonCell::of(record, column), options);
    }
    cell_with(feature, record.field(column), options)
}

/// `; --decimal , reads it as 1.5`: what of a command's flags reads a text that is no number; nothing elsewhere.
pub(super) fn flags_for(feature: &Feature, cell: Cell<'_>, options: &TextOptions) -> String {
    let advice = match (feature.kind, cell) {
        (FeatureKind::Numeric, Cell::Field(text) | Cell::Text(text)) if options.names_flags && !options.is_ndjson => {
            Spellings::of(text).advice(text, options.numerals)
        }
        _ => None,
    };
    advice.map(|advice| format!("; {advice}")).unwrap_or_default()
}

/// A cell of NDJSON, which is what a request's JSON is, but for the words that the options have.
fn json_cell<'a>(feature: &Feature, cell: JsonCell<'a>, options: &TextOptions) -> Cell<'a> {
    match cell {
        JsonCell::Text(text) | JsonCell::Number(text) if options.is_missing(text.trim()) => Cell::Missing,
        JsonCell::Null => Cell::Missing,
        JsonCell::Bool(truth) => Cell::Bool(truth),
        JsonCell::Text(text) => Cell::Text(text),
        JsonCell::Number(text) => {
            let value = parse_number(text).unwrap_or(f64::NAN);
            match feature.kind {
                FeatureKind::Numeric => Cell::Number(value),
                _ => Cell::Digits(Digits { value, text, by_value: false }),
            }
        }
    }
}
