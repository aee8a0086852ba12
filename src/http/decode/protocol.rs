//! Bodies of other servers' clients: an object with one key that holds the rows.
//!
//! The protocol is known from the route, so errors use its words.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::http::json::{JsonReader, Value};
use crate::text::shorten::shortened;

use super::cells::CellBuffer;
use super::diagnostics::Diagnostics;
use super::options::{DecodeError, DecodeOptions};
use super::pointer::Step;
use super::rows::{self, RowsPlace};
use super::rows_key::RowsKey;

/// The protocol of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `TensorFlow` Serving and `KServe` v1: `instances` or `inputs`, and `signature_name`.
    TensorFlow,
    /// `MLflow`: `dataframe_split`, `dataframe_records`, `instances` or `inputs`, and `params`; or a bare array of
    /// rows.
    Mlflow,
    /// Vertex AI: `instances`, and `parameters`.
    Vertex,
}

/// What a key of the body is.
enum Member {
    /// The rows.
    Rows(RowsKey),
    /// Text without effect.
    Label,
    /// `MLflow`'s parameters of the model; ours take none.
    Params,
    /// Parameters of the service, which Vertex AI's client always sends: taken, and without a meaning here.
    Parameters,
    /// Unknown to the protocol.
    Unknown,
}

/// The rows of a body, once they are read.
struct MemberRows {
    cells: CellBuffer,
    /// True when their key was `inputs`.
    by_inputs: bool,
    /// Their key, for errors.
    key: String,
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
        match (self, RowsKey::of(key)) {
            (Self::TensorFlow, Some(rows_key @ (RowsKey::Instances | RowsKey::Inputs)))
            | (Self::Vertex, Some(rows_key @ RowsKey::Instances)) => Member::Rows(rows_key),
            (Self::Mlflow, Some(rows_key)) if rows_key != RowsKey::Split => Member::Rows(rows_key),
            _ => match (self, key) {
                (Self::TensorFlow, "signature_name") => Member::Label,
                (Self::Mlflow, "params") => Member::Params,
                (_, "parameters") => Member::Parameters,
                _ => Member::Unknown,
            },
        }
    }

    /// Reads a body whose opening was just read as `value`; also gives whether its rows came under `inputs`.
    pub(super) fn read<'a>(
        self,
        reader: &mut JsonReader<'a>,
        value: &Value<'a>,
        options: &DecodeOptions<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(CellBuffer, bool), DecodeError> {
        if self == Self::Mlflow && *value == Value::Array {
            let place = RowsPlace { root: &[], lists_allowed: true };
            return Ok((rows::read(reader, place, options, diagnostics)?, false));
        }
        if *value != Value::Object {
            diagnostics.add(&[], || format!("the body must be an object with {}, not {}", self.keys(), value.noun()));
            reader.skip_rest(value)?;
            return Ok((CellBuffer::None, false));
        }
        let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
        let mut rows: Option<MemberRows> = None;
        while let Some(key) = reader.next_key()? {
            if !seen.insert(key.clone()) {
                return Err(reader.duplicate(&key).into());
            }
            let value = reader.next_value()?;
            self.read_member(reader, key, &value, &mut rows, options, diagnostics)?;
        }
        let Some(MemberRows { cells, by_inputs, .. }) = rows else {
            diagnostics.add(&[], || format!("the rows are missing: send {}", self.keys()));
            return Ok((CellBuffer::None, false));
        };
        Ok((cells, by_inputs))
    }

    /// Reads one member, whose value was just opened: the rows into `rows`, for others their errors.
    fn read_member<'a>(
        self,
        reader: &mut JsonReader<'a>,
        key: Cow<'a, str>,
        value: &Value<'a>,
        rows: &mut Option<MemberRows>,
        options: &DecodeOptions<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        match (self.member(&key), &rows) {
            (Member::Rows(rows_key), None) => {
                let rows_key = rows_key.or_tensors(reader, value, options.schema);
                let cells = rows_key.read(reader, &key, value, options, diagnostics)?;
                *rows = Some(MemberRows { cells, by_inputs: rows_key == RowsKey::Inputs, key: key.into_owned() });
                return Ok(());
            }
            (Member::Params, _) => return params(reader, &key, value, diagnostics),
            (Member::Rows(_), Some(MemberRows { key: first, .. })) => {
                diagnostics.add(&[Step::Key(&key)], || format!("{key} and {first} both hold rows: send one of them"));
            }
            (Member::Label, _) => {
                if !matches!(value, Value::Text(_) | Value::Null) {
                    diagnostics.add(&[Step::Key(&key)], || format!("{key} must be text, not {}", value.noun()));
                }
            }
            (Member::Parameters, _) => {
                if !matches!(value, Value::Object | Value::Null) {
                    diagnostics.add(&[Step::Key(&key)], || format!("{key} must be an object, not {}", value.noun()));
                }
            }
            (Member::Unknown, _) => {
                let detail = || format!("{} is not read here: rows go under {}", shortened(&key), self.keys());
                diagnostics.add(&[Step::Key(&key)], detail);
            }
        }
        Ok(reader.skip_rest(value)?)
    }
}

/// Reads an empty object or null. Models take no parameters, and ignoring one silently would mislead its client.
fn params<'a>(
    reader: &mut JsonReader<'a>,
    key: &str,
    value: &Value<'a>,
    diagnostics: &mut Diagnostics,
) -> Result<(), DecodeError> {
    match value {
        Value::Null => return Ok(()),
        Value::Object => {}
        other => {
            diagnostics.add(&[Step::Key(key)], || format!("{key} must be an object, not {}", other.noun()));
            return Ok(reader.skip_rest(other)?);
        }
    }
    let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
    while let Some(name) = reader.next_key()? {
        diagnostics.add(&[Step::Key(key), Step::Key(&name)], || {
            format!("this model takes no parameter {}; leave {key} out", shortened(&name))
        });
        if seen.contains(&name) {
            return Err(reader.duplicate(&name).into());
        }
        seen.insert(name);
        let value = reader.next_value()?;
        reader.skip_rest(&value)?;
    }
    Ok(())
}
