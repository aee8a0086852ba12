//! Reading past a value that nobody wants, without letting it off the rules.
//!
//! Stands apart because only what does not fit a model comes here: it may be slow, it may not be lax.

use std::borrow::Cow;
use std::collections::HashSet;

use super::error::SyntaxError;
use super::reader::{Reader, Value};

impl<'a> Reader<'a> {
    /// Reads past the rest of `value`, just read: to the end of it when it is an array or an object.
    ///
    /// # Errors
    /// What is inside is not JSON, or repeats a key.
    pub fn skip(&mut self, value: &Value<'a>) -> Result<(), SyntaxError> {
        let mut open: Vec<Open<'a>> = Open::of(value).into_iter().collect();
        while let Some(container) = open.last_mut() {
            let goes_on = match container {
                Open::Object(keys) => match self.key()? {
                    Some(key) if keys.contains(&key) => return Err(self.duplicate(&key)),
                    Some(key) => keys.insert(key),
                    None => false,
                },
                Open::Array => self.element()?,
            };
            if goes_on {
                let inner = self.value()?;
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
    /// With the keys it had so far.
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
