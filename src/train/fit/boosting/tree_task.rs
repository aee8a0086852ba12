//! The data and limits for growing one tree.

use std::num::NonZeroUsize;

use super::bins::BinnedRows;
use crate::train::options::Monotone;

/// The data and limits for growing one tree.
#[derive(Debug)]
pub(super) struct TreeTask<'a> {
    pub(super) data: &'a BinnedRows,
    /// One a feature; empty where there is no constraint.
    pub(super) monotone: &'a [Option<Monotone>],
    pub(super) max_leaves: usize,
    pub(super) max_depth: usize,
    /// The least number of rows of a leaf: a whole number, at least 1.
    pub(super) min_rows: f64,
    /// L2 penalty on leaf values: added to the sum of a leaf's hessians.
    pub(super) lambda: f64,
    pub(super) threads: NonZeroUsize,
}
