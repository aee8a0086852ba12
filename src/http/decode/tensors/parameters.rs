//! `parameters` of a request, an input or an output, which the protocol leaves open.
//!
//! A few have a meaning here, a few cannot be given and are refused; the rest is ignored.

use crate::http::decode::diagnostics::Diagnostics;
use crate::http::decode::options::DecodeError;
use crate::http::decode::pointer::Step;
use crate::http::json::{JsonReader, Value};
use crate::model::question::Asked;
use crate::text::shorten::shortened;

use super::keys::SeenKeys;
use super::members::whole;

/// The parameters that have a meaning.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// `binary_data_size` of an input: its bytes after the JSON.
    pub(super) size: Option<usize>,
    /// `binary_data` of an output: whether it comes after the JSON.
    pub(super) is_output_binary: Option<bool>,
    /// `binary_data_output` of a request: whether all outputs do.
    pub(super) are_outputs_binary: Option<bool>,
    /// `raw`, `explain` and `interval` of a request: what is asked for beside predictions.
    pub(super) asked: Asked,
}

impl Parameters {
    /// Reads the rest of an object at `place`.
    ///
    /// # Errors
    /// It is not JSON.
    pub(super) fn read(
        reader: &mut JsonReader<'_>,
        place: &[Step<'_>],
        diagnostics: &mut Diagnostics,
    ) -> Result<Self, DecodeError> {
        let (mut parameters, mut keys) = (Self::default(), SeenKeys::default());
        while let Some(key) = reader.next_key()? {
            keys.add(reader, &key)?;
            let value = reader.next_value()?;
            if let Err(detail) = parameters.take(&key, &value) {
                diagnostics.add(&[place, &[Step::Key(&key)]].concat(), || detail);
            }
            reader.skip_rest(&value)?;
        }
        Ok(parameters)
    }

    fn take(&mut self, key: &str, value: &Value<'_>) -> Result<(), String> {
        let truth = || match value {
            Value::Bool(truth) => Ok(Some(*truth)),
            other => Err(format!("{key} must be true or false, not {}", other.noun())),
        };
        match key {
            _ if *value == Value::Null => {}
            "binary_data_size" => self.size = Some(size(value)?),
            "binary_data" => self.is_output_binary = truth()?,
            "binary_data_output" => self.are_outputs_binary = truth()?,
            "raw" => self.asked.raw = truth()?.unwrap_or_default(),
            "explain" => self.asked.explain = truth()?.unwrap_or_default(),
            "interval" => self.asked.interval = Some(level(value)?),
            "content_type" => check_content_type(value)?,
            "classification" if !matches!(value, Value::Number(0.0)) => {
                return Err("classification is not offered here; predict_proba has each class's probability".to_owned());
            }
            "shared_memory_region" | "shared_memory_byte_size" | "shared_memory_offset" => {
                return Err("shared memory is not offered here; send data, or binary_data_size".to_owned());
            }
            _ => {}
        }
        Ok(())
    }
}

/// A level, above 0 and below 1.
fn level(value: &Value<'_>) -> Result<f64, String> {
    let wrong = |got: &str| Err(format!("interval must be a level between 0 and 1, not {got}"));
    match value {
        Value::Number(level) if *level > 0.0 && *level < 1.0 => Ok(*level),
        Value::Number(level) => wrong(&level.to_string()),
        other => wrong(other.noun()),
    }
}

/// A count of bytes.
fn size(value: &Value<'_>) -> Result<usize, String> {
    let wrong = |got: &str| Err(format!("binary_data_size must be a count of bytes, not {got}"));
    match value {
        Value::Number(number) => whole(*number).map_or_else(|| wrong(&number.to_string()), Ok),
        other => wrong(other.noun()),
    }
}

/// `MLServer`'s decoding hint: accepted if it says the same as the datatype.
fn check_content_type(value: &Value<'_>) -> Result<(), String> {
    match value {
        Value::Text(hint) if matches!(&**hint, "pd" | "np" | "str") => Ok(()),
        Value::Text(hint) => Err(format!("the content_type {} is not read here: pd, np and str are", shortened(hint))),
        other => Err(format!("content_type must be text, not {}", other.noun())),
    }
}
