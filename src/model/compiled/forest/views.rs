//! The columns that kernels compare: a row's own, or as rules for missing cells show them.
//!
//! A test that a missing cell passes is the same test on a second column whose missing cells are −∞: no kernel asks
//! which rule a split has.

use std::collections::BTreeMap;

use crate::model::compiled::rounding::rounded_to_f32;
use crate::model::ir::{Leaves, Missing, Node, Split, Tree, Trees, Width};

/// A forest's trees, and which column each split compares.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) trees: &'a Trees,
    pub(super) views: Option<&'a Views>,
}

impl Source<'_> {
    /// The column that a split compares.
    pub(super) fn column(&self, split: &Split) -> u16 {
        self.views.map_or(split.column, |views| views.by_rule[&(split.column, split.missing)])
    }

    /// A leaf's number as it is added up.
    pub(super) fn leaf(&self, tree: &Tree, number: f64) -> f64 {
        match (&self.trees.leaves, self.trees.sum.width) {
            (Leaves::Values, Width::F64) => tree.weight * number,
            (Leaves::Values, Width::F32) => rounded_to_f32(tree.weight * number),
            _ => number,
        }
    }

    /// Columns there are to compare.
    pub(super) fn n_columns(&self) -> usize {
        self.views.map_or(self.trees.n_columns, Views::n_columns)
    }
}

/// The columns of a forest in which some split's rule is another than that missing cells fail.
#[derive(Debug, Clone)]
pub(super) struct Views {
    by_rule: BTreeMap<(u16, Missing), u16>,
}

impl Views {
    /// `None` where rows are compared as they are.
    pub(super) fn of(trees: &Trees) -> Result<Option<Self>, String> {
        let splits = || {
            trees.trees.iter().flat_map(|tree| &tree.nodes).filter_map(|node| match node {
                Node::Split(split) => Some(split),
                Node::Leaf(_) => None,
            })
        };
        if splits().all(|split| split.missing == Missing::Fails) {
            return Ok(None);
        }
        let mut by_rule: BTreeMap<_, _> = splits().map(|split| ((split.column, split.missing), 0)).collect();
        for (i, view) in by_rule.values_mut().enumerate() {
            *view = u16::try_from(i).map_err(|_| "the trees see more than 65,536 columns".to_owned())?;
        }
        Ok(Some(Self { by_rule }))
    }

    pub(super) fn n_columns(&self) -> usize {
        self.by_rule.len()
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.by_rule.len() * 8
    }

    /// Fills `shown` with the columns of a row-major matrix.
    pub(super) fn show(&self, matrix: &[f64], n_columns: usize, shown: &mut Vec<f64>) {
        shown.clear();
        for row in matrix.chunks_exact(n_columns) {
            shown.extend(self.by_rule.keys().map(|(column, missing)| missing.seen(row[usize::from(*column)])));
        }
    }
}
