//! The keys of one object, so that none is given twice.
//!
//! Stands apart because the protocol's objects have a handful of keys each, and there is one for each column: a few
//! comparisons are cheaper than a hash, and a hash is there for who sends thousands.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::http::json::{Reader, SyntaxError};

/// Keys compared one by one.
const FEW: usize = 8;

/// The keys so far.
#[derive(Debug, Default)]
pub(super) struct Keys<'a> {
    few: [Option<Cow<'a, str>>; FEW],
    count: usize,
    others: HashSet<Cow<'a, str>>,
}

impl<'a> Keys<'a> {
    /// Notes a key just read.
    ///
    /// # Errors
    /// It was there before.
    pub(super) fn add(&mut self, reader: &Reader<'a>, key: Cow<'a, str>) -> Result<(), SyntaxError> {
        let (seen, free) = self.few.split_at_mut(self.count);
        if seen.iter().flatten().any(|earlier| *earlier == key) || self.others.contains(&key) {
            return Err(reader.duplicate(&key));
        }
        if let Some(place) = free.first_mut() {
            *place = Some(key);
            self.count += 1;
        } else {
            self.others.insert(key);
        }
        Ok(())
    }
}
