//! The lines of one tree, by their keys: slices of the text, not yet numbers.

use super::header::{ends_trees, once};
use super::lines::{Line, Lines};
use super::numbers::short;
use crate::import::error::ImportError;

/// The lines that an answer depends on. Lists of a tree with one leaf are empty.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    /// Leaves.
    pub(super) num_leaves: Option<&'a str>,
    /// Splits by categories.
    pub(super) num_cat: Option<&'a str>,
    /// The column of each split.
    pub(super) split_feature: Option<&'a str>,
    /// The threshold of each split; of one by categories the position of its set.
    pub(super) threshold: Option<&'a str>,
    /// Bits of each split.
    pub(super) decision_type: Option<&'a str>,
    /// The left child of each split: a split, or ~leaf.
    pub(super) left_child: Option<&'a str>,
    /// The right one.
    pub(super) right_child: Option<&'a str>,
    /// The value of each leaf.
    pub(super) leaf_value: Option<&'a str>,
    /// How many rows of the fit reached each leaf.
    pub(super) leaf_count: Option<&'a str>,
    /// The same of each split.
    pub(super) internal_count: Option<&'a str>,
    /// Where each set begins in `cat_threshold`, and where the last one ends.
    pub(super) cat_boundaries: Option<&'a str>,
    /// Words of 32 bits, one a category.
    pub(super) cat_threshold: Option<&'a str>,
    /// 1 where leaves are linear functions.
    pub(super) is_linear: Option<&'a str>,
    /// What each function starts with.
    pub(super) leaf_const: Option<&'a str>,
    /// How many columns each function reads.
    pub(super) num_features: Option<&'a str>,
    /// Those columns.
    pub(super) leaf_features: Option<&'a str>,
    /// Their coefficients.
    pub(super) leaf_coeff: Option<&'a str>,
}

impl<'a> Block<'a> {
    /// Reads lines up to the next tree or the end of the trees, and gives that line.
    ///
    /// # Errors
    /// A line is not known or given twice, or the text ends.
    pub(super) fn read(lines: &mut Lines<'a>) -> Result<(Self, Line<'a>), ImportError> {
        let mut block = Self::default();
        while let Some(line) = lines.next()? {
            if line.text.starts_with("Tree=") || ends_trees(&line) {
                return Ok((block, line));
            }
            block.take(line).map_err(|error| line.wrong(error))?;
        }
        Err(ImportError::new("the text ends before `end of trees`: the file is cut off"))
    }

    fn take(&mut self, line: Line<'a>) -> Result<(), ImportError> {
        let (key, value) = line.entry();
        let place = match key {
            "num_leaves" => &mut self.num_leaves,
            "num_cat" => &mut self.num_cat,
            "split_feature" => &mut self.split_feature,
            "threshold" => &mut self.threshold,
            "decision_type" => &mut self.decision_type,
            "left_child" => &mut self.left_child,
            "right_child" => &mut self.right_child,
            "leaf_value" => &mut self.leaf_value,
            "leaf_count" => &mut self.leaf_count,
            "internal_count" => &mut self.internal_count,
            "cat_boundaries" => &mut self.cat_boundaries,
            "cat_threshold" => &mut self.cat_threshold,
            "is_linear" => &mut self.is_linear,
            "leaf_const" => &mut self.leaf_const,
            "num_features" => &mut self.num_features,
            "leaf_features" => &mut self.leaf_features,
            "leaf_coeff" => &mut self.leaf_coeff,
            // What the fit saw, and the learning rate, which leaf values have inside.
            "split_gain" | "leaf_weight" | "internal_value" | "internal_weight" | "shrinkage" => return Ok(()),
            _ => {
                let key = short(key);
                return Err(ImportError::new(format_args!("`{key}` is not known in a tree of LightGBM's text")));
            }
        };
        let value = value.ok_or_else(|| ImportError::new(format_args!("`{key}` has no value")))?;
        once(place, key, value)
    }
}

/// A list that must be there.
///
/// # Errors
/// It is not.
pub(super) fn needed<'a>(list: Option<&'a str>, key: &str) -> Result<&'a str, ImportError> {
    list.ok_or_else(|| ImportError::new(format_args!("the line `{key}=` is missing")))
}
