//! Features that a body leaves out: missing in each row where the model itself has a rule for missing cells, else an
//! error.
//!
//! Rows of cells that were not sent can take far more memory than the body: their number is bounded by its size, as
//! that of rows that are sent whole is.

use crate::model::schema::Schema;
use crate::serve::admission::INLINE_TEXT_BYTES;

use super::diagnostics::{Diagnostics, missing_feature};
use super::options::DecodeError;
use super::pointer::Step;

/// Said where a body names no feature at all, and none is needed.
pub(super) const NONE_GIVEN: &str = "no feature of this model is given";

/// Notes the features of which `is_given` is false, where the model needs them; false where there is none.
pub(super) fn note_needed<'s>(
    schema: &'s Schema,
    is_given: impl Fn(usize) -> bool,
    diagnostics: &mut Diagnostics,
    place: impl Fn(&'s str) -> Vec<Step<'s>>,
) -> bool {
    let mut is_any = false;
    for (position, feature) in schema.features().iter().enumerate() {
        if !feature.missing && !is_given(position) {
            diagnostics.add(&place(&feature.name), || missing_feature(schema, position));
            is_any = true;
        }
    }
    is_any
}

/// The most rows of `width` cells each that a body of this many bytes may give if it does not hold all cells.
pub(in crate::http) fn most_rows(body_bytes: usize, width: usize) -> usize {
    // A cell that is sent takes a byte at least.
    body_bytes.max(INLINE_TEXT_BYTES) / width.max(1)
}

/// Refuses more rows than [`most_rows`].
pub(super) fn check_sparse_rows(n_rows: usize, body_bytes: usize, width: usize) -> Result<(), DecodeError> {
    let rows = most_rows(body_bytes, width);
    if n_rows > rows { Err(DecodeError::TooSparse(rows)) } else { Ok(()) }
}
