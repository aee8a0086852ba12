//! smartcore's trees, forests and boosting from their bytes.

use super::boosting::boosting;
use super::postcard::PostcardReader;
use super::shape::Shape;
use super::shares::LeafShares;
use super::trees::{classification_tree, regression_tree};
use crate::model::algorithm::Algorithm;
use crate::model::ir::{Decision, Ensemble, Leaves, Link, Node, Sum, Tree, Trees, Width};

/// Reads an ensemble of the given shape; `shares` is the section of a classifier's leaves.
#[expect(clippy::cast_precision_loss, reason = "tree counts stay far below 2^53")]
pub(super) fn read(reader: &mut PostcardReader<'_>, shares: Option<&[u8]>, shape: Shape) -> Result<Trees, String> {
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
            let mut shares = leaf_shares(shares, 1, shape)?;
            let trees = vec![classification_tree(reader, shape, shares.as_mut())?];
            (trees, leaves_of_classes(shares)?, vec![0.0; shape.n_classes])
        }
        (Algorithm::RandomForest, true) => {
            let (trees, leaves) = of_classes(reader, shares, shape)?;
            divisor = (leaves != Leaves::Votes).then_some(trees.len() as f64);
            (trees, leaves, vec![0.0; shape.n_classes])
        }
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
fn single(reader: &mut PostcardReader<'_>, shape: Shape) -> Result<Vec<Vec<Node>>, String> {
    reader.some("the tree")?;
    let trees = vec![regression_tree(reader)?];
    reader.option(|reader| shape.read_columns(reader))?;
    Ok(trees)
}

/// `RandomForestRegressor`, `ExtraTreesRegressor`.
fn averaged(reader: &mut PostcardReader<'_>, shape: Shape) -> Result<Vec<Vec<Node>>, String> {
    reader.some("the forest")?;
    reader.some("the list of trees")?;
    let n = reader.length(4, "trees")?;
    let trees = (0..n).map(|_| regression_tree(reader)).collect::<Result<_, _>>()?;
    reader.option(|reader| shape.read_columns(reader))?;
    no_samples(reader)?;
    Ok(trees)
}

/// `RandomForestClassifier`.
fn of_classes(
    reader: &mut PostcardReader<'_>,
    shares: Option<&[u8]>,
    shape: Shape,
) -> Result<(Vec<Vec<Node>>, Leaves), String> {
    reader.some("the list of trees")?;
    let n = reader.length(4, "trees")?;
    let mut shares = leaf_shares(shares, n, shape)?;
    let trees = (0..n).map(|_| classification_tree(reader, shape, shares.as_mut())).collect::<Result<_, _>>()?;
    reader.some("the classes")?;
    shape.read_classes(reader)?;
    no_samples(reader)?;
    Ok((trees, leaves_of_classes(shares)?))
}

fn leaf_shares(section: Option<&[u8]>, n_trees: usize, shape: Shape) -> Result<Option<LeafShares<'_>>, String> {
    section.map(|section| LeafShares::of(section, n_trees, shape.n_classes)).transpose()
}

/// What the leaves of classifiers hold: shares where there are some, else votes.
fn leaves_of_classes(shares: Option<LeafShares<'_>>) -> Result<Leaves, String> {
    shares.map_or(Ok(Leaves::Votes), |shares| shares.end().map(Leaves::Shares))
}

/// `keep_samples` is off in `train`: the in-bag rows are training data that nothing reads.
fn no_samples(reader: &mut PostcardReader<'_>) -> Result<(), String> {
    if reader.flag()? { reader.fault("it holds the trees' samples") } else { Ok(()) }
}
