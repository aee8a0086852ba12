//! Estimators in the layout we predict from, decoded from the `estimator` section with every index checked.
//!
//! Stands apart from `estimator` (smartcore's own objects): these answer bit for bit as smartcore does, many times
//! faster, and cannot panic or loop whatever the bytes were.

mod bayes;
mod classify;
pub(in crate::model) mod forest;
mod knn;
mod linear;
mod simd;
mod svm;

use bayes::Bayes;
use forest::Forest;
use knn::{Neighbors, Search};
use linear::Linear;
use svm::Machines;

use super::algorithm::Algorithm;
use super::prediction::{PredictError, Prediction};
use super::schema::Task;
use super::smartcore::ensemble::Ensemble;
use super::smartcore::postcard::Reader;
use super::smartcore::trees::Tree;

/// Buffers of one worker, reused from call to call so that nothing is allocated per row.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Encoded columns, row-major `[n_rows, n_columns]`.
    pub(super) matrix: Vec<f64>,
    /// Votes, row-major `[n_rows, n_classes]`.
    votes: Vec<u32>,
    /// Scores of linear and Bayes classifiers, row-major `[n_rows, n_outputs]`.
    scores: Vec<f64>,
    /// What a search for neighbours works on.
    search: Search,
    /// Kernel values, `[n_vectors, rows of a block]`.
    kernel: Vec<f64>,
    /// What the forest kernels work on.
    forest: forest::Buffers,
}

/// What the decoder must know of a model besides the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Which estimator the bytes hold.
    pub algorithm: Algorithm,
    /// What it predicts.
    pub task: Task,
    /// Encoded columns.
    pub n_columns: usize,
    /// Classes; 0 for regression.
    pub n_classes: usize,
}

/// A predictor ready to answer.
#[derive(Debug, Clone)]
pub struct Predictor {
    shape: Shape,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Forest(Forest),
    Linear(Linear),
    Neighbors(Neighbors),
    Machines(Machines),
    Bayes(Bayes),
}

impl Predictor {
    /// Decodes and compiles an `estimator` section. Total: any bytes give a predictor or an error, in time and memory
    /// proportional to their length.
    ///
    /// # Errors
    /// One sentence: what is wrong in the section.
    pub fn decode(section: &[u8], shape: Shape) -> Result<Self, String> {
        let reader = &mut Reader::new(section);
        let n_columns = shape.n_columns;
        let kind = match (shape.algorithm, shape.task.is_classification()) {
            (Algorithm::Linear, false) => Kind::Linear(Linear::decode_linear(reader, n_columns)?),
            (Algorithm::Ridge | Algorithm::Lasso | Algorithm::ElasticNet, false) => {
                Kind::Linear(Linear::decode_ridge(reader, n_columns)?)
            }
            (Algorithm::Knn, false) => Kind::Neighbors(Neighbors::decode_regressor(reader, n_columns)?),
            (Algorithm::Knn, true) => {
                Kind::Neighbors(Neighbors::decode_classifier(reader, n_columns, shape.n_classes)?)
            }
            (Algorithm::Svr, false) => Kind::Machines(Machines::decode(reader, n_columns, 1)?),
            (Algorithm::Svc, true) => {
                Kind::Machines(Machines::decode(reader, n_columns, shape.n_classes * (shape.n_classes - 1) / 2)?)
            }
            (Algorithm::GaussianNb, true) => Kind::Bayes(Bayes::decode(reader, n_columns, shape.n_classes)?),
            (Algorithm::Logistic, true) => Kind::Linear(Linear::decode_logistic(reader, n_columns, shape.n_classes)?),
            _ => {
                let ensemble = Ensemble::decode(reader, shape)?;
                Kind::Forest(Forest::new(&ensemble.trees, n_columns, ensemble.combine, ensemble.scale)?)
            }
        };
        reader.end()?;
        Ok(Self { shape, kind })
    }

    /// Encoded columns a row must have.
    pub fn n_columns(&self) -> usize {
        self.shape.n_columns
    }

    /// Bytes the predictor occupies.
    pub fn resident_bytes(&self) -> usize {
        match &self.kind {
            Kind::Forest(forest) => forest.resident_bytes(),
            Kind::Linear(linear) => linear.resident_bytes(),
            Kind::Neighbors(neighbors) => neighbors.resident_bytes(),
            Kind::Machines(machines) => machines.resident_bytes(),
            Kind::Bayes(bayes) => bayes.resident_bytes(),
        }
    }

    /// Answers for a row-major matrix `[n_rows, n_columns]`; `first` is the number of its first row in errors.
    ///
    /// # Errors
    /// [`PredictError`] when an answer is not finite.
    pub fn predict(&self, matrix: &[f64], first: usize, scratch: &mut Scratch) -> Result<Prediction, PredictError> {
        if self.shape.task.is_classification() {
            return self.classify(matrix, first, scratch);
        }
        let n_rows = matrix.len() / self.shape.n_columns;
        let mut values = Vec::with_capacity(n_rows);
        match &self.kind {
            Kind::Forest(forest) => forest.values(matrix, &mut scratch.forest, &mut values),
            Kind::Linear(linear) => linear.scores(matrix, &mut values),
            Kind::Neighbors(neighbors) => neighbors.means(matrix, &mut scratch.search, &mut values),
            Kind::Machines(machines) => machines.sums(matrix, &mut scratch.kernel, |_, sum| values.push(sum)),
            Kind::Bayes(_) => {}
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(row) => Err(PredictError { row: first + row }),
            None => Ok(Prediction::Regression { values }),
        }
    }

    /// Σ|terms| behind each row's numbers (at least 1 for probabilities), where they went through `exp`, `ln`, `powf` or
    /// `tanh`: another CPU's may move them by a small share of it. `None` where answers are the same on every CPU.
    pub fn magnitudes(&self, matrix: &[f64], scratch: &mut Scratch) -> Option<Vec<f64>> {
        let n_rows = matrix.len() / self.shape.n_columns;
        match &self.kind {
            Kind::Linear(_) if self.shape.task.is_classification() => Some(vec![1.0; n_rows]),
            Kind::Machines(machines) if !self.shape.task.is_classification() && !machines.is_portable() => {
                let mut sums = Vec::with_capacity(n_rows);
                machines.magnitudes(matrix, &mut scratch.kernel, |_, sum| sums.push(sum));
                Some(sums)
            }
            Kind::Bayes(bayes) => {
                let mut sums = Vec::with_capacity(n_rows * self.shape.n_classes);
                bayes.magnitudes(matrix, &mut sums);
                let largest = |of_row: &[f64]| of_row.iter().copied().fold(1.0, f64::max);
                Some(sums.chunks_exact(self.shape.n_classes).map(largest).collect())
            }
            _ => None,
        }
    }

    /// How far the trees disagree on each row (population standard deviation), for forests of regression trees.
    pub fn spread(&self, matrix: &[f64]) -> Option<Vec<f64>> {
        match &self.kind {
            Kind::Forest(forest) if self.shape.algorithm.is_averaged() && !self.shape.task.is_classification() => {
                Some(forest.spread(matrix))
            }
            _ => None,
        }
    }

    /// The `cover` section for trees: per tree and node, in the order of the `estimator` section, how many rows of
    /// `matrix` reach it; postcard's `Vec<Vec<u32>>`. `None` for estimators without trees.
    ///
    /// # Errors
    /// As [`Predictor::decode`].
    pub fn cover(section: &[u8], shape: Shape, matrix: &[f64]) -> Result<Option<Vec<u8>>, String> {
        if !shape.algorithm.is_trees() {
            return Ok(None);
        }
        let ensemble = Ensemble::decode(&mut Reader::new(section), shape)?;
        let cover = forest::cover(&ensemble.trees, matrix, shape.n_columns);
        postcard::to_allocvec(&cover).map(Some).map_err(|e| e.to_string())
    }

    /// Checks a `cover` section against its `estimator` section: a count for every node, a split's count the sum of
    /// its children's.
    ///
    /// # Errors
    /// One sentence: what does not agree.
    pub fn check_cover(section: &[u8], shape: Shape, cover: &[u8]) -> Result<(), String> {
        if !shape.algorithm.is_trees() {
            return Err("there is a cover section but the estimator has no trees".to_owned());
        }
        let ensemble = Ensemble::decode(&mut Reader::new(section), shape)?;
        let reader = &mut Reader::new(cover);
        let n = reader.length(1, "trees")?;
        if n != ensemble.trees.len() {
            return Err(format!("cover counts {n} trees, the estimator has {}", ensemble.trees.len()));
        }
        for (i, tree) in ensemble.trees.iter().enumerate() {
            check_cover_of(i, tree, reader)?;
        }
        reader.end()
    }
}

fn check_cover_of(i: usize, tree: &Tree, reader: &mut Reader<'_>) -> Result<(), String> {
    let n = reader.length(1, "nodes")?;
    if n != tree.len() {
        return Err(format!("cover counts {n} nodes of tree {i}, it has {}", tree.len()));
    }
    let counts = (0..n).map(|_| reader.u32()).collect::<Result<Vec<u32>, _>>()?;
    for (at, node) in tree.iter().enumerate() {
        let Some((left, right)) = node.children else { continue };
        if u64::from(counts[left as usize]) + u64::from(counts[right as usize]) != u64::from(counts[at]) {
            return Err(format!("cover of node {at} of tree {i} is not the sum of its children's"));
        }
    }
    Ok(())
}
