//! A body that is an object: which dialect its keys tell.
//!
//! Stands apart as the one place that knows the wrapping keys. A key that a feature bears wraps nothing: the object
//! then holds columns, whatever else is in it.

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
enum Wrapper {
    /// `columns` and `data`, side by side.
    Split,
    /// `dataframe_split`: the same under a key.
    DataframeSplit,
    /// `dataframe_records`: records.
    DataframeRecords,
    /// `instances`: records or lists of values.
    Instances,
    /// `inputs`: the same, or an object of columns.
    Inputs,
    /// `inputs` of the Open Inference Protocol, which has a route of its own.
    Tensors,
}

impl Wrapper {
    /// What `key` announces to a model of this schema.
    fn of(key: &str, schema: &Schema) -> Option<Self> {
        let is_feature = |name: &str| schema.position(name).is_some();
        let wrapper = match key {
            "columns" | "data" => Self::Split,
            "dataframe_split" => Self::DataframeSplit,
            "dataframe_records" => Self::DataframeRecords,
            "instances" => Self::Instances,
            "inputs" => Self::Inputs,
            _ => return None,
        };
        let is_taken = is_feature(key) || (wrapper == Self::Split && (is_feature("columns") || is_feature("data")));
        (!is_taken).then_some(wrapper)
    }
}

/// An object being read.
struct Object<'s, 'a> {
    rules: Rules<'s>,
    columns: Columns<'s, 'a>,
    split: Split<'s, 'a>,
    /// The wrapping key met first, and what it announced.
    wrapper: Option<(Wrapper, Cow<'a, str>)>,
    cells: Option<Cells>,
    /// Keys that are no feature's, or came too late to be.
    others: HashSet<Cow<'a, str>>,
    /// Those of them that announce nothing, in order.
    unknown: Vec<Cow<'a, str>>,
}

/// Reads the rest of a body whose opening brace is behind us.
pub(super) fn read(reader: &mut Reader<'_>, rules: &Rules<'_>, faults: &mut Faults) -> Result<Cells, Refusal> {
    let mut object = Object {
        rules: *rules,
        columns: Columns::new(rules, &[]),
        split: Split::new(rules, false),
        wrapper: None,
        cells: None,
        others: HashSet::new(),
        unknown: Vec::new(),
    };
    while let Some(key) = reader.key()? {
        match rules.schema.position(&key) {
            Some(feature) if object.wrapper.is_none() => {
                let value = reader.value()?;
                object.columns.read(reader, feature, &value, faults)?;
            }
            _ => object.other(reader, key, faults)?,
        }
    }
    object.finish(faults)
}

impl<'a> Object<'_, 'a> {
    /// Reads a member that is not a column.
    fn other(&mut self, reader: &mut Reader<'a>, key: Cow<'a, str>, faults: &mut Faults) -> Result<(), Refusal> {
        if !self.others.insert(key.clone()) {
            return Err(reader.duplicate(&key).into());
        }
        let value = reader.value()?;
        let Some(wrapper) = Wrapper::of(&key, self.rules.schema) else {
            self.unknown.push(key);
            return Ok(reader.skip(&value)?);
        };
        let is_first = self.wrapper.is_none() && self.columns.is_empty();
        let goes_on = wrapper == Wrapper::Split && matches!(self.wrapper, Some((Wrapper::Split, _)));
        if !is_first && !goes_on {
            let (key, first) = (&*key, self.wrapper.as_ref().map_or("columns of features", |(_, first)| first));
            faults.add(&[Step::Key(key)], || format!("{key} cannot stand beside {first}: send one of them"));
            return Ok(reader.skip(&value)?);
        }
        let announced = if wrapper == Wrapper::Inputs && self.holds_tensors(reader, &value) {
            reader.skip(&value)?;
            Wrapper::Tensors
        } else {
            self.unwrap(reader, wrapper, &key, &value, faults)?;
            wrapper
        };
        self.wrapper.get_or_insert((announced, key));
        Ok(())
    }

    /// Reads what a wrapping key holds.
    fn unwrap(
        &mut self,
        reader: &mut Reader<'a>,
        wrapper: Wrapper,
        key: &str,
        value: &Value<'a>,
        faults: &mut Faults,
    ) -> Result<(), Refusal> {
        let rules = self.rules;
        let place = |root: &'static [Step<'static>], lists_allowed| Place { root, lists_allowed };
        let cells = match (wrapper, value) {
            (Wrapper::Split, _) if key == "columns" => return self.split.columns(reader, value, faults),
            (Wrapper::Split, _) => return self.split.data(reader, value, faults),
            (Wrapper::DataframeSplit, Value::Object) => self.dataframe_split(reader, faults)?,
            (Wrapper::DataframeRecords, Value::Array) => {
                rows::read(reader, place(&[Step::Key("dataframe_records")], false), &rules, faults)?
            }
            (Wrapper::Instances, Value::Array) => {
                rows::read(reader, place(&[Step::Key("instances")], true), &rules, faults)?
            }
            (Wrapper::Inputs, Value::Array) => rows::read(reader, place(&[Step::Key("inputs")], true), &rules, faults)?,
            (Wrapper::Inputs, Value::Object) => self.inputs(reader, faults)?,
            _ => {
                let expected = if wrapper == Wrapper::DataframeSplit { "an object" } else { "an array of rows" };
                faults.add(&[Step::Key(key)], || format!("{key} must be {expected}, not {}", value.noun()));
                reader.skip(value)?;
                Cells::None
            }
        };
        self.cells = Some(cells);
        Ok(())
    }

    fn dataframe_split(&self, reader: &mut Reader<'a>, faults: &mut Faults) -> Result<Cells, Refusal> {
        let mut split = Split::new(&self.rules, true);
        let mut seen: HashSet<Cow<'a, str>> = HashSet::new();
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
    fn inputs(&self, reader: &mut Reader<'a>, faults: &mut Faults) -> Result<Cells, Refusal> {
        let mut columns = Columns::new(&self.rules, &[Step::Key("inputs")]);
        let mut strays: HashSet<Cow<'a, str>> = HashSet::new();
        while let Some(key) = reader.key()? {
            if let Some(feature) = self.rules.schema.position(&key) {
                let value = reader.value()?;
                columns.read(reader, feature, &value, faults)?;
                continue;
            }
            if self.rules.extra == ExtraFeatures::Reject {
                faults.add(&[Step::Key("inputs"), Step::Key(&key)], || unknown_feature(self.rules.schema, &key));
            }
            if !strays.insert(key.clone()) {
                return Err(reader.duplicate(&key).into());
            }
            let value = reader.value()?;
            reader.skip(&value)?;
        }
        Ok(columns.finish(faults))
    }

    /// True when the first element of `inputs` is a tensor. Looks ahead on a copy of the reader, which reads it all again.
    fn holds_tensors(&self, reader: &Reader<'a>, value: &Value<'a>) -> bool {
        let mut ahead = reader.clone();
        if *value != Value::Array || !matches!(ahead.element(), Ok(true)) || ahead.value() != Ok(Value::Object) {
            return false;
        }
        while let Ok(Some(key)) = ahead.key() {
            if matches!(&*key, "datatype" | "shape") && self.rules.schema.position(&key).is_none() {
                return true;
            }
            if ahead.value().and_then(|v| ahead.skip(&v)).is_err() {
                return false;
            }
        }
        false
    }

    fn finish(self, faults: &mut Faults) -> Result<Cells, Refusal> {
        match &self.wrapper {
            Some((Wrapper::Tensors, _)) => {
                let route = format!("/v2/models/{}/infer", self.rules.model);
                faults.add(&[Step::Key("inputs")], || format!("an Open Inference Protocol body goes to {route}"));
                Ok(Cells::None)
            }
            Some((wrapper, first)) => {
                for key in self.unknown.iter().filter(|k| *wrapper != Wrapper::Split || **k != "index") {
                    faults.add(&[Step::Key(key)], || format!("{first} stands without this key"));
                }
                if *wrapper == Wrapper::Split {
                    self.split.finish(faults)
                } else {
                    Ok(self.cells.unwrap_or(Cells::None))
                }
            }
            None => {
                if self.rules.extra == ExtraFeatures::Reject {
                    for key in &self.unknown {
                        faults.add(&[Step::Key(key)], || unknown_feature(self.rules.schema, key));
                    }
                }
                Ok(self.columns.finish(faults))
            }
        }
    }
}
