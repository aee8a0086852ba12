//! From scores, votes and shares to classes and their probabilities, one kind of predictor after the other.
//!
//! Stands apart from the module's head because only classification has two answers a row.

use super::bayes::Bayes;
use super::forest::Forest;
use super::linear::{self, Linear};
use super::svm::Machines;
use super::{Kind, Predictor, Scratch};
use crate::model::prediction::{PredictError, Prediction};

/// What is answered so far.
struct Answers {
    n_classes: usize,
    classes: Vec<u32>,
    probability: Vec<f64>,
}

impl Predictor {
    /// Answers for a row-major matrix, as [`Predictor::predict`] gives them.
    pub(super) fn classify(
        &self,
        matrix: &[f64],
        first: usize,
        scratch: &mut Scratch,
    ) -> Result<Prediction, PredictError> {
        let n_rows = matrix.len() / self.shape.n_columns;
        let n_classes = self.shape.n_classes;
        let mut answers = Answers {
            n_classes,
            classes: Vec::with_capacity(n_rows),
            probability: Vec::with_capacity(n_rows * n_classes),
        };
        let refused = match &self.kind {
            Kind::Forest(forest) => {
                answers.by_trees(forest, matrix, n_rows, scratch);
                None
            }
            Kind::Linear(linear) => answers.by_scores(linear, matrix, &mut scratch.scores),
            Kind::Neighbors(neighbors) => {
                neighbors.shares(matrix, n_classes, &mut scratch.search, &mut answers.probability);
                answers.by_probability()
            }
            Kind::Machines(machines) => {
                // No probabilities: a machine's sum is a distance from its border and no share of anything.
                let refused = answers.by_pairs(machines, matrix, scratch);
                return refused
                    .map_or_else(|| Ok(answers.into_prediction(false)), |row| Err(PredictError { row: first + row }));
            }
            Kind::Bayes(bayes) => answers.by_likelihood(bayes, matrix),
        };
        match refused {
            Some(row) => Err(PredictError { row: first + row }),
            None => Ok(answers.into_prediction(true)),
        }
    }
}

impl Answers {
    fn into_prediction(self, with_probability: bool) -> Prediction {
        let probability = with_probability.then_some(self.probability);
        Prediction::Classification { classes: self.classes, probability }
    }

    /// Every tree has one vote.
    fn by_trees(&mut self, forest: &Forest, matrix: &[f64], n_rows: usize, scratch: &mut Scratch) {
        let votes = &mut scratch.votes;
        votes.clear();
        votes.resize(n_rows * self.n_classes, 0);
        forest.votes(matrix, self.n_classes, &mut scratch.forest, votes);
        for votes in votes.chunks_exact(self.n_classes) {
            self.classes.push(position(most_votes(votes)));
            let n = f64::from(votes.iter().sum::<u32>());
            self.probability.extend(votes.iter().map(|v| f64::from(*v) / n));
        }
    }

    /// The logistic function of one score, or the softmax of one a class. Gives the first row whose scores are not
    /// finite.
    fn by_scores(&mut self, linear: &Linear, matrix: &[f64], scores: &mut Vec<f64>) -> Option<usize> {
        scores.clear();
        linear.scores(matrix, scores);
        for (row, scores) in scores.chunks_exact_mut(linear.n_outputs()).enumerate() {
            if scores.iter().any(|s| !s.is_finite()) {
                return Some(row);
            }
            if let [score] = scores {
                let of_second = linear::sigmoid(*score);
                self.classes.push(u32::from(of_second > 0.5));
                self.probability.extend([1.0 - of_second, of_second]);
            } else {
                self.classes.push(position(linear::argmax(scores)));
                linear::softmax(scores);
                self.probability.extend_from_slice(scores);
            }
        }
        None
    }

    /// The largest of the probabilities that are there already. Gives the first row that has none.
    fn by_probability(&mut self) -> Option<usize> {
        for (row, shares) in self.probability.chunks_exact(self.n_classes).enumerate() {
            if shares[0].is_nan() {
                return Some(row);
            }
            self.classes.push(position(linear::argmax(shares)));
        }
        None
    }

    /// The largest joint log-likelihood; probabilities are their exponentials, normalized. Gives the first row that is
    /// infinitely far from every class.
    fn by_likelihood(&mut self, bayes: &Bayes, matrix: &[f64]) -> Option<usize> {
        bayes.scores(matrix, &mut self.probability);
        for (row, scores) in self.probability.chunks_exact_mut(self.n_classes).enumerate() {
            if scores.iter().all(|s| !s.is_finite()) {
                return Some(row);
            }
            self.classes.push(position(linear::argmax(scores)));
            linear::softmax(scores);
        }
        None
    }

    /// The class that wins most of its pairs, of equals the first (as libsvm counts). Gives the first row for which a
    /// machine's sum is not finite.
    fn by_pairs(&mut self, machines: &Machines, matrix: &[f64], scratch: &mut Scratch) -> Option<usize> {
        let votes = &mut scratch.votes;
        votes.clear();
        votes.resize(self.n_classes, 0);
        let (mut pair, mut refused) = ((0, 1), None);
        machines.sums(matrix, &mut scratch.kernel, |machine, sum| {
            if !sum.is_finite() && refused.is_none() {
                refused = Some(self.classes.len());
            }
            votes[if sum > 0.0 { pair.1 } else { pair.0 }] += 1;
            pair = if pair.1 + 1 < self.n_classes { (pair.0, pair.1 + 1) } else { (pair.0 + 1, pair.0 + 2) };
            if machine + 1 == machines.n_machines() {
                self.classes.push(position(most_votes(votes)));
                votes.fill(0);
                pair = (0, 1);
            }
        });
        refused
    }
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
