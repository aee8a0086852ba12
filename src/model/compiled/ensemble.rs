//! Which trees an `estimator` section holds and how their leaves become an answer.
//!
//! Stands apart from `trees` (one tree on the wire) and `forest` (which predicts): the `cover` section is counted and
//! checked on this form, in the section's own node order.

use super::super::algorithm::Algorithm;
use super::Shape;
use super::boosting::Boosting;
use super::forest::Combine;
use super::trees::{self, Tree};
use super::wire::Wire;

/// Trees and how their leaves become an answer.
pub(super) struct Ensemble {
    pub(super) trees: Vec<Tree>,
    pub(super) combine: Combine,
    pub(super) scale: f64,
}

impl Ensemble {
    pub(super) fn decode(wire: &mut Wire<'_>, shape: Shape) -> Result<Self, String> {
        let n_columns = shape.n_columns;
        match (shape.algorithm, shape.task.is_classification()) {
            (Algorithm::DecisionTree, false) => Self::single(wire, n_columns),
            (Algorithm::RandomForest | Algorithm::ExtraTrees, false) => Self::averaged(wire, n_columns),
            (Algorithm::GradientBoosting, false) => {
                let boosting = Boosting::decode(wire, n_columns)?;
                let combine = Combine::Sum(boosting.base_score);
                Ok(Self { trees: boosting.trees, combine, scale: boosting.learning_rate })
            }
            (Algorithm::DecisionTree, true) => {
                let trees = vec![trees::classification_tree(wire, n_columns, shape.n_classes)?];
                Ok(Self { trees, combine: Combine::Vote, scale: 1.0 })
            }
            (Algorithm::RandomForest, true) => Self::voting(wire, shape),
            (algorithm, _) => Err(format!("{algorithm} does not do {}", shape.task.as_str())),
        }
    }

    /// `DecisionTreeRegressor`.
    fn single(wire: &mut Wire<'_>, n_columns: usize) -> Result<Self, String> {
        wire.some("the tree")?;
        let trees = vec![trees::regression_tree(wire, n_columns)?];
        if wire.flag()? {
            trees::columns(wire, n_columns)?;
        }
        Ok(Self { trees, combine: Combine::Single, scale: 1.0 })
    }

    /// `RandomForestRegressor`, `ExtraTreesRegressor`.
    fn averaged(wire: &mut Wire<'_>, n_columns: usize) -> Result<Self, String> {
        wire.some("the forest")?;
        wire.some("the list of trees")?;
        let n = wire.length(4, "trees")?;
        let trees = (0..n).map(|_| trees::regression_tree(wire, n_columns)).collect::<Result<_, _>>()?;
        if wire.flag()? {
            trees::columns(wire, n_columns)?;
        }
        no_samples(wire)?;
        Ok(Self { trees, combine: Combine::Mean, scale: 1.0 })
    }

    /// `RandomForestClassifier`.
    fn voting(wire: &mut Wire<'_>, shape: Shape) -> Result<Self, String> {
        wire.some("the list of trees")?;
        let n = wire.length(4, "trees")?;
        let one = |_| trees::classification_tree(wire, shape.n_columns, shape.n_classes);
        let trees = (0..n).map(one).collect::<Result<_, _>>()?;
        wire.some("the classes")?;
        trees::classes(wire, shape.n_classes)?;
        no_samples(wire)?;
        Ok(Self { trees, combine: Combine::Vote, scale: 1.0 })
    }
}

/// `keep_samples` is off in `train`: the in-bag rows are training data that nothing reads.
fn no_samples(wire: &mut Wire<'_>) -> Result<(), String> {
    if wire.flag()? { wire.fault("it holds the trees' samples") } else { Ok(()) }
}
