//! A predictor of any kind.

use std::sync::Arc;

use super::bayes::Bayes;
use super::checked_trees::Trees;
use super::linear::Linear;
use super::neighbors::Neighbors;
use super::svm::Svm;
use super::trees::Leaves;

/// What a predictor computes.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Decision trees.
    Trees(Trees),
    /// Dot products.
    Linear(Linear),
    /// Nearest neighbours; shared, since the compiled predictor reads the same rows.
    Neighbors(Arc<Neighbors>),
    /// Support vector machines.
    Svm(Svm),
    /// Naive Bayes.
    Bayes(Bayes),
}

impl Form {
    /// Columns of a row.
    pub fn n_columns(&self) -> usize {
        match self {
            Self::Trees(trees) => trees.n_columns,
            Self::Linear(linear) => linear.n_columns,
            Self::Neighbors(neighbors) => neighbors.n_columns,
            Self::Svm(svm) => svm.n_columns,
            Self::Bayes(bayes) => bayes.n_columns(),
        }
    }

    /// The trees, if it is made of them.
    pub fn trees(&self) -> Option<&Trees> {
        match self {
            Self::Trees(trees) => Some(trees),
            _ => None,
        }
    }

    /// Numbers a row that it answers with where there are no classes.
    pub fn n_outputs(&self) -> usize {
        match self {
            Self::Trees(trees) => trees.n_outputs(),
            Self::Linear(linear) => linear.intercepts.len(),
            Self::Neighbors(_) | Self::Svm(_) | Self::Bayes(_) => 1,
        }
    }

    /// True when it answers for this many classes; 0 for numbers.
    pub fn fits(&self, n_classes: usize) -> bool {
        // One margin is of the second of two classes.
        let by_margins = |n_outputs: usize| match n_classes {
            0 => true,
            2 => n_outputs == 1 || n_outputs == n_classes,
            _ => n_outputs == n_classes,
        };
        match self {
            Self::Trees(trees) if matches!(trees.leaves, Leaves::Votes | Leaves::Shares(_)) => {
                trees.n_outputs() == n_classes
            }
            Self::Trees(trees) => by_margins(trees.n_outputs()),
            Self::Linear(linear) => by_margins(linear.intercepts.len()),
            Self::Neighbors(neighbors) => neighbors.n_classes == n_classes,
            Self::Svm(svm) => svm.n_classes == n_classes,
            Self::Bayes(bayes) => bayes.priors.len() == n_classes,
        }
    }
}
