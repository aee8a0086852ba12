//! Trees: forests grown in blocks, and classification trees of ours.

pub mod cart;
pub(crate) mod forests;
pub(crate) mod smartcore_tree;
