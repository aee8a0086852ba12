//! The keys that hold rows: what each announces, and how its value is read.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::config::ExtraFeatures;
use crate::http::json::{JsonReader, Value};
use crate::model::schema::Schema;

use super::cells::CellBuffer;
use super::columns::ColumnsReader;
use super::diagnostics::{Diagnostics, unknown_feature};
use super::options::{DecodeError, DecodeOptions};
use super::pointer::Step;
use super::rows::{self, RowsPlace};
use super::split::Split;

/// What a key that holds rows announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowsKey {
    /// `columns` and `data`, side by side.
    Split,
    /// `dataframe_split`: the same under a key.
    DataframeSplit,
    /// `dataframe_records`: records.
    DataframeRecords,
    /// `instances`: records or lists of values; of a model with one feature, values.
    Instances,
    /// `inputs`: the same, or an object of columns.
    Inputs,
    /// `inputs` of the Open Inference Protocol, which has its own route.
    Tensors,
}

impl RowsKey {
    /// What `key` announces.
    pub(super) fn of(key: &str) -> Option<Self> {
        match key {
            "columns" | "data" => Some(Self::Split),
            "dataframe_split" => Some(Self::DataframeSplit),
            "dataframe_records" => Some(Self::DataframeRecords),
            "instances" => Some(Self::Instances),
            "inputs" => Some(Self::Inputs),
            _ => None,
        }
    }

    /// The same, beside columns of features: a key that is also a feature's name announces nothing.
    pub(super) fn beside_features(key: &str, schema: &Schema) -> Option<Self> {
        let is_feature = |name: &str| schema.position(name).is_some();
        let rows_key = Self::of(key)?;
        let is_taken = is_feature(key) || (rows_key == Self::Split && (is_feature("columns") || is_feature("data")));
        (!is_taken).then_some(rows_key)
    }

    /// Reads the key's value, whose beginning was just read. Not for [`RowsKey::Split`], which has two keys.
    pub(super) fn read<'a>(
        self,
        reader: &mut JsonReader<'a>,
        key: &str,
        value: &Value<'a>,
        options: &DecodeOptions<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<CellBuffer, DecodeError> {
        let place = |root: &'static [Step<'static>], lists_allowed| RowsPlace { root, lists_allowed };
        match (self, value) {
            (Self::DataframeSplit, Value::Object) => dataframe_split(reader, options, diagnostics),
            (Self::DataframeRecords, Value::Array) => {
                rows::read(reader, place(&[Step::Key("dataframe_records")], false), options, diagnostics)
            }
            (Self::Instances, Value::Array) => {
                rows::read(reader, place(&[Step::Key("instances")], true), options, diagnostics)
            }
            (Self::Inputs, Value::Array) => {
                rows::read(reader, place(&[Step::Key("inputs")], true), options, diagnostics)
            }
            (Self::Inputs, Value::Object) => inputs(reader, options, diagnostics),
            (Self::Tensors, _) => {
                let route = format!("/v2/models/{}/infer", options.model);
                diagnostics.add(&[Step::Key("inputs")], || format!("an Open Inference Protocol body goes to {route}"));
                reader.skip_rest(value)?;
                Ok(CellBuffer::None)
            }
            _ => {
                let expected = if self == Self::DataframeSplit { "an object" } else { "an array of rows" };
                diagnostics.add(&[Step::Key(key)], || format!("{key} must be {expected}, not {}", value.noun()));
                reader.skip_rest(value)?;
                Ok(CellBuffer::None)
            }
        }
    }

    /// [`RowsKey::Tensors`] if this is `inputs` and its first element, still unread, is a tensor.
    pub(super) fn or_tensors(self, reader: &JsonReader<'_>, value: &Value<'_>, schema: &Schema) -> Self {
        if self == Self::Inputs && holds_tensors(reader, value, schema) { Self::Tensors } else { self }
    }
}

fn dataframe_split(
    reader: &mut JsonReader<'_>,
    options: &DecodeOptions<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<CellBuffer, DecodeError> {
    let mut split = Split::new(options, true);
    let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
    while let Some(key) = reader.next_key()? {
        if !seen.insert(key.clone()) {
            return Err(reader.duplicate(&key).into());
        }
        let value = reader.next_value()?;
        match &*key {
            "columns" => split.columns(reader, &value, diagnostics)?,
            "data" => split.data(reader, &value, diagnostics)?,
            "index" => reader.skip_rest(&value)?,
            other => {
                let place = [Step::Key("dataframe_split"), Step::Key(other)];
                diagnostics.add(&place, || "a split table has columns, data and index".to_owned());
                reader.skip_rest(&value)?;
            }
        }
    }
    split.finish(diagnostics)
}

/// Columns under `inputs`.
fn inputs(
    reader: &mut JsonReader<'_>,
    options: &DecodeOptions<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<CellBuffer, DecodeError> {
    let mut columns = ColumnsReader::new(options, &[Step::Key("inputs")]);
    let mut unknowns: HashSet<Cow<'_, str>> = HashSet::new();
    while let Some(key) = reader.next_key()? {
        if let Some(feature) = options.schema.position(&key) {
            let value = reader.next_value()?;
            columns.read(reader, feature, &value, diagnostics)?;
            continue;
        }
        if options.extra == ExtraFeatures::Reject {
            diagnostics.add(&[Step::Key("inputs"), Step::Key(&key)], || unknown_feature(options.schema, &key));
        }
        if !unknowns.insert(key.clone()) {
            return Err(reader.duplicate(&key).into());
        }
        let value = reader.next_value()?;
        reader.skip_rest(&value)?;
    }
    columns.finish(reader.length(), diagnostics)
}

/// Looks ahead with a copy of the reader; the original reads everything again.
fn holds_tensors(reader: &JsonReader<'_>, value: &Value<'_>, schema: &Schema) -> bool {
    let mut ahead = reader.clone();
    if *value != Value::Array || !matches!(ahead.next_element(), Ok(true)) || ahead.next_value() != Ok(Value::Object) {
        return false;
    }
    while let Ok(Some(key)) = ahead.next_key() {
        if matches!(&*key, "datatype" | "shape") && schema.position(&key).is_none() {
            return true;
        }
        if ahead.next_value().and_then(|v| ahead.skip_rest(&v)).is_err() {
            return false;
        }
    }
    false
}
