//! Bodies of other servers' clients: an object with one key that holds the rows, and little else.
//!
//! Stands apart from `object`, which guesses: here the route says what the body must be, so that a mistake is told in
//! the words of the protocol that the client speaks.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::http::json::{Reader, Value};
use crate::text::shorten::shortened;

use super::faults::Faults;
use super::pointer::Step;
use super::wrapper::Wrapper;
use super::{Cells, Refusal, Rules};

/// Whose bodies a route reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `TensorFlow` Serving and `KServe` v1: `instances` or `inputs`, and `signature_name`.
    TensorFlow,
    /// `MLflow`: `dataframe_split`, `dataframe_records`, `instances` or `inputs`, and `params`.
    Mlflow,
    /// Vertex AI: `instances`, and `parameters`.
    Vertex,
}

/// What a key of the body is.
enum Member {
    /// The rows.
    Rows(Wrapper),
    /// Text that changes nothing.
    Label,
    /// What the model would take besides rows, if it took anything.
    Parameters,
    /// Nothing that the protocol knows.
    Unknown,
}

/// What a body held.
pub(super) struct Held {
    pub(super) cells: Cells,
    /// The rows came under `inputs`.
    pub(super) by_inputs: bool,
}

impl Protocol {
    /// The keys that may hold the rows, as a sentence part.
    fn keys(self) -> &'static str {
        match self {
            Self::TensorFlow => "instances or inputs",
            Self::Mlflow => "one of dataframe_split, dataframe_records, instances and inputs",
            Self::Vertex => "instances",
        }
    }

    /// What `key` is.
    fn member(self, key: &str) -> Member {
        match (self, Wrapper::of(key)) {
            (Self::TensorFlow, Some(wrapper @ (Wrapper::Instances | Wrapper::Inputs)))
            | (Self::Vertex, Some(wrapper @ Wrapper::Instances)) => Member::Rows(wrapper),
            (Self::Mlflow, Some(wrapper)) if wrapper != Wrapper::Split => Member::Rows(wrapper),
            _ => match (self, key) {
                (Self::TensorFlow, "signature_name") => Member::Label,
                (Self::Mlflow, "params") | (Self::Vertex, "parameters") => Member::Parameters,
                _ => Member::Unknown,
            },
        }
    }

    /// Reads a body whose first value's beginning was just read.
    pub(super) fn read<'a>(
        self,
        reader: &mut Reader<'a>,
        value: &Value<'a>,
        rules: &Rules<'_>,
        faults: &mut Faults,
    ) -> Result<Held, Refusal> {
        let mut held = Held { cells: Cells::None, by_inputs: false };
        if *value != Value::Object {
            faults.add(&[], || format!("the body must be an object with {}, not {}", self.keys(), value.noun()));
            reader.skip(value)?;
            return Ok(held);
        }
        let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
        let mut rows: Option<String> = None;
        while let Some(key) = reader.key()? {
            if !seen.insert(key.clone()) {
                return Err(reader.duplicate(&key).into());
            }
            let value = reader.value()?;
            match (self.member(&key), &rows) {
                (Member::Rows(wrapper), None) => {
                    let wrapper = wrapper.or_tensors(reader, &value, rules.schema);
                    held.cells = wrapper.read(reader, &key, &value, rules, faults)?;
                    held.by_inputs = wrapper == Wrapper::Inputs;
                    rows = Some(key.into_owned());
                }
                (Member::Rows(_), Some(first)) => {
                    let detail = || format!("{key} cannot stand beside {first}: send one of them");
                    faults.add(&[Step::Key(&key)], detail);
                    reader.skip(&value)?;
                }
                (Member::Label, _) => label(reader, &key, &value, faults)?,
                (Member::Parameters, _) => parameters(reader, &key, &value, faults)?,
                (Member::Unknown, _) => {
                    let detail = || format!("{} is not read here: rows go under {}", shortened(&key), self.keys());
                    faults.add(&[Step::Key(&key)], detail);
                    reader.skip(&value)?;
                }
            }
        }
        if rows.is_none() {
            faults.add(&[], || format!("the rows are missing: send {}", self.keys()));
        }
        Ok(held)
    }
}

/// Text, or nothing.
fn label<'a>(reader: &mut Reader<'a>, key: &str, value: &Value<'a>, faults: &mut Faults) -> Result<(), Refusal> {
    if !matches!(value, Value::Text(_) | Value::Null) {
        faults.add(&[Step::Key(key)], || format!("{key} must be text, not {}", value.noun()));
    }
    Ok(reader.skip(value)?)
}

/// An object without members, or nothing: no model here takes parameters, and one that is without effect would be
/// worse than none.
fn parameters<'a>(reader: &mut Reader<'a>, key: &str, value: &Value<'a>, faults: &mut Faults) -> Result<(), Refusal> {
    match value {
        Value::Null => return Ok(()),
        Value::Object => {}
        other => {
            faults.add(&[Step::Key(key)], || format!("{key} must be an object, not {}", other.noun()));
            return Ok(reader.skip(other)?);
        }
    }
    let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
    while let Some(name) = reader.key()? {
        faults.add(&[Step::Key(key), Step::Key(&name)], || {
            format!("this model takes no parameter {}; leave {key} out", shortened(&name))
        });
        if seen.contains(&name) {
            return Err(reader.duplicate(&name).into());
        }
        seen.insert(name);
        let value = reader.value()?;
        reader.skip(&value)?;
    }
    Ok(())
}
