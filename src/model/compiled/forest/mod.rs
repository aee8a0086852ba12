//! Trees, forests and boosting in flat forms that answer in the source's own bits.
//!
//! Four ways to find the leaf that a row reaches in each tree, chosen by the forest's and the batch's shape; each
//! gives the leaves to the source's own sum in the source's order:
//! - [`bitvector`]: blocks of rows, by set algebra over the forest's distinct thresholds;
//! - [`two_level`]: few rows through such forests, two levels a step;
//! - [`outcomes`]: the same where splits ask for sets of categories;
//! - [`walk`]: forests of larger trees, and single trees: node by node.

mod accumulate;
mod bitvector;
mod buffers;
mod categories;
mod cursors;
#[expect(clippy::module_inception, reason = "the file of `Forest`")]
mod forest;
mod grid;
mod marks;
mod outcomes;
mod quantized;
mod thresholds;
mod two_level;
mod views;
mod walk;

pub(super) use buffers::Buffers;
pub(super) use forest::Forest;
pub(super) use quantized::FewRows;
