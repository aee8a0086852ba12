//! The columns that kernels compare: a row's own, or as rules for missing cells show them.
//!
//! A test that a missing cell passes is the same test on a second column whose missing cells are −∞: no kernel asks
//! which rule a split has.

use std::collections::BTreeSet;

use crate::model::compiled::rounding::rounded_to_f32;
use crate::model::compiled::rows::n_rows;
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
        self.views.map_or(split.column, |views| views.of_rule(split.column, split.missing))
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

/// Rows of features, and how a forest's splits see them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Row-major, `[n_rows, n_columns]`.
    pub(super) matrix: &'a [f64],
    pub(super) n_columns: usize,
    /// None where splits compare the columns themselves.
    pub(super) views: Option<&'a Views>,
}

impl<'a> Rows<'a> {
    pub(super) fn len(&self) -> usize {
        n_rows(self.matrix, self.n_columns)
    }

    /// The first `n` rows, and the others.
    pub(super) fn split_at(self, n: usize) -> (Self, Self) {
        let (first, rest) = self.matrix.split_at(n * self.n_columns);
        (Self { matrix: first, ..self }, Self { matrix: rest, ..self })
    }

    /// The place in a row of a column that splits compare, and how its missing cells are seen.
    pub(super) fn column(&self, compared: u16) -> (usize, Missing) {
        let (column, missing) = self.views.map_or((compared, Missing::Fails), |views| views.rule(compared));
        (usize::from(column), missing)
    }

    /// The cells that splits compare, row-major, `[n_rows, n_compared]`; `shown` is a buffer for them.
    pub(super) fn compared<'b>(&self, shown: &'b mut Vec<f64>) -> (&'b [f64], usize)
    where
        'a: 'b,
    {
        let Some(views) = self.views else { return (self.matrix, self.n_columns) };
        views.show(self.matrix, self.n_columns, shown);
        (shown, views.n_columns())
    }
}

/// The columns of a forest in which some split's rule is another than that missing cells fail.
#[derive(Debug, Clone)]
pub(super) struct Views {
    /// Column and rule, ascending.
    rules: Vec<(u16, Missing)>,
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
        let rules: BTreeSet<_> = splits().map(|split| (split.column, split.missing)).collect();
        if rules.len() > usize::from(u16::MAX) + 1 {
            return Err("the trees see more than 65,536 columns".to_owned());
        }
        Ok(Some(Self { rules: rules.into_iter().collect() }))
    }

    /// The position of a column that the trees see by a rule.
    #[expect(clippy::cast_possible_truncation, reason = "there are 65,536 at most")]
    fn of_rule(&self, column: u16, missing: Missing) -> u16 {
        self.rules.partition_point(|rule| *rule < (column, missing)) as u16
    }

    pub(super) fn n_columns(&self) -> usize {
        self.rules.len()
    }

    /// The column that one of these is of, and its rule.
    pub(super) fn rule(&self, view: u16) -> (u16, Missing) {
        self.rules[usize::from(view)]
    }

    pub(super) fn resident_bytes(&self) -> usize {
        size_of_val(self.rules.as_slice())
    }

    /// Fills `shown` with the columns of a row-major matrix.
    fn show(&self, matrix: &[f64], n_columns: usize, shown: &mut Vec<f64>) {
        shown.clear();
        for row in matrix.chunks_exact(n_columns) {
            shown.extend(self.rules.iter().map(|(column, missing)| missing.seen(row[usize::from(*column)])));
        }
    }
}
