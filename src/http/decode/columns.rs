//! JSON with columns: `{"RM": {"0": 6.5}}`, `{"RM": [6.5]}` or `{"RM": 6.5}`.
//!
//! A body is read feature by feature; cells are joined to rows by position or by label.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::http::json::{JsonReader, Value};

use super::absent::{NONE_GIVEN, check_sparse_rows, note_needed};
use super::cells::{CellBuffer, read_cell};
use super::column::{ColumnForm, ColumnState};
use super::diagnostics::{Diagnostics, MAX_REPORTED};
use super::labels::{Counter, Labels, next_of_first};
use super::options::{DecodeError, DecodeOptions};
use super::places::Places;
use super::pointer::Step;

/// The columns read so far.
pub(super) struct ColumnsReader<'s, 'a> {
    options: DecodeOptions<'s>,
    /// The steps from the body's root to the object of columns.
    root: &'static [Step<'static>],
    form: Option<ColumnForm>,
    /// The feature that came first: its rows are the rows of the batch.
    first: usize,
    labels: Labels<'a>,
    read: Vec<ColumnState>,
}

impl<'s, 'a> ColumnsReader<'s, 'a> {
    /// None so far. `root` are the steps from the body's root to the object.
    pub(super) fn new(options: &DecodeOptions<'s>, root: &'static [Step<'static>]) -> Self {
        let read = vec![ColumnState::Absent; options.schema.n_features()];
        let labels = Labels::Counting(0);
        Self { options: *options, root, form: None, first: 0, labels, read }
    }

    /// True before the first column.
    pub(super) fn is_empty(&self) -> bool {
        self.form.is_none()
    }

    /// Reads the column of `feature`, whose key and value's beginning were just read.
    pub(super) fn read(
        &mut self,
        reader: &mut JsonReader<'a>,
        feature: usize,
        value: &Value<'a>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        let name = &self.options.schema.features()[feature].name;
        if !matches!(self.read[feature], ColumnState::Absent) {
            return Err(reader.duplicate(name).into());
        }
        if diagnostics.is_full() {
            self.read[feature] = ColumnState::Wrong;
            return Ok(reader.skip_rest(value)?);
        }
        let form = ColumnForm::of(value);
        let is_first = self.form.is_none();
        if is_first {
            (self.form, self.first) = (Some(form), feature);
        }
        let column = match form {
            _ if self.form != Some(form) => {
                let first = &self.options.schema.features()[self.first].name;
                diagnostics.add(&self.steps(&[Step::Key(name)]), || format!("{name} is not written as {first} is"));
                reader.skip_rest(value)?;
                ColumnState::Wrong
            }
            ColumnForm::Labelled if is_first => self.first_labelled(reader, feature, diagnostics)?,
            ColumnForm::Labelled => self.next_labelled(reader, feature, diagnostics)?,
            ColumnForm::Lists => self.list(reader, feature, diagnostics)?,
            ColumnForm::Record => ColumnState::One(self.cell(reader, feature, value, &[], diagnostics)?),
        };
        self.read[feature] = column;
        Ok(())
    }

    /// Checks that every feature that is needed came, with as many rows as the first, in a body of this many bytes.
    /// What did not come is missing in every row.
    pub(super) fn finish(self, body_bytes: usize, diagnostics: &mut Diagnostics) -> Result<CellBuffer, DecodeError> {
        let features = self.options.schema.features();
        let n_rows = self.read[self.first].cells().len();
        for (position, column) in self.read.iter().enumerate() {
            let n = column.cells().len();
            if n != n_rows && matches!(column, ColumnState::One(_) | ColumnState::Read(_)) {
                let [name, first] = self.names([position, self.first]);
                diagnostics
                    .add(&self.steps(&[Step::Key(name)]), || format!("{name} has {n} values, {first} has {n_rows}"));
            }
        }
        let is_sparse = self.read.iter().any(|column| matches!(column, ColumnState::Absent));
        if is_sparse {
            let is_given = |position: usize| !matches!(self.read[position], ColumnState::Absent);
            let needs_others =
                note_needed(self.options.schema, is_given, diagnostics, |name| self.steps(&[Step::Key(name)]));
            if self.is_empty() && !needs_others {
                diagnostics.add(&self.steps(&[]), || NONE_GIVEN.to_owned());
            }
        }
        if n_rows == 0 && !self.is_empty() {
            diagnostics.add(&self.steps(&[]), || "no rows".to_owned());
        }
        if !diagnostics.is_empty() {
            return Ok(CellBuffer::None);
        }
        diagnostics.set_places(match (self.form, &self.labels) {
            (Some(ColumnForm::Labelled), Labels::Listed { .. }) => Places::Labelled(self.root),
            (Some(ColumnForm::Labelled | ColumnForm::Lists), _) => Places::Columns(self.root),
            (Some(ColumnForm::Record) | None, _) => Places::Record(self.root),
        });
        if is_sparse {
            check_sparse_rows(n_rows, body_bytes, features.len())?;
        }
        if self.read.iter().all(|column| matches!(column, ColumnState::One(_) | ColumnState::Absent)) {
            let cell = |column: &ColumnState| column.cells().first().copied().unwrap_or(f64::NAN);
            return Ok(CellBuffer::Rows(self.read.iter().map(cell).collect()));
        }
        let cells = |column: ColumnState| match column {
            ColumnState::Absent => vec![f64::NAN; n_rows],
            given => given.into_cells(),
        };
        Ok(CellBuffer::Columns(self.read.into_iter().map(cells).collect()))
    }

    fn first_labelled(
        &mut self,
        reader: &mut JsonReader<'a>,
        feature: usize,
        diagnostics: &mut Diagnostics,
    ) -> Result<ColumnState, DecodeError> {
        let mut counter = Counter::at(0);
        let mut column = ColumnState::Read(Vec::new());
        while next_of_first(reader, &mut self.labels, &mut counter)? {
            let row = column.cells().len();
            self.check_rows(row)?;
            let cell = self.labelled_cell(reader, feature, row, diagnostics)?;
            column.push(cell);
        }
        Ok(column)
    }

    /// A column after the first: by position while its labels repeat the first column's, by label after that.
    fn next_labelled(
        &self,
        reader: &mut JsonReader<'a>,
        feature: usize,
        diagnostics: &mut Diagnostics,
    ) -> Result<ColumnState, DecodeError> {
        let mut counter = Counter::at(0);
        let mut column = Vec::new();
        if self.labels.len() == 1 && self.labels.take_label(reader, 0, &counter) {
            let cell = self.labelled_cell(reader, feature, 0, diagnostics)?;
            if reader.end_object() {
                return Ok(ColumnState::One(cell));
            }
            column.push(cell);
        } else {
            column.reserve_exact(self.labels.len());
        }
        while self.labels.take_label(reader, column.len(), &counter) {
            column.push(self.labelled_cell(reader, feature, column.len(), diagnostics)?);
            counter.increment();
        }
        if column.len() == self.labels.len() && reader.end_object() {
            return Ok(ColumnState::Read(column));
        }
        let mut seen = vec![true; column.len()];
        self.by_label(reader, feature, &mut column, &mut seen, diagnostics)?;
        seen.resize(self.labels.len(), false);
        let [name, first] = self.names([feature, self.first]);
        let mut is_whole = true;
        for row in (0..seen.len()).filter(|row| !seen[*row]).take(MAX_REPORTED) {
            let label = self.labels.text(row);
            diagnostics.add(&self.steps(&[Step::Key(name), Step::Key(&label)]), || {
                format!("{name} has no value for row {label:?}, {first} has")
            });
            is_whole = false;
        }
        // An incomplete column is not kept: padded to full length, many of them would take more memory than the body.
        Ok(if is_whole { ColumnState::Read(column) } else { ColumnState::Wrong })
    }

    /// Reads the rest of a column by label, each value into its row.
    fn by_label(
        &self,
        reader: &mut JsonReader<'a>,
        feature: usize,
        column: &mut Vec<f64>,
        seen: &mut Vec<bool>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        let mut unknowns: HashSet<Cow<'a, str>> = HashSet::new();
        while let Some(label) = reader.next_key()? {
            if let Some(row) = self.labels.row(&label) {
                column.resize(self.labels.len(), f64::NAN);
                seen.resize(self.labels.len(), false);
                if std::mem::replace(&mut seen[row], true) {
                    return Err(reader.duplicate(&label).into());
                }
                column[row] = self.labelled_cell(reader, feature, row, diagnostics)?;
                continue;
            }
            if unknowns.contains(&label) {
                return Err(reader.duplicate(&label).into());
            }
            let [name, first] = self.names([feature, self.first]);
            let place = self.steps(&[Step::Key(name), Step::Key(&label)]);
            diagnostics.add(&place, || format!("{first} has no row of this label"));
            unknowns.insert(label);
            let value = reader.next_value()?;
            reader.skip_rest(&value)?;
        }
        Ok(())
    }

    fn names<const N: usize>(&self, features: [usize; N]) -> [&'s str; N] {
        features.map(|feature| self.options.schema.features()[feature].name.as_str())
    }

    fn list(
        &self,
        reader: &mut JsonReader<'a>,
        feature: usize,
        diagnostics: &mut Diagnostics,
    ) -> Result<ColumnState, DecodeError> {
        let expected = self.read[self.first].cells().len();
        let mut column = ColumnState::Read(if expected > 1 { Vec::with_capacity(expected) } else { Vec::new() });
        while reader.next_element()? {
            let row = column.cells().len();
            self.check_rows(row)?;
            let value = reader.next_value()?;
            column.push(self.cell(reader, feature, &value, &[Step::Index(row)], diagnostics)?);
        }
        if let ColumnState::Read(cells) = &mut column {
            cells.shrink_to_fit();
        }
        Ok(column)
    }

    /// Checks that there may be one row more than `n_rows`.
    #[inline]
    fn check_rows(&self, n_rows: usize) -> Result<(), DecodeError> {
        if n_rows < self.options.max_rows { Ok(()) } else { Err(DecodeError::TooManyRows(self.options.max_rows)) }
    }

    #[inline]
    fn labelled_cell(
        &self,
        reader: &mut JsonReader<'a>,
        feature: usize,
        row: usize,
        diagnostics: &mut Diagnostics,
    ) -> Result<f64, DecodeError> {
        let value = reader.next_value()?;
        let of = &self.options.schema.features()[feature];
        let cell = read_cell(reader, of, &value, diagnostics, |diagnostics, detail| {
            let label = self.labels.text(row);
            diagnostics.add(&self.steps(&[Step::Key(&of.name), Step::Key(&label)]), || detail);
        })?;
        Ok(cell)
    }

    #[inline]
    fn cell(
        &self,
        reader: &mut JsonReader<'a>,
        feature: usize,
        value: &Value<'a>,
        within: &[Step<'_>],
        diagnostics: &mut Diagnostics,
    ) -> Result<f64, DecodeError> {
        let of = &self.options.schema.features()[feature];
        let cell = read_cell(reader, of, value, diagnostics, |diagnostics, detail| {
            let place = [self.steps(&[Step::Key(&of.name)]).as_slice(), within].concat();
            diagnostics.add(&place, || detail);
        })?;
        Ok(cell)
    }

    fn steps<'x>(&self, within: &[Step<'x>]) -> Vec<Step<'x>> {
        self.root.iter().copied().chain(within.iter().copied()).collect()
    }
}
