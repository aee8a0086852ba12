//! smartcore's trees, forests and boosting from their bytes.

use super::boosting::boosting;
use super::lists::{classes, columns};
use super::postcard::Reader;
use super::shape::Shape;
use super::trees::{classification_tree, regression_tree};
use crate::model::algorithm::Algorithm;
use crate::model::ir::{Ensemble, Leaves, Link, Node, Sum, Tree, Trees, Width};

/// Reads the ensemble that a shape tells of.
pub(super) fn read(reader: &mut Reader<'_>, shape: Shape) -> Result<Trees, String> {
    let n_columns = shape.n_columns;
    match (shape.algorithm, shape.task.is_classification()) {
        // Adds nothing, not even to −0.
        (Algorithm::DecisionTree, false) => sum_of(single(reader, n_columns)?, n_columns, -0.0, 1.0, false),
        (Algorithm::RandomForest | Algorithm::ExtraTrees, false) => {
            sum_of(averaged(reader, n_columns)?, n_columns, 0.0, 1.0, true)
        }
        (Algorithm::GradientBoosting, false) => {
            let boosting = boosting(reader)?;
            sum_of(boosting.trees, n_columns, boosting.base_score, boosting.learning_rate, false)
        }
        (Algorithm::DecisionTree, true) => {
            votes_of(vec![classification_tree(reader, n_columns, shape.n_classes)?], shape)
        }
        (Algorithm::RandomForest, true) => votes_of(voting(reader, shape)?, shape),
        (algorithm, _) => Err(format!("{algorithm} does not do {}", shape.task.as_str())),
    }
}

/// start + Σ weight · leaf, divided by the number of trees where it is a mean.
#[expect(clippy::cast_precision_loss, reason = "tree counts stay far below 2^53")]
fn sum_of(trees: Vec<Vec<Node>>, n_columns: usize, start: f64, weight: f64, mean: bool) -> Result<Trees, String> {
    let divisor = mean.then_some(trees.len() as f64);
    let sum = Sum { width: Width::F64, start: vec![start], divisor };
    ensemble(trees, n_columns, Leaves::Values, weight, sum)
}

/// One vote a tree.
fn votes_of(trees: Vec<Vec<Node>>, shape: Shape) -> Result<Trees, String> {
    let sum = Sum { width: Width::F64, start: vec![0.0; shape.n_classes], divisor: None };
    ensemble(trees, shape.n_columns, Leaves::Votes, 1.0, sum)
}

fn ensemble(trees: Vec<Vec<Node>>, n_columns: usize, leaves: Leaves, weight: f64, sum: Sum) -> Result<Trees, String> {
    let trees = trees.into_iter().map(|nodes| Tree { nodes, output: 0, weight }).collect();
    let (input, link) = (Width::F64, Link::Identity);
    Trees::new(Ensemble { n_columns, input, trees, sets: Vec::new(), leaves, sum, link })
}

/// `DecisionTreeRegressor`.
fn single(reader: &mut Reader<'_>, n_columns: usize) -> Result<Vec<Vec<Node>>, String> {
    reader.some("the tree")?;
    let trees = vec![regression_tree(reader)?];
    if reader.flag()? {
        columns(reader, n_columns)?;
    }
    Ok(trees)
}

/// `RandomForestRegressor`, `ExtraTreesRegressor`.
fn averaged(reader: &mut Reader<'_>, n_columns: usize) -> Result<Vec<Vec<Node>>, String> {
    reader.some("the forest")?;
    reader.some("the list of trees")?;
    let n = reader.length(4, "trees")?;
    let trees = (0..n).map(|_| regression_tree(reader)).collect::<Result<_, _>>()?;
    if reader.flag()? {
        columns(reader, n_columns)?;
    }
    no_samples(reader)?;
    Ok(trees)
}

/// `RandomForestClassifier`.
fn voting(reader: &mut Reader<'_>, shape: Shape) -> Result<Vec<Vec<Node>>, String> {
    reader.some("the list of trees")?;
    let n = reader.length(4, "trees")?;
    let one = |_| classification_tree(reader, shape.n_columns, shape.n_classes);
    let trees = (0..n).map(one).collect::<Result<_, _>>()?;
    reader.some("the classes")?;
    classes(reader, shape.n_classes)?;
    no_samples(reader)?;
    Ok(trees)
}

/// `keep_samples` is off in `train`: the in-bag rows are training data that nothing reads.
fn no_samples(reader: &mut Reader<'_>) -> Result<(), String> {
    if reader.flag()? { reader.fault("it holds the trees' samples") } else { Ok(()) }
}
