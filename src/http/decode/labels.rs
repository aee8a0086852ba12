//! Row labels of labelled columns, as pandas' `to_dict()` writes them: `{"RM": {"0": 6.5, "1": 7.1}}`.
//!
//! Labels are nearly always "0", "1", "2", …: as long as they are, none is stored. While later columns repeat the first
//! one's labels in order, none is looked up.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::http::json::{JsonReader, SyntaxError};

/// The labels of the first column, in its order, each once.
#[derive(Debug)]
pub(super) enum Labels<'a> {
    /// "0" to "n − 1".
    Counting(usize),
    /// Any others.
    Listed { list: Vec<Cow<'a, str>>, rows: HashMap<Cow<'a, str>, usize> },
}

impl<'a> Labels<'a> {
    /// How many rows they label.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Counting(n) => *n,
            Self::Listed { list, .. } => list.len(),
        }
    }

    /// The label of `row`, for a pointer.
    pub(super) fn text(&self, row: usize) -> Cow<'_, str> {
        match self {
            Self::Counting(_) => Cow::Owned(row.to_string()),
            Self::Listed { list, .. } => Cow::Borrowed(list.get(row).map_or("", |label| label)),
        }
    }

    /// The row labelled `label`.
    pub(super) fn row(&self, label: &str) -> Option<usize> {
        match self {
            Self::Counting(n) => {
                let row: usize = label.parse().ok()?;
                let is_canonical = label == "0" || !label.starts_with(['0', '+']);
                (row < *n && is_canonical).then_some(row)
            }
            Self::Listed { rows, .. } => rows.get(label).copied(),
        }
    }

    /// Adds the next label of the first column; false when it is there already.
    pub(super) fn add(&mut self, label: Cow<'a, str>) -> bool {
        if let Self::Counting(n) = self {
            if Counter::at(*n).as_bytes() == label.as_bytes() {
                *n += 1;
                return true;
            }
            let list: Vec<Cow<'a, str>> = (0..*n).map(|row| Cow::Owned(row.to_string())).collect();
            let rows = list.iter().cloned().zip(0..).collect();
            *self = Self::Listed { list, rows };
        }
        let Self::Listed { list, rows } = self else { return false };
        if rows.insert(label.clone(), list.len()).is_some() {
            return false;
        }
        list.push(label);
        true
    }

    /// Moves the reader past its next key if that is the label of `row`, and returns whether it did: one comparison.
    /// `counter` must be at `row`.
    #[inline]
    pub(super) fn take_label(&self, reader: &mut JsonReader<'a>, row: usize, counter: &Counter) -> bool {
        match self {
            Self::Counting(n) => row < *n && reader.next_key_is(counter.as_bytes()),
            // A borrowed label had no escapes, so its bytes in the body are its text.
            Self::Listed { list, .. } => match list.get(row) {
                Some(Cow::Borrowed(label)) => reader.next_key_is(label.as_bytes()),
                _ => false,
            },
        }
    }
}

/// Reads the next label of the first column; false at its end.
///
/// # Errors
/// It is no key, or labels an earlier row too.
#[inline]
pub(super) fn next_of_first<'a>(
    reader: &mut JsonReader<'a>,
    labels: &mut Labels<'a>,
    counter: &mut Counter,
) -> Result<bool, SyntaxError> {
    if let Labels::Counting(n) = labels
        && reader.next_key_is(counter.as_bytes())
    {
        *n += 1;
        counter.increment();
        return Ok(true);
    }
    let Some(label) = reader.next_key()? else { return Ok(false) };
    counter.increment();
    let text = label.clone();
    if labels.add(label) { Ok(true) } else { Err(reader.duplicate(&text)) }
}

/// A row number in decimal, counted up in place.
#[derive(Debug)]
pub(super) struct Counter {
    digits: [u8; 20],
    start: usize,
}

impl Counter {
    /// A counter at `row`.
    pub(super) fn at(row: usize) -> Self {
        let mut digits = [b'0'; 20];
        if row == 0 {
            return Self { digits, start: digits.len() - 1 };
        }
        let text = row.to_string();
        let start = digits.len() - text.len();
        digits[start..].copy_from_slice(text.as_bytes());
        Self { digits, start }
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }

    #[inline]
    pub(super) fn increment(&mut self) {
        let mut place = self.digits.len() - 1;
        while self.digits[place] == b'9' {
            self.digits[place] = b'0';
            place -= 1;
        }
        self.digits[place] += 1;
        self.start = self.start.min(place);
    }
}

#[cfg(test)]
mod tests {
    use super::{Counter, Labels};

    #[test]
    fn a_counter_counts_as_people_write() {
        let mut counter = Counter::at(0);
        for row in 0..12_345_usize {
            assert_eq!(counter.as_bytes(), row.to_string().as_bytes());
            counter.increment();
        }
    }

    #[test]
    fn labels_that_stop_counting_keep_their_rows() {
        let mut labels = Labels::Counting(0);
        for label in ["0", "1", "10", "a"] {
            assert!(labels.add(label.into()), "{label}");
        }
        assert!(!labels.add("1".into()));
        assert_eq!(["0", "10", "a", "2"].map(|l| labels.row(l)), [Some(0), Some(2), Some(3), None]);
    }

    #[test]
    fn only_a_number_as_it_is_written_labels_a_counted_row() {
        let labels = Labels::Counting(3);
        assert_eq!(
            ["0", "2", "3", "02", "+1", "-0", " 1"].map(|l| labels.row(l)),
            [Some(0), Some(2), None, None, None, None, None]
        );
    }
}
