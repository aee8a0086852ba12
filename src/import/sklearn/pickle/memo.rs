//! Values that a pickle refers to again by number.

use std::collections::HashMap;

use crate::import::sklearn::arena::Id;

/// Numbers are mostly 0, 1, 2…: those are positions; others are looked up.
#[derive(Default)]
pub(super) struct Memo {
    dense: Vec<Id>,
    sparse: HashMap<u32, Id>,
}

impl Memo {
    pub(super) fn put(&mut self, number: u32, value: Id) {
        let n = self.dense.len();
        match self.dense.get_mut(number as usize) {
            Some(own) => *own = value,
            None if number as usize == n => self.dense.push(value),
            None => _ = self.sparse.insert(number, value),
        }
    }

    /// Under the number of values so far, as the opcode MEMOIZE does.
    pub(super) fn push(&mut self, value: Id) {
        let n = self.dense.len() + self.sparse.len();
        self.put(u32::try_from(n).unwrap_or(u32::MAX), value);
    }

    pub(super) fn get(&self, number: u32) -> Option<Id> {
        self.dense.get(number as usize).or_else(|| self.sparse.get(&number)).copied()
    }
}
