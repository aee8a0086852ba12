//! What trees are grown from and bounded by.

use std::num::NonZeroUsize;

use super::bins::BinnedRows;
use crate::train::options::Monotone;

/// What trees are grown from and bounded by.
#[derive(Debug)]
pub(super) struct Growing<'a> {
    pub(super) data: &'a BinnedRows,
    /// One a feature; empty where there is no constraint.
    pub(super) monotone: &'a [Option<Monotone>],
    pub(super) max_leaves: usize,
    pub(super) max_depth: usize,
    /// Fewest rows of a leaf; whole, at least 1.
    pub(super) min_rows: f64,
    /// What pulls leaves towards 0.
    pub(super) lambda: f64,
    pub(super) threads: NonZeroUsize,
}
