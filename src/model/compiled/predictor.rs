//! A predictor of any kind, ready to answer.

use super::answers::Answers;
use super::bayes::LogLikelihoods;
use super::forest::{FewRows, Forest};
use super::knn::NearestRows;
use super::links::{self, AnswerRule};
use super::rows::n_rows;
use super::scratch::Scratch;
use super::svm::KernelSums;
use crate::model::ir::{Form, Leaves, Linear, Link, Width};
use crate::model::prediction::{PredictError, Prediction, Probabilities};

/// Levels of a tree, about: a tree of 30 leaves has 5 to 8, a deep one 20.
const LEVELS: usize = 10;

/// A predictor ready to answer.
#[derive(Debug, Clone)]
pub struct Predictor {
    n_columns: usize,
    n_classes: usize,
    /// Numbers a row, where there are no classes.
    n_outputs: usize,
    has_probability: bool,
    kind: Compiled,
}

/// Another layout of a predictor's trees for few rows. Which of the two is faster depends on the machine's caches.
#[derive(Debug)]
pub struct TreeLayout(FewRows);

#[derive(Debug, Clone)]
enum Compiled {
    Forest(Forest),
    /// A forest whose trees vote for classes.
    Voters(Forest),
    Linear(Linear),
    Neighbors(NearestRows),
    Machines(KernelSums),
    Bayes(LogLikelihoods),
}

impl Predictor {
    /// Compiles a form that answers for `n_classes` classes, or for a number where there are 0.
    ///
    /// # Errors
    /// One sentence: it answers for others, or it is too large.
    pub fn compile(form: &Form, n_classes: usize) -> Result<Self, String> {
        if !form.fits(n_classes) {
            return Err(format!("the estimator does not answer for {n_classes} classes"));
        }
        let kind = match form {
            Form::Trees(trees) if trees.leaves == Leaves::Votes => Compiled::Voters(Forest::new(trees)?),
            Form::Trees(trees) => Compiled::Forest(Forest::new(trees)?),
            Form::Linear(linear) => Compiled::Linear(linear.clone()),
            Form::Neighbors(neighbors) => Compiled::Neighbors(NearestRows::new(neighbors.clone())),
            Form::Svm(svm) => Compiled::Machines(KernelSums::new(svm)),
            Form::Bayes(bayes) => Compiled::Bayes(LogLikelihoods::new(bayes)),
        };
        let (n_columns, n_outputs) = (form.n_columns(), form.n_outputs());
        Ok(Self { n_columns, n_classes, n_outputs, has_probability: true, kind })
    }

    /// The same predictor, answering with classes alone.
    #[must_use]
    pub fn without_probability(self) -> Self {
        Self { has_probability: false, ..self }
    }

    /// The other layout for few rows of the trees in `form`, which this was compiled from; `None` when the trees have
    /// only one layout.
    pub fn other_layout(&self, form: &Form) -> Option<TreeLayout> {
        match (&self.kind, form) {
            (Compiled::Forest(forest) | Compiled::Voters(forest), Form::Trees(trees)) => {
                forest.other_layout(trees).map(TreeLayout)
            }
            _ => None,
        }
    }

    /// Exchanges the present layout for `other`, of the same predictor: the answers have the same bits.
    pub fn swap_layout(&mut self, other: &mut TreeLayout) {
        if let Compiled::Forest(forest) | Compiled::Voters(forest) = &mut self.kind {
            forest.swap_layout(&mut other.0);
        }
    }

    /// Encoded columns a row must have.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Bytes that the arrays of a forest occupy; `None` for other predictors. The bound of a server's memory counts on
    /// two bytes for each one of the file: a test and `docs/benchmarks.md` compare.
    pub fn forest_bytes(&self) -> Option<usize> {
        match &self.kind {
            Compiled::Forest(forest) | Compiled::Voters(forest) => Some(forest.resident_bytes()),
            Compiled::Linear(_) | Compiled::Neighbors(_) | Compiled::Machines(_) | Compiled::Bayes(_) => None,
        }
    }

    /// About how many comparisons or products the prediction of a row takes, at 1 to 4 ns each; from the model alone,
    /// so that what is decided by it is the same everywhere.
    pub fn steps_per_row(&self) -> usize {
        let of_kind = match &self.kind {
            Compiled::Forest(forest) | Compiled::Voters(forest) => forest.n_trees() * LEVELS,
            Compiled::Linear(linear) => linear.n_outputs() * self.n_columns,
            Compiled::Neighbors(neighbors) => neighbors.n_rows() * self.n_columns,
            Compiled::Machines(machines) => machines.n_vectors() * self.n_columns,
            Compiled::Bayes(_) => self.n_classes * self.n_columns,
        };
        self.n_columns + of_kind
    }

    /// Answers for a row-major matrix `[n_rows, n_columns]`; `first` is the number of its first row in errors.
    ///
    /// # Errors
    /// [`PredictError`] when an answer is not finite.
    pub fn predict(&self, matrix: &[f64], first: usize, scratch: &mut Scratch) -> Result<Prediction, PredictError> {
        if self.n_classes > 0 {
            return self.classify(matrix, scratch).map_err(|row| PredictError::of_row(first + row));
        }
        let n_rows = n_rows(matrix, self.n_columns);
        let mut values = Vec::with_capacity(n_rows * self.n_outputs);
        match &self.kind {
            Compiled::Forest(forest) => {
                let AnswerRule { link, width, .. } = forest.rule();
                forest.margins(matrix, &mut scratch.forest, &mut values);
                links::apply(link, width, &mut values, self.n_outputs);
            }
            Compiled::Linear(linear) => {
                let AnswerRule { link, width, .. } = linear.answer_rule();
                linear.scores(matrix, &mut values);
                links::apply(link, width, &mut values, self.n_outputs);
            }
            Compiled::Neighbors(neighbors) => neighbors.means(matrix, &mut scratch.search, &mut values),
            Compiled::Machines(machines) => machines.sums(matrix, &mut scratch.kernel, |_, sum| values.push(sum)),
            // Their forms do not fit regression.
            Compiled::Bayes(_) | Compiled::Voters(_) => {}
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(at) => Err(PredictError::of_row(first + at / self.n_outputs)),
            None => Ok(Prediction::Regression { values, n_outputs: self.n_outputs }),
        }
    }

    /// Raw scores: the margins before the link, row-major `[n_rows, n_margins]`; `None` where the method has none.
    pub fn raw(&self, matrix: &[f64], scratch: &mut Scratch) -> Option<Vec<f64>> {
        let mut margins = Vec::with_capacity(n_rows(matrix, self.n_columns) * self.n_margins().unwrap_or(0));
        match &self.kind {
            Compiled::Forest(forest) => forest.raw(matrix, &mut scratch.forest, &mut margins),
            Compiled::Linear(linear) => linear.scores(matrix, &mut margins),
            _ => return None,
        }
        Some(margins)
    }

    /// Raw scores a row; `None` where the method has none.
    pub fn n_margins(&self) -> Option<usize> {
        match &self.kind {
            Compiled::Forest(forest) => Some(forest.n_outputs()),
            Compiled::Linear(linear) => Some(linear.n_outputs()),
            _ => None,
        }
    }

    /// True where a classifier's answers have the probability of each class.
    pub fn has_probability(&self) -> bool {
        self.n_classes > 0 && self.has_probability && !matches!(self.kind, Compiled::Machines(_))
    }

    /// What a classifier's probabilities are; `None` for numbers, and where they are those of the method itself.
    pub fn probabilities(&self) -> Option<Probabilities> {
        match &self.kind {
            _ if self.n_classes == 0 => None,
            _ if !self.has_probability() => Some(Probabilities::Absent),
            Compiled::Voters(_) => Some(Probabilities::Votes),
            Compiled::Forest(forest) if forest.holds_shares() => Some(Probabilities::Shares),
            _ => None,
        }
    }

    /// The width of answers: of 32 bits, each is an f32.
    pub fn width(&self) -> Width {
        match &self.kind {
            Compiled::Forest(forest) | Compiled::Voters(forest) => forest.rule().width,
            Compiled::Linear(linear) => linear.answer_rule().width,
            _ => Width::F64,
        }
    }

    /// Classes for a matrix, and their probabilities where the method has them; else the first row that has no answer.
    fn classify(&self, matrix: &[f64], scratch: &mut Scratch) -> Result<Prediction, usize> {
        let mut answers = Answers::new(self.n_classes, n_rows(matrix, self.n_columns));
        match &self.kind {
            Compiled::Voters(forest) => answers.by_votes(forest, matrix, scratch),
            Compiled::Forest(forest) => answers.by_margins(forest, matrix, scratch)?,
            Compiled::Linear(linear) => answers.by_scores(linear, matrix, &mut scratch.margins)?,
            Compiled::Neighbors(neighbors) => answers.by_shares(neighbors, matrix, &mut scratch.search)?,
            Compiled::Machines(machines) => {
                // A machine's sum is a distance from its border, not a share of anything.
                answers.by_pairs(machines, matrix, scratch)?;
                return Ok(answers.into_prediction(false));
            }
            Compiled::Bayes(bayes) => answers.by_likelihood(bayes, matrix)?,
        }
        Ok(answers.into_prediction(self.has_probability))
    }

    /// Σ|terms| behind each row's numbers (at least 1 for probabilities), where they went through `exp`, `ln`, `powf`
    /// or `tanh`: another CPU's may move them by a small share of it. `None` where answers are the same on every CPU.
    pub fn magnitudes(&self, matrix: &[f64], scratch: &mut Scratch) -> Option<Vec<f64>> {
        let n_rows = n_rows(matrix, self.n_columns);
        let is_classifier = self.n_classes > 0;
        match &self.kind {
            Compiled::Forest(_) | Compiled::Linear(_) if self.link() == Link::Identity => None,
            Compiled::Forest(_) | Compiled::Linear(_) if is_classifier => Some(vec![1.0; n_rows]),
            Compiled::Forest(_) | Compiled::Linear(_) => match self.predict(matrix, 0, scratch) {
                Ok(Prediction::Regression { values, n_outputs }) => {
                    let largest = |of_row: &[f64]| of_row.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
                    Some(values.chunks_exact(n_outputs).map(largest).collect())
                }
                _ => None,
            },
            Compiled::Machines(machines) if !is_classifier && !machines.is_portable() => {
                let mut sums = Vec::with_capacity(n_rows);
                machines.magnitudes(matrix, &mut scratch.kernel, |_, sum| sums.push(sum));
                Some(sums)
            }
            Compiled::Bayes(bayes) => {
                let mut sums = Vec::with_capacity(n_rows * self.n_classes);
                bayes.magnitudes(matrix, &mut sums);
                let largest = |of_row: &[f64]| of_row.iter().copied().fold(1.0, f64::max);
                Some(sums.chunks_exact(self.n_classes).map(largest).collect())
            }
            _ => None,
        }
    }

    fn link(&self) -> Link {
        match &self.kind {
            Compiled::Forest(forest) => forest.rule().link,
            Compiled::Linear(linear) => linear.link,
            _ => Link::Identity,
        }
    }

    /// How far the trees disagree on each row (population standard deviation), for means of regression trees.
    pub fn spread(&self, matrix: &[f64]) -> Option<Vec<f64>> {
        match &self.kind {
            Compiled::Forest(forest) if self.n_classes == 0 && forest.is_mean() => Some(forest.spread(matrix)),
            _ => None,
        }
    }
}
