//! The keys that hold rows: what each announces, and how what it holds is read.
//!
//! Stands apart because `/predict` looks for them among columns of features, and the routes of other servers' clients
//! read nothing but them.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::config::ExtraFeatures;
use crate::http::json::{Reader, Value};
use crate::model::schema::Schema;

use super::columns::Columns;
use super::faults::{Faults, unknown_feature};
use super::pointer::Step;
use super::rows::{self, Place};
use super::split::Split;
use super::{Cells, Refusal, Rules};

/// What a wrapping key announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapper {
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
    /// `inputs` of the Open Inference Protocol, which has a route of its own.
    Tensors,
}

impl Wrapper {
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

    /// The same, among columns of a model of this schema: a key that a feature bears announces nothing.
    pub(super) fn beside_features(key: &str, schema: &Schema) -> Option<Self> {
        let is_feature = |name: &str| schema.position(name).is_some();
        let wrapper = Self::of(key)?;
        let is_taken = is_feature(key) || (wrapper == Self::Split && (is_feature("columns") || is_feature("data")));
        (!is_taken).then_some(wrapper)
    }

    /// Reads what the key holds, its value's beginning just read. Not for [`Wrapper::Split`], which has two keys.
    pub(super) fn read<'a>(
        self,
        reader: &mut Reader<'a>,
        key: &str,
        value: &Value<'a>,
        rules: &Rules<'_>,
        faults: &mut Faults,
    ) -> Result<Cells, Refusal> {
        let place = |root: &'static [Step<'static>], lists_allowed| Place { root, lists_allowed };
        match (self, value) {
            (Self::DataframeSplit, Value::Object) => dataframe_split(reader, rules, faults),
            (Self::DataframeRecords, Value::Array) => {
                rows::read(reader, place(&[Step::Key("dataframe_records")], false), rules, faults)
            }
            (Self::Instances, Value::Array) => {
                rows::read(reader, place(&[Step::Key("instances")], true), rules, faults)
            }
            (Self::Inputs, Value::Array) => rows::read(reader, place(&[Step::Key("inputs")], true), rules, faults),
            (Self::Inputs, Value::Object) => inputs(reader, rules, faults),
            (Self::Tensors, _) => {
                let route = format!("/v2/models/{}/infer", rules.model);
                faults.add(&[Step::Key("inputs")], || format!("an Open Inference Protocol body goes to {route}"));
                reader.skip(value)?;
                Ok(Cells::None)
            }
            _ => {
                let expected = if self == Self::DataframeSplit { "an object" } else { "an array of rows" };
                faults.add(&[Step::Key(key)], || format!("{key} must be {expected}, not {}", value.noun()));
                reader.skip(value)?;
                Ok(Cells::None)
            }
        }
    }

    /// [`Wrapper::Tensors`] when this is `inputs` and its first element, yet to be read, is a tensor.
    pub(super) fn or_tensors(self, reader: &Reader<'_>, value: &Value<'_>, schema: &Schema) -> Self {
        if self == Self::Inputs && holds_tensors(reader, value, schema) { Self::Tensors } else { self }
    }
}

fn dataframe_split(reader: &mut Reader<'_>, rules: &Rules<'_>, faults: &mut Faults) -> Result<Cells, Refusal> {
    let mut split = Split::new(rules, true);
    let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
    while let Some(key) = reader.key()? {
        if !seen.insert(key.clone()) {
            return Err(reader.duplicate(&key).into());
        }
        let value = reader.value()?;
        match &*key {
            "columns" => split.columns(reader, &value, faults)?,
            "data" => split.data(reader, &value, faults)?,
            "index" => reader.skip(&value)?,
            other => {
                let place = [Step::Key("dataframe_split"), Step::Key(other)];
                faults.add(&place, || "a split table has columns, data and index".to_owned());
                reader.skip(&value)?;
            }
        }
    }
    split.finish(faults)
}

/// Columns under `inputs`.
fn inputs(reader: &mut Reader<'_>, rules: &Rules<'_>, faults: &mut Faults) -> Result<Cells, Refusal> {
    let mut columns = Columns::new(rules, &[Step::Key("inputs")]);
    let mut strays: HashSet<Cow<'_, str>> = HashSet::new();
    while let Some(key) = reader.key()? {
        if let Some(feature) = rules.schema.position(&key) {
            let value = reader.value()?;
            columns.read(reader, feature, &value, faults)?;
            continue;
        }
        if rules.extra == ExtraFeatures::Reject {
            faults.add(&[Step::Key("inputs"), Step::Key(&key)], || unknown_feature(rules.schema, &key));
        }
        if !strays.insert(key.clone()) {
            return Err(reader.duplicate(&key).into());
        }
        let value = reader.value()?;
        reader.skip(&value)?;
    }
    Ok(columns.finish(faults))
}

/// Looks ahead on a copy of the reader, which reads it all again.
fn holds_tensors(reader: &Reader<'_>, value: &Value<'_>, schema: &Schema) -> bool {
    let mut ahead = reader.clone();
    if *value != Value::Array || !matches!(ahead.element(), Ok(true)) || ahead.value() != Ok(Value::Object) {
        return false;
    }
    while let Ok(Some(key)) = ahead.key() {
        if matches!(&*key, "datatype" | "shape") && schema.position(&key).is_none() {
            return true;
        }
        if ahead.value().and_then(|v| ahead.skip(&v)).is_err() {
            return false;
        }
    }
    false
}
