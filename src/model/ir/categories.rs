//! Sets of categories that a split asks for, and the category of a cell.

use super::link::Width;

/// Categories from here on are in no set: where whole numbers stop being exact in f32, as `XGBoost` has it.
const END: f64 = 16_777_216.0;

/// Categories that pass a split's test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategorySet {
    members: Vec<u32>,
    /// True when a missing cell passes.
    pub missing: bool,
}

impl CategorySet {
    /// A set of members in any order; `missing` says whether a missing cell passes too.
    pub fn new(mut members: Vec<u32>, missing: bool) -> Self {
        members.sort_unstable();
        members.dedup();
        Self { members, missing }
    }

    /// The members, ascending, each once.
    pub fn members(&self) -> &[u32] {
        &self.members
    }

    /// True when a cell passes.
    pub(in crate::model) fn holds(&self, cell: f64, input: Width) -> bool {
        if cell.is_nan() {
            return self.missing;
        }
        category(cell, input).is_some_and(|category| self.members.binary_search(&category).is_ok())
    }
}

/// The category that a cell names, `None` for one that is in no set; a NaN names none. A cell of a source of 32 bits is
/// rounded and below 0 names none; one of 64 bits is cut towards 0 first, so that −0.5 is the category 0.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded on purpose; the range is checked")]
pub fn category(cell: f64, input: Width) -> Option<u32> {
    let cell = match input {
        Width::F32 => f64::from(cell as f32),
        Width::F64 => cell.trunc(),
    };
    (0.0..END).contains(&cell).then_some(cell as u32)
}
