//! Which trees an `estimator` section holds and how their leaves become an answer.
//!
//! Stands apart from `trees` (one tree on the reader) and `forest` (which predicts): the `cover` section is counted and
//! checked on this form, in the section's own node order.

use super::boosting::Boosting;
use super::postcard::Reader;
use super::trees::{self, Tree};
use crate::model::algorithm::Algorithm;
use crate::model::compiled::Shape;
use crate::model::compiled::forest::Combine;

/// Trees and how their leaves become an answer.
pub(in crate::model) struct Ensemble {
    pub(in crate::model) trees: Vec<Tree>,
    pub(in crate::model) combine: Combine,
    pub(in crate::model) scale: f64,
}

impl Ensemble {
    pub(in crate::model) fn decode(reader: &mut Reader<'_>, shape: Shape) -> Result<Self, String> {
        let n_columns = shape.n_columns;
        match (shape.algorithm, shape.task.is_classification()) {
            (Algorithm::DecisionTree, false) => Self::single(reader, n_columns),
            (Algorithm::RandomForest | Algorithm::ExtraTrees, false) => Self::averaged(reader, n_columns),
            (Algorithm::GradientBoosting, false) => {
                let boosting = Boosting::decode(reader, n_columns)?;
                let combine = Combine::Sum(boosting.base_score);
                Ok(Self { trees: boosting.trees, combine, scale: boosting.learning_rate })
            }
            (Algorithm::DecisionTree, true) => {
                let trees = vec![trees::classification_tree(reader, n_columns, shape.n_classes)?];
                Ok(Self { trees, combine: Combine::Vote, scale: 1.0 })
            }
            (Algorithm::RandomForest, true) => Self::voting(reader, shape),
            (algorithm, _) => Err(format!("{algorithm} does not do {}", shape.task.as_str())),
        }
    }

    /// `DecisionTreeRegressor`.
    fn single(reader: &mut Reader<'_>, n_columns: usize) -> Result<Self, String> {
        reader.some("the tree")?;
        let trees = vec![trees::regression_tree(reader, n_columns)?];
        if reader.flag()? {
            trees::columns(reader, n_columns)?;
        }
        Ok(Self { trees, combine: Combine::Single, scale: 1.0 })
    }

    /// `RandomForestRegressor`, `ExtraTreesRegressor`.
    fn averaged(reader: &mut Reader<'_>, n_columns: usize) -> Result<Self, String> {
        reader.some("the forest")?;
        reader.some("the list of trees")?;
        let n = reader.length(4, "trees")?;
        let trees = (0..n).map(|_| trees::regression_tree(reader, n_columns)).collect::<Result<_, _>>()?;
        if reader.flag()? {
            trees::columns(reader, n_columns)?;
        }
        no_samples(reader)?;
        Ok(Self { trees, combine: Combine::Mean, scale: 1.0 })
    }

    /// `RandomForestClassifier`.
    fn voting(reader: &mut Reader<'_>, shape: Shape) -> Result<Self, String> {
        reader.some("the list of trees")?;
        let n = reader.length(4, "trees")?;
        let one = |_| trees::classification_tree(reader, shape.n_columns, shape.n_classes);
        let trees = (0..n).map(one).collect::<Result<_, _>>()?;
        reader.some("the classes")?;
        trees::classes(reader, shape.n_classes)?;
        no_samples(reader)?;
        Ok(Self { trees, combine: Combine::Vote, scale: 1.0 })
    }
}

/// `keep_samples` is off in `train`: the in-bag rows are training data that nothing reads.
fn no_samples(reader: &mut Reader<'_>) -> Result<(), String> {
    if reader.flag()? { reader.fault("it holds the trees' samples") } else { Ok(()) }
}
