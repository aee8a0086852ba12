//! How a model's class labels are written in answers: labels that are numbers in training are numbers there.

use std::borrow::Cow;

use crate::text::number::{MAX_EXACT_F64, is_integer, parse_number, shortest};

/// What the labels of a target are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// Integers, each spelled as one is (`-1`, not `-01`) and within 64 bits.
    Integers,
    /// Numbers, each of them another one.
    Numbers,
    /// Anything else: codes with leading zeros too.
    Text,
}

impl LabelKind {
    /// The kind of these labels, [`LabelKind::Text`] for none.
    pub fn of(labels: &[String]) -> Self {
        if labels.is_empty() {
            return Self::Text;
        }
        if labels.iter().all(|label| integer(label).is_some()) {
            return Self::Integers;
        }
        let mut values: Vec<f64> = labels.iter().filter_map(|label| number(label)).collect();
        values.sort_by(f64::total_cmp);
        let are_distinct = values.windows(2).all(|pair| pair[0] < pair[1]);
        if values.len() == labels.len() && are_distinct { Self::Numbers } else { Self::Text }
    }
}

/// A label as a table of answers has it: a number as JSON writes it, anything else as training saw it.
pub fn shown(label: &str, kind: LabelKind) -> Cow<'_, str> {
    match number(label) {
        Some(value) if kind == LabelKind::Numbers => Cow::Owned(shortest(value)),
        _ => Cow::Borrowed(label),
    }
}

/// The integer that a label spells, if it is spelled as integers are.
pub fn integer(label: &str) -> Option<i64> {
    label.parse::<i64>().ok().filter(|value| value.to_string() == label)
}

/// The number that a label spells; none for a code (`007`) and for an integer that an `f64` may not hold.
pub fn number(label: &str) -> Option<f64> {
    let value = parse_number(label).filter(|value| value.is_finite())?;
    let digits = label.trim().trim_start_matches(['+', '-']);
    let is_code = digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
    let is_rounded = is_integer(digits) && value.abs() > MAX_EXACT_F64;
    (!is_code && !is_rounded).then_some(value + 0.0)
}

/// The position of the class that a text names: the label itself, or another way to write its number or boolean.
pub fn position(labels: &[String], text: &str) -> Option<usize> {
    if let Some(exact) = labels.iter().position(|label| label == text) {
        return Some(exact);
    }
    let text = text.trim();
    let is_truth = |text: &str| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
    let is_same = |label: &String| {
        is_truth(label) && label.eq_ignore_ascii_case(text)
            || number(label).is_some_and(|label| number(text) == Some(label))
    };
    labels.iter().position(|label| label == text).or_else(|| labels.iter().position(is_same))
}
