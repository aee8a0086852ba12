//! Skips a value while checking it as strictly as one that is read: grammar, depth, duplicate keys.
//!
//! Only values that do not fit a model come here, so a hash set per object is fast enough.

use std::borrow::Cow;
use std::collections::HashSet;

use super::error::SyntaxError;
use super::reader::{JsonReader, Value};

impl<'a> JsonReader<'a> {
    /// Skips the rest of `value`, which was read last: up to its end if it is an array or an object.
    ///
    /// # Errors
    /// The value is not JSON, or repeats a key.
    pub fn skip_rest(&mut self, value: &Value<'a>) -> Result<(), SyntaxError> {
        let mut open: Vec<Open<'a>> = Open::of(value).into_iter().collect();
        while let Some(container) = open.last_mut() {
            let has_next = match container {
                Open::Object(keys) => match self.next_key()? {
                    Some(key) if keys.contains(&key) => return Err(self.duplicate(&key)),
                    Some(key) => keys.insert(key),
                    None => false,
                },
                Open::Array => self.next_element()?,
            };
            if has_next {
                let inner = self.next_value()?;
                open.extend(Open::of(&inner));
            } else {
                open.pop();
            }
        }
        Ok(())
    }
}

/// A container being skipped.
enum Open<'a> {
    Array,
    /// With the keys read so far.
    Object(HashSet<Cow<'a, str>>),
}

impl Open<'_> {
    fn of(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Object => Some(Self::Object(HashSet::new())),
            Value::Array => Some(Self::Array),
            _ => None,
        }
    }
}
