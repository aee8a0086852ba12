//! From votes, margins and shares to classes and their probabilities.

use super::bayes::LogLikelihoods;
use super::forest::Forest;
use super::knn::{NearestRows, SearchBuffers};
use super::links::{self, AnswerRule, argmax};
use super::scratch::Scratch;
use super::svm::KernelSums;
use crate::model::ir::{Decision, Linear};
use crate::model::prediction::Prediction;

/// What is answered so far. Each `by_…` answers all rows of a matrix; where it can refuse, its error is the first row
/// that has no answer.
pub(super) struct Answers {
    n_rows: usize,
    n_classes: usize,
    classes: Vec<u32>,
    probability: Vec<f64>,
}

impl Answers {
    pub(super) fn new(n_classes: usize, n_rows: usize) -> Self {
        let (classes, probability) = (Vec::with_capacity(n_rows), Vec::with_capacity(n_rows * n_classes));
        Self { n_rows, n_classes, classes, probability }
    }

    pub(super) fn into_prediction(self, with_probability: bool) -> Prediction {
        let probability = with_probability.then_some(self.probability);
        Prediction::Classification { classes: self.classes, probability }
    }

    /// Every tree has one vote.
    pub(super) fn by_votes(&mut self, forest: &Forest, matrix: &[f64], scratch: &mut Scratch) {
        let votes = &mut scratch.votes;
        votes.clear();
        votes.resize(self.n_rows * self.n_classes, 0);
        forest.votes(matrix, &mut scratch.forest, votes);
        for votes in votes.chunks(self.n_classes) {
            self.classes.push(position(most_votes(votes)));
            let n = f64::from(votes.iter().sum::<u32>());
            self.probability.extend(votes.iter().map(|v| f64::from(*v) / n));
        }
    }

    /// Margins of trees.
    pub(super) fn by_margins(&mut self, forest: &Forest, matrix: &[f64], scratch: &mut Scratch) -> Result<(), usize> {
        let margins = &mut scratch.margins;
        margins.clear();
        forest.margins(matrix, &mut scratch.forest, margins);
        self.decide(margins, forest.n_outputs(), forest.rule())
    }

    /// Scores of linear models.
    pub(super) fn by_scores(&mut self, linear: &Linear, matrix: &[f64], scores: &mut Vec<f64>) -> Result<(), usize> {
        scores.clear();
        linear.scores(matrix, scores);
        self.decide(scores, linear.n_outputs(), linear.answer_rule())
    }

    /// Turns margins into classes and probabilities.
    fn decide(&mut self, margins: &mut [f64], n_outputs: usize, rule: AnswerRule) -> Result<(), usize> {
        let AnswerRule { link, width, decision } = rule;
        check_finite(margins, n_outputs)?;
        if decision != Decision::Probability {
            self.choose(margins, n_outputs, decision);
        }
        links::apply(link, width, margins, n_outputs);
        if decision == Decision::Probability {
            self.choose(margins, n_outputs, decision);
        }
        if n_outputs > 1 {
            self.probability.extend_from_slice(margins);
            return Ok(());
        }
        for of_second in &*margins {
            self.probability.extend([links::complement(*of_second, width), *of_second]);
        }
        Ok(())
    }

    /// Chooses classes by margin or probability: the largest, the first on a tie.
    fn choose(&mut self, values: &[f64], n_outputs: usize, decision: Decision) {
        if n_outputs > 1 {
            for of_row in values.chunks(n_outputs) {
                self.classes.push(position(argmax(of_row)));
            }
            return;
        }
        self.classes.extend(values.iter().map(|value| {
            u32::from(match decision {
                Decision::Probability => *value > 0.5,
                Decision::Margin => *value > 0.0,
                Decision::MarginFromZero => *value >= 0.0,
            })
        }));
    }

    /// The shares of the nearest rows.
    pub(super) fn by_shares(
        &mut self,
        neighbors: &NearestRows,
        matrix: &[f64],
        search: &mut SearchBuffers,
    ) -> Result<(), usize> {
        neighbors.shares(matrix, self.n_classes, search, &mut self.probability);
        for (row, shares) in self.probability.chunks(self.n_classes).enumerate() {
            if shares[0].is_nan() {
                return Err(row);
            }
            self.classes.push(position(argmax(shares)));
        }
        Ok(())
    }

    /// The largest joint log-likelihood; probabilities are their exponentials, normalized. A row that is
    /// infinitely far from every class has none.
    pub(super) fn by_likelihood(&mut self, bayes: &LogLikelihoods, matrix: &[f64]) -> Result<(), usize> {
        bayes.scores(matrix, &mut self.probability);
        for (row, scores) in self.probability.chunks_mut(self.n_classes).enumerate() {
            if scores.iter().all(|s| !s.is_finite()) {
                return Err(row);
            }
            self.classes.push(position(argmax(scores)));
            links::softmax(scores);
        }
        Ok(())
    }

    /// The class that wins most of its pairs, ties: the first (as libsvm counts). A row for which a machine's sum is
    /// not finite has none.
    pub(super) fn by_pairs(
        &mut self,
        machines: &KernelSums,
        matrix: &[f64],
        scratch: &mut Scratch,
    ) -> Result<(), usize> {
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
        refused.map_or(Ok(()), Err)
    }
}

/// Refuses the first row that has a margin which is not finite.
fn check_finite(margins: &[f64], n_outputs: usize) -> Result<(), usize> {
    margins.iter().position(|m| !m.is_finite()).map_or(Ok(()), |at| Err(at / n_outputs))
}

/// The class with most votes; ties: the first, as smartcore's `which_max`.
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
    u32::try_from(class).expect("class positions fit 32 bits: the ir checked their number")
}
