//! Rows one after the other: records (`{"RM": 6.575}`) and lists of values in schema order (`[6.575]`).
//!
//! Cells go straight into a row-major buffer. A record's keys are guessed from the record before: a right guess is one
//! comparison instead of a look-up.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::config::ExtraFeatures;
use crate::http::json::{JsonReader, Value, is_plain};

use super::absent::{NONE_GIVEN, check_sparse_rows, note_needed};
use super::cells::{CellBuffer, read_cell};
use super::diagnostics::{Diagnostics, unknown_feature};
use super::options::{DecodeError, DecodeOptions};
use super::places::RowKinds;
use super::pointer::Step;

/// Where rows are in a body, and what a row may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowsPlace {
    /// The steps from the body's root to the array.
    pub(super) root: &'static [Step<'static>],
    /// A row may be a list of values too.
    pub(super) lists_allowed: bool,
}

/// Reads the rows of an array just opened.
pub(super) fn read(
    reader: &mut JsonReader<'_>,
    place: RowsPlace,
    options: &DecodeOptions<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<CellBuffer, DecodeError> {
    let mut rows = Rows::new(options, place.root, None, reader.length());
    while reader.next_element()? {
        rows.check_max_rows()?;
        match reader.next_value()? {
            value if diagnostics.is_full() => rows.pass(reader, &value)?,
            Value::Object => rows.record(reader, diagnostics)?,
            Value::Array if place.lists_allowed => rows.list(reader, diagnostics)?,
            value if place.lists_allowed && rows.is_single() => rows.single(reader, &value, diagnostics)?,
            other if place.lists_allowed => rows.wrong(reader, &other, "a record or a list of values", diagnostics)?,
            other => rows.wrong(reader, &other, "a record", diagnostics)?,
        }
    }
    Ok(rows.finish(diagnostics))
}

/// Rows read so far, row-major.
pub(super) struct Rows<'s> {
    options: DecodeOptions<'s>,
    root: &'static [Step<'static>],
    /// The feature of each position of a list; none where a value is skipped.
    mapping: Vec<Option<usize>>,
    /// Each feature's name, if JSON needs no escapes for it.
    spelled: Vec<Option<&'s [u8]>>,
    /// The features of the record before, in the order of its keys.
    order: Vec<usize>,
    /// The row (counted from 1) in which each feature was last given.
    given: Vec<usize>,
    values: Vec<f64>,
    count: usize,
    /// Bytes of the body.
    body_bytes: usize,
    kinds: RowKinds,
}

impl<'s> Rows<'s> {
    /// No rows yet, of a body of this many bytes. Lists of values are in schema order unless `mapping` gives each
    /// position's feature.
    pub(super) fn new(
        options: &DecodeOptions<'s>,
        root: &'static [Step<'static>],
        mapping: Option<Vec<Option<usize>>>,
        body_bytes: usize,
    ) -> Self {
        let features = options.schema.features();
        let spell = |name: &'s String| is_plain(name).then_some(name.as_bytes());
        Self {
            options: *options,
            root,
            mapping: mapping.unwrap_or_else(|| (0..features.len()).map(Some).collect()),
            spelled: features.iter().map(|f| spell(&f.name)).collect(),
            order: Vec::new(),
            given: vec![0; features.len()],
            values: Vec::new(),
            count: 0,
            body_bytes,
            kinds: RowKinds::default(),
        }
    }

    /// The same rows, counted from `first`: earlier ones were read before.
    pub(super) fn starting_at(self, first: usize) -> Self {
        Self { count: first, ..self }
    }

    /// True when a row is one value.
    fn is_single(&self) -> bool {
        self.given.len() == 1
    }

    /// Checks that there may be another row.
    #[inline]
    pub(super) fn check_max_rows(&self) -> Result<(), DecodeError> {
        if self.count < self.options.max_rows { Ok(()) } else { Err(DecodeError::TooManyRows(self.options.max_rows)) }
    }

    /// The cells, or the error that there are none.
    pub(super) fn finish(self, diagnostics: &mut Diagnostics) -> CellBuffer {
        if self.count == 0 {
            diagnostics.add(self.root, || "no rows".to_owned());
        }
        diagnostics.set_places(self.kinds.places(self.root, &self.mapping));
        CellBuffer::Rows(self.values)
    }

    /// The cells, if there is a row.
    pub(super) fn cells(self) -> Option<CellBuffer> {
        (!self.values.is_empty()).then_some(CellBuffer::Rows(self.values))
    }

    /// Skips a row unjudged, because the diagnostics are full.
    pub(super) fn pass<'a>(&mut self, reader: &mut JsonReader<'a>, value: &Value<'a>) -> Result<(), DecodeError> {
        self.count += 1;
        Ok(reader.skip_rest(value)?)
    }

    /// Skips a value that is not `expected`, and notes it.
    pub(super) fn wrong<'a>(
        &mut self,
        reader: &mut JsonReader<'a>,
        value: &Value<'a>,
        expected: &str,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        let hint = if *value == Value::Array { "; lists of values go under \"instances\"" } else { "" };
        diagnostics.add(&self.steps(&[]), || format!("a row must be {expected}, not {}{hint}", value.noun()));
        self.count += 1;
        Ok(reader.skip_rest(value)?)
    }

    /// Reads the rest of a list of values whose bracket was read.
    pub(super) fn list(
        &mut self,
        reader: &mut JsonReader<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        let base = self.start_row(diagnostics);
        self.kinds.has_lists = true;
        let mut n = 0;
        while reader.next_element()? {
            let value = reader.next_value()?;
            match self.mapping.get(n) {
                Some(Some(feature)) => {
                    let feature = *feature;
                    let of = &self.options.schema.features()[feature];
                    self.values[base + feature] = read_cell(reader, of, &value, diagnostics, |diagnostics, detail| {
                        diagnostics.add(&self.steps(&[Step::Index(n)]), || detail);
                    })?;
                }
                _ => reader.skip_rest(&value)?,
            }
            n += 1;
        }
        if n != self.mapping.len() {
            let detail = format!("the row has {n} values, there are {} columns", self.mapping.len());
            diagnostics.add(&self.steps(&[]), || detail);
        }
        self.count += 1;
        Ok(())
    }

    /// Reads a row that is its one value.
    fn single<'a>(
        &mut self,
        reader: &mut JsonReader<'a>,
        value: &Value<'a>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        let base = self.start_row(diagnostics);
        self.kinds.has_values = true;
        let of = &self.options.schema.features()[0];
        self.values[base] = read_cell(reader, of, value, diagnostics, |diagnostics, detail| {
            diagnostics.add(&self.steps(&[]), || detail);
        })?;
        self.count += 1;
        Ok(())
    }

    /// Reads the rest of a record whose brace was read.
    pub(super) fn record<'a>(
        &mut self,
        reader: &mut JsonReader<'a>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        let base = self.start_row(diagnostics);
        self.kinds.has_records = true;
        let mut n_given = 0;
        let mut unknowns: HashSet<Cow<'a, str>> = HashSet::new();
        loop {
            let feature = if let Some(feature) = self.guess(reader, n_given) {
                feature
            } else {
                let Some(key) = reader.next_key()? else { break };
                let Some(feature) = self.options.schema.position(&key) else {
                    self.unknown_key(reader, key, &mut unknowns, diagnostics)?;
                    continue;
                };
                feature
            };
            self.note_order(n_given, feature);
            n_given += 1;
            if std::mem::replace(&mut self.given[feature], self.count + 1) == self.count + 1 {
                return Err(reader.duplicate(&self.options.schema.features()[feature].name).into());
            }
            let value = reader.next_value()?;
            let of = &self.options.schema.features()[feature];
            self.values[base + feature] = read_cell(reader, of, &value, diagnostics, |diagnostics, detail| {
                diagnostics.add(&self.steps(&[Step::Key(&of.name)]), || detail);
            })?;
        }
        if n_given < self.given.len() {
            self.absent(n_given, diagnostics)?;
        }
        self.count += 1;
        Ok(())
    }

    /// The feature of the next key, if it is the one at this position in the record before.
    #[inline]
    fn guess(&self, reader: &mut JsonReader<'_>, position: usize) -> Option<usize> {
        let feature = *self.order.get(position)?;
        reader.next_key_is(self.spelled[feature]?).then_some(feature)
    }

    #[inline]
    fn note_order(&mut self, position: usize, feature: usize) {
        match self.order.get_mut(position) {
            Some(expected) => *expected = feature,
            None => self.order.push(feature),
        }
    }

    fn unknown_key<'a>(
        &self,
        reader: &mut JsonReader<'a>,
        key: Cow<'a, str>,
        unknowns: &mut HashSet<Cow<'a, str>>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        if unknowns.contains(&key) {
            return Err(reader.duplicate(&key).into());
        }
        if self.options.extra == ExtraFeatures::Reject {
            diagnostics.add(&self.steps(&[Step::Key(&key)]), || unknown_feature(self.options.schema, &key));
        }
        unknowns.insert(key);
        let value = reader.next_value()?;
        Ok(reader.skip_rest(&value)?)
    }

    /// Judges the features that a record leaves out.
    #[cold]
    fn absent(&self, n_given: usize, diagnostics: &mut Diagnostics) -> Result<(), DecodeError> {
        let is_given = |feature: usize| self.given[feature] == self.count + 1;
        let needs_others =
            note_needed(self.options.schema, is_given, diagnostics, |name| self.steps(&[Step::Key(name)]));
        if n_given == 0 && !needs_others {
            diagnostics.add(&self.steps(&[]), || NONE_GIVEN.to_owned());
        }
        self.check_sparse()
    }

    /// Checks that rows of which not every cell is sent have room.
    pub(super) fn check_sparse(&self) -> Result<(), DecodeError> {
        let width = self.given.len();
        check_sparse_rows(self.values.len() / width, self.body_bytes, width)
    }

    /// Adds a row and gives its start. After an error only one row is kept: padded to full width, short rows
    /// would take more memory than the body.
    #[inline]
    fn start_row(&mut self, diagnostics: &Diagnostics) -> usize {
        if !diagnostics.is_empty() {
            self.values.clear();
        }
        let base = self.values.len();
        self.values.resize(base + self.given.len(), f64::NAN);
        base
    }

    /// The steps to a place within the row being read.
    fn steps<'x>(&self, within: &[Step<'x>]) -> Vec<Step<'x>> {
        let row = [Step::Index(self.count)];
        self.root.iter().copied().chain(row).chain(within.iter().copied()).collect()
    }
}
