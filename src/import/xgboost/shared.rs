//! What all trees of a document share.

/// A leaf's values, and the sets of its splits, go to lists that all trees share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Category sets.
    pub(super) sets: Vec<Vec<u32>>,
    /// Vectors of leaves, one number an output.
    pub(super) vectors: Vec<f64>,
    /// Numbers of a leaf that is a vector; 0 before the first tree, 1 where leaves are values.
    pub(super) leaf_width: usize,
    /// Where the vectors of the tree that is read begin.
    pub(super) tree_start: usize,
}
