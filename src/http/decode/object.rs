//! A body that is an object: its keys tell the dialect.
//!
//! A key that is also a feature's name is always that feature: the object then holds columns, whatever else is in it.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::config::ExtraFeatures;
use crate::http::json::{JsonReader, Value};

use super::cells::CellBuffer;
use super::columns::ColumnsReader;
use super::diagnostics::{Diagnostics, unknown_feature};
use super::options::{DecodeError, DecodeOptions};
use super::pointer::Step;
use super::rows_key::RowsKey;
use super::split::Split;

/// A member that clients of Vertex AI send with `instances`.
const PARAMETERS: &str = "parameters";

/// An object being read.
struct Object<'s, 'a> {
    options: DecodeOptions<'s>,
    columns: ColumnsReader<'s, 'a>,
    split: Split<'s, 'a>,
    /// The first key that holds rows, and what it announced.
    rows_key: Option<(RowsKey, Cow<'a, str>)>,
    cells: Option<CellBuffer>,
    /// Keys that are no features, or that came after a key that holds rows.
    others: HashSet<Cow<'a, str>>,
    /// Those of them that have no meaning, in order.
    unknown: Vec<Cow<'a, str>>,
    /// `parameters` with an object or null: taken beside a key that holds rows, as Vertex AI's client sends it.
    has_parameters: bool,
}

/// Reads the rest of a body whose opening brace was read.
pub(super) fn read(
    reader: &mut JsonReader<'_>,
    options: &DecodeOptions<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<CellBuffer, DecodeError> {
    let mut object = Object {
        options: *options,
        columns: ColumnsReader::new(options, &[]),
        split: Split::new(options, false),
        rows_key: None,
        cells: None,
        others: HashSet::new(),
        unknown: Vec::new(),
        has_parameters: false,
    };
    let mut next = 0;
    while let Some(key) = reader.next_key()? {
        match options.schema.position_near(&key, next) {
            Some(feature) if object.rows_key.is_none() => {
                next = feature + 1;
                let value = reader.next_value()?;
                object.columns.read(reader, feature, &value, diagnostics)?;
            }
            _ => object.other(reader, key, diagnostics)?,
        }
    }
    object.finish(reader.length(), diagnostics)
}

impl<'a> Object<'_, 'a> {
    /// Reads a member that is not a column.
    fn other(
        &mut self,
        reader: &mut JsonReader<'a>,
        key: Cow<'a, str>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        if !self.others.insert(key.clone()) {
            return Err(reader.duplicate(&key).into());
        }
        let value = reader.next_value()?;
        let Some(rows_key) = RowsKey::beside_features(&key, self.options.schema) else {
            if key == PARAMETERS && matches!(value, Value::Object | Value::Null) {
                self.has_parameters = true;
            } else {
                self.unknown.push(key);
            }
            return Ok(reader.skip_rest(&value)?);
        };
        let is_first = self.rows_key.is_none() && self.columns.is_empty();
        let goes_on = rows_key == RowsKey::Split && matches!(self.rows_key, Some((RowsKey::Split, _)));
        if !is_first && !goes_on {
            let (key, first) = (&*key, self.rows_key.as_ref().map_or("columns of features", |(_, first)| first));
            diagnostics.add(&[Step::Key(key)], || format!("{key} and {first} both hold rows: send one of them"));
            return Ok(reader.skip_rest(&value)?);
        }
        let rows_key = rows_key.or_tensors(reader, &value, self.options.schema);
        match rows_key {
            RowsKey::Split if key == "columns" => self.split.columns(reader, &value, diagnostics)?,
            RowsKey::Split => self.split.data(reader, &value, diagnostics)?,
            _ => self.cells = Some(rows_key.read(reader, &key, &value, &self.options, diagnostics)?),
        }
        self.rows_key.get_or_insert((rows_key, key));
        Ok(())
    }

    fn finish(self, body_bytes: usize, diagnostics: &mut Diagnostics) -> Result<CellBuffer, DecodeError> {
        match &self.rows_key {
            Some((RowsKey::Tensors, _)) => Ok(CellBuffer::None),
            Some((rows_key, first)) => {
                for key in self.unknown.iter().filter(|k| *rows_key != RowsKey::Split || **k != "index") {
                    diagnostics.add(&[Step::Key(key)], || format!("{key} is not allowed next to {first}; remove it"));
                }
                if *rows_key == RowsKey::Split {
                    self.split.finish(diagnostics)
                } else {
                    Ok(self.cells.unwrap_or(CellBuffer::None))
                }
            }
            None => {
                if self.options.extra == ExtraFeatures::Reject {
                    let parameters = self.has_parameters.then_some(PARAMETERS);
                    for key in self.unknown.iter().map(|key| &**key).chain(parameters) {
                        diagnostics.add(&[Step::Key(key)], || unknown_feature(self.options.schema, key));
                    }
                }
                self.columns.finish(body_bytes, diagnostics)
            }
        }
    }
}
