//! Refuses JSON objects that name a key twice, at any depth, and more or longer texts than a model has.
//!
//! serde's derived readers see duplicates only among the fields they know, and keep the last of a map's: a head could
//! mean one thing to us and another to the next reader.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Values in a head at most. A head of 16 MiB that is mostly `0,` would take many times its size once read; one of
/// 65,535 features takes some hundred values each only where it is large in bytes too.
const MAX_VALUES: usize = 4 << 20;

/// The largest number of bytes of a text: a name, a category, a class, a description.
const MAX_TEXT_BYTES: usize = 4 << 10;

/// Texts in a head at most: the shortest takes 4 bytes in the file and 14 times as many in memory.
const MAX_TEXTS: usize = 1 << 20;

/// The largest number of bytes of a key.
const MAX_KEY_BYTES: usize = 256;

/// The largest number of keys of an object.
const MAX_KEYS: usize = 1_000;

/// Walks the text (`serde_json` stops at 128 levels) and compares keys object by object.
///
/// # Errors
/// `serde_json`'s sentence with line and column: the repeated key, bad syntax, trailing bytes, too many values, texts
/// or keys, or one that is too long.
pub(super) fn check(text: &str) -> Result<(), String> {
    let commas = text.bytes().filter(|b| *b == b',').count();
    if commas > MAX_VALUES {
        return Err(format!("{commas} values are more than {MAX_VALUES}"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let walked = Walk(&Cell::new(0)).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    walked.map_err(|e| e.to_string())
}

/// A walk through a head, with the number of texts so far.
#[derive(Clone, Copy)]
struct Walk<'w>(&'w Cell<usize>);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if key.len() > MAX_KEY_BYTES {
                return Err(A::Error::custom(format!("a key of {} bytes is longer than {MAX_KEY_BYTES}", key.len())));
            }
            map.next_value_seed(self)?;
            if let Some(twice) = seen.replace(key) {
                return Err(A::Error::custom(format!("the key {twice:?} is there twice")));
            }
            if seen.len() > MAX_KEYS {
                return Err(A::Error::custom(format!("an object has more than {MAX_KEYS} keys")));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let n = self.0.get() + 1;
        self.0.set(n);
        if text.len() > MAX_TEXT_BYTES {
            return Err(E::custom(format!("a text of {} bytes is longer than {MAX_TEXT_BYTES}", text.len())));
        }
        if n > MAX_TEXTS {
            return Err(E::custom(format!("there are more than {MAX_TEXTS} texts")));
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
