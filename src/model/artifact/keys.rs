//! Refuses JSON objects that name a key twice, at any depth.
//!
//! serde's derived readers see duplicates only among the fields they know, and keep the last of a map's: a head could
//! mean one thing to us and another to the next reader.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Values in a head at most. A head of 16 MiB that is mostly `0,` would take many times its size once read; one of
/// 65,535 features takes some hundred values each only where it is large in bytes too.
const MAX_VALUES: usize = 4 << 20;

/// Walks the text (`serde_json` stops at 128 levels) and compares keys object by object.
///
/// # Errors
/// `serde_json`'s sentence with line and column: the repeated key, bad syntax, trailing bytes, or too many values.
pub(super) fn check_unique(text: &str) -> Result<(), String> {
    let commas = text.bytes().filter(|b| *b == b',').count();
    if commas > MAX_VALUES {
        return Err(format!("{commas} values are more than {MAX_VALUES}"));
    }
    serde_json::from_str::<Walked>(text).map(|_| ()).map_err(|e| e.to_string())
}

struct Walked;

impl<'de> Deserialize<'de> for Walked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Walked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Walked, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<Walked>()?;
            if let Some(twice) = seen.replace(key) {
                return Err(A::Error::custom(format!("the key {twice:?} is there twice")));
            }
        }
        Ok(Walked)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Walked, A::Error> {
        while seq.next_element::<Walked>()?.is_some() {}
        Ok(Walked)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_str<E>(self, _: &str) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_unit<E>(self) -> Result<Walked, E> {
        Ok(Walked)
    }
}
