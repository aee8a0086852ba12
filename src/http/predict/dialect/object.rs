//! A body that is an object: which dialect its keys tell.
//!
//! Stands apart as the one place where columns and wrapping keys meet. A key that a feature bears wraps nothing: the
//! object then holds columns, whatever else is in it.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::config::ExtraFeatures;
use crate::http::json::{Reader, Value};

use super::columns::Columns;
use super::faults::{Faults, unknown_feature};
use super::pointer::Step;
use super::split::Split;
use super::wrapper::Wrapper;
use super::{Cells, Refusal, Rules};

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
    let mut next = 0;
    while let Some(key) = reader.key()? {
        match rules.schema.position_near(&key, next) {
            Some(feature) if object.wrapper.is_none() => {
                next = feature + 1;
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
        let Some(wrapper) = Wrapper::beside_features(&key, self.rules.schema) else {
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
        let wrapper = wrapper.or_tensors(reader, &value, self.rules.schema);
        if wrapper == Wrapper::Split {
            self.split_member(reader, &key, &value, faults)?;
        } else {
            self.cells = Some(wrapper.read(reader, &key, &value, &self.rules, faults)?);
        }
        self.wrapper.get_or_insert((wrapper, key));
        Ok(())
    }

    /// Reads `columns` or `data`.
    fn split_member(
        &mut self,
        reader: &mut Reader<'a>,
        key: &str,
        value: &Value<'a>,
        faults: &mut Faults,
    ) -> Result<(), Refusal> {
        if key == "columns" {
            self.split.columns(reader, value, faults)
        } else {
            self.split.data(reader, value, faults)
        }
    }

    fn finish(self, faults: &mut Faults) -> Result<Cells, Refusal> {
        match &self.wrapper {
            Some((Wrapper::Tensors, _)) => Ok(Cells::None),
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
