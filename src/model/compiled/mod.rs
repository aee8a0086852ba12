//! Estimators in the layout we predict from, decoded from the `estimator` section with every index checked.
//!
//! Stands apart from `estimator` (smartcore's own objects): these answer bit for bit as smartcore does, many times
//! faster, and cannot panic or loop whatever the bytes were.

mod boosting;
mod forest;
mod linear;
mod trees;
mod wire;

use boosting::Boosting;
use forest::{Combine, Forest};
use linear::Linear;
use trees::Tree;
use wire::Wire;

use super::algorithm::Algorithm;
use super::prediction::{PredictError, Prediction};
use super::schema::Task;

/// Buffers of one worker, reused from call to call so that nothing is allocated per row.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Encoded columns, row-major `[n_rows, n_columns]`.
    pub(super) matrix: Vec<f64>,
    /// Votes, row-major `[n_rows, n_classes]`.
    votes: Vec<u32>,
    /// Scores of linear classifiers, row-major `[n_rows, n_outputs]`.
    scores: Vec<f64>,
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
}

impl Predictor {
    /// Decodes and compiles an `estimator` section. Total: any bytes give a predictor or an error, in time and memory
    /// proportional to their length.
    ///
    /// # Errors
    /// One sentence: what is wrong in the section.
    pub fn decode(section: &[u8], shape: Shape) -> Result<Self, String> {
        let wire = &mut Wire::new(section);
        let n_columns = shape.n_columns;
        let kind = match (shape.algorithm, shape.task.is_classification()) {
            (Algorithm::Linear, false) => Kind::Linear(Linear::decode_linear(wire, n_columns)?),
            (Algorithm::Ridge, false) => Kind::Linear(Linear::decode_ridge(wire, n_columns)?),
            (Algorithm::Logistic, true) => Kind::Linear(Linear::decode_logistic(wire, n_columns, shape.n_classes)?),
            _ => {
                let ensemble = Ensemble::decode(wire, shape)?;
                Kind::Forest(Forest::new(&ensemble.trees, n_columns, ensemble.combine, ensemble.scale)?)
            }
        };
        wire.end()?;
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
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(row) => Err(PredictError { row: first + row }),
            None => Ok(Prediction::Regression { values }),
        }
    }

    fn classify(&self, matrix: &[f64], first: usize, scratch: &mut Scratch) -> Result<Prediction, PredictError> {
        let n_rows = matrix.len() / self.shape.n_columns;
        let n_classes = self.shape.n_classes;
        let mut classes = Vec::with_capacity(n_rows);
        let mut probability = Vec::with_capacity(n_rows * n_classes);
        match &self.kind {
            Kind::Forest(forest) => {
                let votes = &mut scratch.votes;
                votes.clear();
                votes.resize(n_rows * n_classes, 0);
                forest.votes(matrix, n_classes, &mut scratch.forest, votes);
                for votes in votes.chunks_exact(n_classes) {
                    classes.push(position(most_votes(votes)));
                    let n = f64::from(votes.iter().sum::<u32>());
                    probability.extend(votes.iter().map(|v| f64::from(*v) / n));
                }
            }
            Kind::Linear(linear) => {
                let scores = &mut scratch.scores;
                scores.clear();
                linear.scores(matrix, scores);
                for (row, scores) in scores.chunks_exact_mut(linear.n_outputs()).enumerate() {
                    if scores.iter().any(|s| !s.is_finite()) {
                        return Err(PredictError { row: first + row });
                    }
                    if let [score] = scores {
                        let of_second = linear::sigmoid(*score);
                        classes.push(u32::from(of_second > 0.5));
                        probability.extend([1.0 - of_second, of_second]);
                    } else {
                        classes.push(position(linear::argmax(scores)));
                        linear::softmax(scores);
                        probability.extend_from_slice(scores);
                    }
                }
            }
        }
        Ok(Prediction::Classification { classes, probability: Some(probability) })
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
        let ensemble = Ensemble::decode(&mut Wire::new(section), shape)?;
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
        let ensemble = Ensemble::decode(&mut Wire::new(section), shape)?;
        let wire = &mut Wire::new(cover);
        let n = wire.length(1, "trees")?;
        if n != ensemble.trees.len() {
            return Err(format!("cover counts {n} trees, the estimator has {}", ensemble.trees.len()));
        }
        for (i, tree) in ensemble.trees.iter().enumerate() {
            check_cover_of(i, tree, wire)?;
        }
        wire.end()
    }
}

fn check_cover_of(i: usize, tree: &Tree, wire: &mut Wire<'_>) -> Result<(), String> {
    let n = wire.length(1, "nodes")?;
    if n != tree.len() {
        return Err(format!("cover counts {n} nodes of tree {i}, it has {}", tree.len()));
    }
    let counts = (0..n).map(|_| wire.u32()).collect::<Result<Vec<u32>, _>>()?;
    for (at, node) in tree.iter().enumerate() {
        let Some((left, right)) = node.children else { continue };
        if u64::from(counts[left as usize]) + u64::from(counts[right as usize]) != u64::from(counts[at]) {
            return Err(format!("cover of node {at} of tree {i} is not the sum of its children's"));
        }
    }
    Ok(())
}

/// Trees and how their leaves become an answer.
struct Ensemble {
    trees: Vec<Tree>,
    combine: Combine,
    scale: f64,
}

impl Ensemble {
    fn decode(wire: &mut Wire<'_>, shape: Shape) -> Result<Self, String> {
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

/// The class with most votes; of equals the first, as smartcore's `which_max`.
fn most_votes(votes: &[u32]) -> usize {
    let mut best = 0;
    for (class, n) in votes.iter().enumerate() {
        if *n > votes[best] {
            best = class;
        }
    }
    best
}

fn position(class: usize) -> u32 {
    u32::try_from(class).expect("class positions fit 32 bits: the decoder read them so")
}
