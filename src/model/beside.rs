//! What answers to a question have beside predictions, and why a model has none of it.

use super::conformal::Conformal;
use super::intervals::IntervalKind;
use super::model::Model;
use super::question::{Asked, Question};

/// Why a model of one output has no intervals.
const NO_INTERVALS: &str = "This model has no intervals: its file has no out-of-fold scores; train it with --folds, or \
                            import it with --data and --target";

impl Model {
    /// Raw scores a row that answers to this question have: none unless it asks for them.
    pub fn n_raw_for(&self, question: Question) -> usize {
        if question.raw { self.n_raw().unwrap_or(0) } else { 0 }
    }

    /// What is asked, as a question that this model can answer, where it has the raw scores and the contributions that are
    /// asked for.
    ///
    /// # Errors
    /// Why there is no interval of this level.
    pub fn question(&self, asked: Asked) -> Result<Question, String> {
        let bound = |level| match self.conformal() {
            None => Err(match self.schema().target().n_outputs() {
                1 => NO_INTERVALS.to_owned(),
                n => format!("This model has no intervals: it has {n} outputs, and they are made of one output alone"),
            }),
            Some(conformal) => conformal.quantile(level),
        };
        Ok(asked.with_interval(asked.interval.map(bound).transpose()?))
    }

    /// Whether answers to this question have bounds or sets of classes.
    pub fn interval_for(&self, question: Question) -> Option<IntervalKind> {
        question.interval.and(self.conformal()).map(Conformal::kind)
    }

    /// Numbers a row beside the prediction that this question asks for.
    pub fn numbers_beside(&self, question: Question) -> usize {
        let explained = if question.explain { self.n_explained() * (1 + self.schema().n_features()) } else { 0 };
        let of_interval = match self.interval_for(question) {
            None => 0,
            // The spread of the trees is a third number meanwhile.
            Some(IntervalKind::Range) => 3,
            // A byte a class.
            Some(IntervalKind::Set) => self.schema().target().classes.len().div_ceil(size_of::<f64>()),
        };
        self.n_raw_for(question) + explained + of_interval
    }
}
