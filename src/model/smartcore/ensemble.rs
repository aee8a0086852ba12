//! smartcore's trees, forests and boosting from their bytes.

use super::boosting::boosting;
use super::postcard::Reader;
use super::shape::Shape;
use super::trees::{classification_tree, regression_tree};
use crate::model::algorithm::Algorithm;
use crate::model::ir::{Decision, Ensemble, Leaves, Link, Node, Sum, Tree, Trees, Width};

/// Reads the ensemble that a shape tells of.
#[expect(clippy::cast_precision_loss, reason = "tree counts stay far below 2^53")]
pub(super) fn read(reader: &mut Reader<'_>, shape: Shape) -> Result<Trees, String> {
    let (mut weight, mut divisor) = (1.0, None);
    let (trees, leaves, start) = match (shape.algorithm, shape.task.is_classification()) {
        // Adds nothing, not even to −0.
        (Algorithm::DecisionTree, false) => (single(reader, shape)?, Leaves::Values, vec![-0.0]),
        (Algorithm::RandomForest | Algorithm::ExtraTrees, false) => {
            let trees = averaged(reader, shape)?;
            divisor = Some(trees.len() as f64);
            (trees, Leaves::Values, vec![0.0])
        }
        (Algorithm::GradientBoosting, false) => {
            let boosting = boosting(reader)?;
            weight = boosting.learning_rate;
            (boosting.trees, Leaves::Values, vec![boosting.base_score])
        }
        (Algorithm::DecisionTree, true) => {
            (vec![classification_tree(reader, shape)?], Leaves::Votes, vec![0.0; shape.n_classes])
        }
        (Algorithm::RandomForest, true) => (voting(reader, shape)?, Leaves::Votes, vec![0.0; shape.n_classes]),
        (algorithm, _) => return Err(format!("{algorithm} does not do {}", shape.task.as_str())),
    };
    Trees::new(Ensemble {
        n_columns: shape.n_columns,
        input: Width::F64,
        trees: trees.into_iter().map(|nodes| Tree { nodes, output: 0, weight }).collect(),
        sets: Vec::new(),
        leaves,
        sum: Sum { width: Width::F64, start, divisor, raw_is_undivided: false },
        link: Link::Identity,
        decision: Decision::Probability,
    })
}

/// `DecisionTreeRegressor`.
fn single(reader: &mut Reader<'_>, shape: Shape) -> Result<Vec<Vec<Node>>, String> {
    reader.some("the tree")?;
    let trees = vec![regression_tree(reader)?];
    reader.option(|reader| shape.read_columns(reader))?;
    Ok(trees)
}

/// `RandomForestRegressor`, `ExtraTreesRegressor`.
fn averaged(reader: &mut Reader<'_>, shape: Shape) -> Result<Vec<Vec<Node>>, String> {
    reader.some("the forest")?;
    reader.some("the list of trees")?;
    let n = reader.length(4, "trees")?;
    let trees = (0..n).map(|_| regression_tree(reader)).collect::<Result<_, _>>()?;
    reader.option(|reader| shape.read_columns(reader))?;
    no_samples(reader)?;
    Ok(trees)
}

/// `RandomForestClassifier`.
fn voting(reader: &mut Reader<'_>, shape: Shape) -> Result<Vec<Vec<Node>>, String> {
    reader.some("the list of trees")?;
    let n = reader.length(4, "trees")?;
    let trees = (0..n).map(|_| classification_tree(reader, shape)).collect::<Result<_, _>>()?;
    reader.some("the classes")?;
    shape.read_classes(reader)?;
    no_samples(reader)?;
    Ok(trees)
}

/// `keep_samples` is off in `train`: the in-bag rows are training data that nothing reads.
fn no_samples(reader: &mut Reader<'_>) -> Result<(), String> {
    if reader.flag()? { reader.fault("it holds the trees' samples") } else { Ok(()) }
}
