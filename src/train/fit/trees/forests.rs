//! Grows forests in blocks, so that all cores are busy: smartcore grows a forest's trees one after the other from one
//! generator. Each block is a forest of its own, with a seed made from (seed, block); merged in order they are one
//! smartcore forest, the same whatever the number of threads. Classification trees are grown by `cart`, and so are those
//! of numbers where many columns are zeros and few ones.
//!
//! The merge is on the serialized form: a list there is its length and its elements one after the other.

use serde::Serialize;
use smartcore::ensemble::extra_trees_regressor::ExtraTreesRegressorParameters;
use smartcore::ensemble::random_forest_regressor::RandomForestRegressorParameters;

use crate::model::algorithm::Algorithm;
use crate::model::smartcore::{ExtraTrees, ForestRegressor, Matrix};
use crate::train::data::target::Observed;
use crate::train::fit::task::{FitTask, FittedBytes, leaf, levels, matrix, sentence};
use crate::train::fit::trees::cart::Ranks;
use crate::train::fit::trees::smartcore_tree;
use crate::train::moments::mean;
use crate::train::options::Hyperparameters;
use crate::train::random::SplitMix64;

/// Trees of a block. smartcore sorts every column once a forest: on 20,000 rows of 20 columns blocks of 8 take 8 % more
/// processor time than one forest, of 16 2 %, of one tree 150 %; 100 trees in blocks of 8 keep 13 cores busy.
const TREES_TOGETHER: usize = 8;

/// The first random stream of blocks' seeds.
const BLOCK_STREAM: u64 = 1 << 32;

/// Columns of zeros and few ones from which on trees of numbers are grown by `cart`: 100 trees on 2,000 rows of 2,000 such
/// columns take 5.4 s of CPU, smartcore's 136 s; extra trees 32 s, smartcore's more than 400 s.
const MANY_SPARSE: usize = 256;

/// The number of blocks.
pub(crate) fn n_blocks(parameters: &Hyperparameters) -> usize {
    n_trees(parameters).div_ceil(TREES_TOGETHER)
}

fn n_trees(parameters: &Hyperparameters) -> usize {
    parameters.count("trees").unwrap_or(1)
}

/// The rows to fit on, prepared once for all blocks.
#[derive(Debug)]
pub(crate) enum ForestInput {
    /// For smartcore's forests of numbers.
    Matrix(Matrix),
    /// For ours of classes.
    Ranks(Ranks),
    /// For ours of numbers: the values without their mean, and the mean.
    Sparse(Ranks, Vec<f64>, f64),
}

impl ForestInput {
    pub(crate) fn of(task: &FitTask<'_>) -> Result<Self, String> {
        Ok(match task.observed {
            Observed::Classes(_) => Self::Ranks(Ranks::new(task.matrix, task.n_columns)),
            Observed::Values(y) if task.n_columns >= MANY_SPARSE => {
                let ranks = Ranks::new(task.matrix, task.n_columns);
                if ranks.n_sparse() < MANY_SPARSE {
                    return Ok(Self::Matrix(matrix(task)?));
                }
                let mean = mean(y);
                Self::Sparse(ranks, y.iter().map(|value| value - mean).collect(), mean)
            }
            Observed::Values(_) => Self::Matrix(matrix(task)?),
        })
    }
}

/// Grows one block; its trees as bytes, without the list's head and tail, and their leaves' shares likewise.
pub(crate) fn grow(task: &FitTask<'_>, shared: &ForestInput, block: usize) -> Result<FittedBytes, String> {
    let p = task.parameters;
    let n_trees = (n_trees(p) - block * TREES_TOGETHER).min(TREES_TOGETHER);
    let seed = SplitMix64::new(task.seed, BLOCK_STREAM + block as u64).next_u64();
    let (max_depth, min_samples_leaf, m) = (levels(p), leaf(p), Some(p.columns_per_split(task.n_columns)));
    match (shared, task.algorithm, task.observed) {
        (ForestInput::Matrix(x), Algorithm::RandomForest, Observed::Values(y)) => {
            let rest = RandomForestRegressorParameters::default();
            let parameters = RandomForestRegressorParameters { max_depth, min_samples_leaf, n_trees, m, seed, ..rest };
            bare(&ForestRegressor::fit(x, y, parameters).map_err(|e| sentence(&e))?, task, n_trees)
                .map(FittedBytes::from)
        }
        (ForestInput::Matrix(x), Algorithm::ExtraTrees, Observed::Values(y)) => {
            let rest = ExtraTreesRegressorParameters::default();
            let parameters = ExtraTreesRegressorParameters { max_depth, min_samples_leaf, n_trees, m, seed, ..rest };
            bare(&ExtraTrees::fit(x, y, parameters).map_err(|e| sentence(&e))?, task, n_trees).map(FittedBytes::from)
        }
        (ForestInput::Sparse(ranks, values, mean), ..) => {
            smartcore_tree::of_numbers(task, ranks, (values, *mean), n_trees, seed).map(FittedBytes::from)
        }
        (ForestInput::Ranks(ranks), Algorithm::RandomForest, Observed::Classes(y)) => {
            smartcore_tree::of_forest(task, ranks, y, n_trees, seed)
        }
        _ => Err("it is no forest, or not for this task".to_owned()),
    }
}

/// The sections of all blocks' trees.
pub(crate) fn merge(task: &FitTask<'_>, blocks: &[FittedBytes]) -> Result<FittedBytes, String> {
    let n_trees = n_trees(task.parameters);
    let (head, tail) = head_and_tail(task, n_trees)?;
    let trees: Vec<&[u8]> = blocks.iter().map(|block| block.estimator.as_slice()).collect();
    let estimator = [head, trees.concat(), tail].concat();
    let shares: Option<Vec<&[u8]>> = blocks.iter().map(|block| block.shares.as_deref()).collect();
    let Some(shares) = shares else { return Ok(estimator.into()) };
    let head = postcard::to_allocvec(&n_trees).map_err(|e| e.to_string())?;
    Ok(FittedBytes { estimator, shares: Some([head, shares.concat()].concat()) })
}

fn bare<F: Serialize>(forest: &F, task: &FitTask<'_>, n_trees: usize) -> Result<Vec<u8>, String> {
    let bytes = postcard::to_allocvec(forest).map_err(|e| e.to_string())?;
    let (head, tail) = head_and_tail(task, n_trees)?;
    let trees = bytes.strip_prefix(head.as_slice()).and_then(|rest| rest.strip_suffix(tail.as_slice()));
    trees.map(<[u8]>::to_vec).ok_or_else(|| "smartcore's forest is not of the expected form".to_owned())
}

/// What is written before and after the trees. A forest of numbers is optional itself, then `trees`, `num_features` and
/// `samples`; one of classes is `trees`, `classes` and `samples`. There are never samples: `keep_samples` is off.
fn head_and_tail(task: &FitTask<'_>, n_trees: usize) -> Result<(Vec<u8>, Vec<u8>), String> {
    let none = None::<Vec<Vec<bool>>>;
    let (flags, tail) = match task.observed {
        Observed::Values(_) => (vec![1, 1], postcard::to_allocvec(&(Some(task.n_columns), &none))),
        Observed::Classes(_) => {
            let labels: Vec<u32> = (0..).take(task.n_classes).collect();
            (vec![1], postcard::to_allocvec(&(Some(labels), &none)))
        }
    };
    let mut head = flags;
    head.extend(postcard::to_allocvec(&n_trees).map_err(|e| e.to_string())?);
    Ok((head, tail.map_err(|e| e.to_string())?))
}
