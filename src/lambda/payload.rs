//! What an invocation brings: JSON, or what is none, which is answered and counted like other mistakes.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// An event as it came.
#[derive(Debug)]
pub(super) struct Payload {
    /// Its JSON, or what is wrong with it.
    pub(super) json: Result<Box<RawValue>, String>,
}

impl<'de> Deserialize<'de> for Payload {
    /// Never fails: AWS's library would answer by itself, without a line of metrics.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { json: Box::<RawValue>::deserialize(deserializer).map_err(|error| error.to_string()) })
    }
}
