//! JSON as pandas' `orient="split"` writes it: `{"columns": ["RM", …], "data": [[6.575, …], …]}`.
//!
//! The two members may come in either order: rows before their columns' names are skipped, and read at the end.

use crate::config::ExtraFeatures;
use crate::http::json::{JsonReader, Value};

use super::absent::{NONE_GIVEN, note_needed};
use super::cells::CellBuffer;
use super::diagnostics::{Diagnostics, unknown_feature};
use super::options::{DecodeError, DecodeOptions};
use super::pointer::Step;
use super::rows::Rows;

/// Steps to the members: (`columns`, `data`).
type Roots = (&'static [Step<'static>], &'static [Step<'static>]);

/// A table read member by member.
pub(super) struct Split<'s, 'a> {
    options: DecodeOptions<'s>,
    roots: Roots,
    /// The feature of each column; none where it is ignored or wrong.
    mapping: Option<Vec<Option<usize>>>,
    /// Where the rows start, when they came before the columns.
    waiting: Option<JsonReader<'a>>,
    cells: Option<CellBuffer>,
}

impl<'s, 'a> Split<'s, 'a> {
    /// Nothing read yet; `is_wrapped` when the table is under `dataframe_split`.
    pub(super) fn new(options: &DecodeOptions<'s>, is_wrapped: bool) -> Self {
        const WRAPPED: Roots =
            (&[Step::Key("dataframe_split"), Step::Key("columns")], &[Step::Key("dataframe_split"), Step::Key("data")]);
        const BARE: Roots = (&[Step::Key("columns")], &[Step::Key("data")]);
        let roots = if is_wrapped { WRAPPED } else { BARE };
        Self { options: *options, roots, mapping: None, waiting: None, cells: None }
    }

    /// Reads the member `columns`, its value's beginning just read.
    pub(super) fn columns(
        &mut self,
        reader: &mut JsonReader<'a>,
        value: &Value<'a>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        let schema = self.options.schema;
        let mut is_given = vec![false; schema.n_features()];
        let mut mapping = Vec::new();
        if *value != Value::Array {
            diagnostics.add(self.roots.0, || format!("columns must be a list of names, not {}", value.noun()));
            reader.skip_rest(value)?;
            self.mapping = Some(mapping);
            return Ok(());
        }
        while reader.next_element()? {
            let place = || [self.roots.0, &[Step::Index(mapping.len())]].concat();
            let feature = match reader.next_value()? {
                Value::Text(name) => match schema.position(&name) {
                    Some(feature) if !std::mem::replace(&mut is_given[feature], true) => Some(feature),
                    Some(_) => {
                        diagnostics.add(&place(), || format!("{name} is listed twice"));
                        None
                    }
                    None if self.options.extra == ExtraFeatures::Ignore => None,
                    None => {
                        diagnostics.add(&place(), || unknown_feature(schema, &name));
                        None
                    }
                },
                other => {
                    diagnostics.add(&place(), || format!("a column's name must be text, not {}", other.noun()));
                    reader.skip_rest(&other)?;
                    None
                }
            };
            mapping.push(feature);
        }
        let needs_others = note_needed(schema, |feature| is_given[feature], diagnostics, |_| self.roots.0.to_vec());
        if !needs_others && !is_given.contains(&true) {
            diagnostics.add(self.roots.0, || NONE_GIVEN.to_owned());
        }
        self.mapping = Some(mapping);
        Ok(())
    }

    /// Reads the member `data`, its value's beginning just read.
    pub(super) fn data(
        &mut self,
        reader: &mut JsonReader<'a>,
        value: &Value<'a>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        if *value != Value::Array {
            diagnostics.add(self.roots.1, || format!("data must be a list of rows, not {}", value.noun()));
            self.cells = Some(CellBuffer::None);
            return Ok(reader.skip_rest(value)?);
        }
        let Some(mapping) = self.mapping.clone() else {
            self.waiting = Some(reader.clone());
            return Ok(reader.skip_rest(value)?);
        };
        self.cells = Some(self.rows(reader, mapping, diagnostics)?);
        Ok(())
    }

    /// Reads the rows that waited, and checks that both members came.
    pub(super) fn finish(mut self, diagnostics: &mut Diagnostics) -> Result<CellBuffer, DecodeError> {
        let mapping = self.mapping.take();
        match (mapping, self.cells.take(), self.waiting.take()) {
            (Some(_), Some(cells), _) => Ok(cells),
            (Some(mapping), None, Some(mut reader)) => self.rows(&mut reader, mapping, diagnostics),
            (Some(_), None, None) => {
                diagnostics.add(self.roots.1, || "data is missing: the list of rows".to_owned());
                Ok(CellBuffer::None)
            }
            (None, ..) => {
                diagnostics.add(self.roots.0, || "columns is missing: the list of the columns' names".to_owned());
                Ok(CellBuffer::None)
            }
        }
    }

    fn rows(
        &self,
        reader: &mut JsonReader<'a>,
        mapping: Vec<Option<usize>>,
        diagnostics: &mut Diagnostics,
    ) -> Result<CellBuffer, DecodeError> {
        let is_sparse = mapping.iter().flatten().count() < self.options.schema.n_features();
        let mut rows = Rows::new(&self.options, self.roots.1, Some(mapping), reader.length());
        while reader.next_element()? {
            rows.check_max_rows()?;
            match reader.next_value()? {
                value if diagnostics.is_full() => rows.pass(reader, &value)?,
                Value::Array => rows.list(reader, diagnostics)?,
                other => rows.wrong(reader, &other, "a list of values", diagnostics)?,
            }
            if is_sparse {
                rows.check_sparse()?;
            }
        }
        Ok(rows.finish(diagnostics))
    }
}
