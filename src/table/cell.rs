//! A field of a table as its feature is to read it.

use super::dates::is_missing_date;
use super::options::{Numerals, TextOptions};
use super::token::is_missing_word;
use crate::model::cell::Cell;
use crate::model::schema::{Feature, FeatureKind};
use crate::text::number::parse_number;

/// A field without options: missing words are missing where they were in training.
pub(super) fn cell<'a>(feature: &Feature, text: &'a str) -> Cell<'a> {
    let word = feature.compared(text);
    let word_is_missing = match feature.kind {
        FeatureKind::Numeric => true,
        FeatureKind::Date(_) => return if is_missing_date(word) { Cell::Missing } else { Cell::Field(text) },
        FeatureKind::Categorical => feature.accepts_missing() && feature.category_position(word).is_none(),
    };
    if word_is_missing && is_missing_word(word) { Cell::Missing } else { Cell::Field(text) }
}

/// A field as the options say.
pub(super) fn cell_with<'a>(feature: &Feature, text: &'a str, options: &TextOptions) -> Cell<'a> {
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
