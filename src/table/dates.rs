//! Columns of dates: which form their cells have, and one cell read.

use arrow_array::RecordBatch;

use super::columnar::visit;
use super::error::TableError;
use super::ndjson::JsonCell;
use super::options::TextOptions;
use super::part::Content;
use super::record::Record;
use super::scan::Scan;
use crate::text::date::{DateForm, Instant};
use crate::text::missing::{NOT_A_TIME, is_missing_word};

/// Whether the cells of a column are dates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DateScan {
    /// Cells that hold something.
    pub n: u64,
    /// How many of them are dates of each form, in the order of [`DateForm::ALL`].
    pub n_of_form: [u64; 3],
    /// The first that is none, by the form: its line and its text.
    pub first_other: [Option<(u64, String)>; 3],
}

impl DateScan {
    /// The forms that all cells have; none for a column that holds nothing.
    pub fn forms(&self) -> Vec<DateForm> {
        let counts = DateForm::ALL.into_iter().zip(self.n_of_form);
        counts.filter(|(_, n)| self.n > 0 && *n == self.n).map(|(form, _)| form).collect()
    }

    /// The form that most cells have; of equally common ones the first.
    pub fn commonest(&self) -> DateForm {
        let counts = DateForm::ALL.into_iter().zip(self.n_of_form).rev();
        counts.max_by_key(|(_, n)| *n).map_or(DateForm::YearFirst, |(form, _)| form)
    }

    /// How many cells are dates of this form.
    pub fn n_of(&self, form: DateForm) -> u64 {
        self.n_of_form[form as usize]
    }

    /// The first cell that is no date of this form: its line and its text.
    pub fn other_than(&self, form: DateForm) -> Option<&(u64, String)> {
        self.first_other[form as usize].as_ref()
    }

    /// Of texts, each on a line of its own.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t String>) -> Self {
        let mut scan = Self::default();
        (1..).zip(texts).for_each(|(line, text)| scan.count(text, line));
        scan
    }

    fn count(&mut self, text: &str, line: u64) {
        if is_missing_date(text) {
            return;
        }
        self.n += 1;
        let of_form = self.n_of_form.iter_mut().zip(&mut self.first_other);
        for (form, (n, other)) in DateForm::ALL.into_iter().zip(of_form) {
            if Instant::parse(text, form).is_some() {
                *n += 1;
            } else {
                other.get_or_insert_with(|| (line, text.to_owned()));
            }
        }
    }
}

impl Scan<'_> {
    /// True when a column may be of dates: it holds no number, and one of its first texts that are not missing dates is a
    /// date of some form.
    pub fn may_be_dates(&self, column: usize) -> bool {
        let seen = &self.columns[column];
        let is_date = |text: &str| DateForm::ALL.into_iter().any(|form| Instant::parse(text, form).is_some());
        let mut first = seen.first_texts.iter().map(|(_, text)| text).chain(&seen.first_beside_nat);
        seen.numbers == 0 && seen.first_infinite.is_none() && first.any(|text| is_date(text))
    }

    /// Reads these columns for dates, in that order.
    ///
    /// # Errors
    /// As [`TableFile::scan`](super::TableFile::scan), which has read the same bytes before.
    pub fn dates(&self, columns: &[usize]) -> Result<Vec<DateScan>, TableError> {
        let mut scans = vec![DateScan::default(); columns.len()];
        if columns.is_empty() {
            return Ok(scans);
        }
        let options = &self.file.options;
        for (part, order) in self.file.parts.iter().zip(&self.orders) {
            match &part.content {
                Content::Text { .. } => {
                    let mut records = part.records(options)?;
                    let mut record = Record::default();
                    while records.read(&mut record)? {
                        for (column, scan) in columns.iter().zip(&mut scans) {
                            let column = order[*column];
                            let text = if part.is_ndjson() {
                                JsonCell::of(&record, column).text()
                            } else {
                                record.field(column)
                            };
                            let text = text.trim();
                            if !options.is_missing(text) {
                                scan.count(text, records.line());
                            }
                        }
                    }
                }
                Content::Columns { batches, .. } => {
                    let mut first_row = 0;
                    for batch in batches {
                        for (column, scan) in columns.iter().zip(&mut scans) {
                            count_batch(batch, order[*column], first_row, options, scan);
                        }
                        first_row += batch.num_rows() as u64;
                    }
                }
            }
        }
        Ok(scans)
    }
}

/// True for a cell of a column of dates that holds none, without white space around it.
pub(super) fn is_missing_date(text: &str) -> bool {
    text.is_empty() || is_missing_word(text) || text == NOT_A_TIME
}

/// A cell of a column of dates as seconds since 1970, NaN where it is missing.
pub(super) fn date(text: &str, form: DateForm) -> Result<f64, String> {
    if is_missing_date(text) {
        return Ok(f64::NAN);
    }
    let at = Instant::parse(text, form).map(Instant::to_f64);
    at.ok_or_else(|| format!("{text:?} is not a date such as {}; correct it or leave the cell empty", form.examples()))
}

/// Counts a column of a record batch whose first row is `first_row` of its file, from 0.
fn count_batch(batch: &RecordBatch, column: usize, first_row: u64, options: &TextOptions, scan: &mut DateScan) {
    let mut text = String::new();
    // The scan before has refused what cannot be visited.
    let _ = visit(batch.column(column), &mut |row, value| {
        text.clear();
        value.append_to(&mut text);
        let text = text.trim();
        if !options.is_missing(text) {
            scan.count(text, first_row + row as u64 + 1);
        }
    });
}
