//! A whole model in the neutral form: steps, then a predictor.

use super::forest::Forest;
use super::linear::LinearModel;
use super::steps::Steps;
use crate::model::ir::Width;

/// What predicts.
#[derive(Debug, Clone, PartialEq)]
pub enum Predictor {
    /// Decision trees.
    Forest(Forest),
    /// Dot products.
    Linear(LinearModel),
}

impl Predictor {
    /// Columns of a row.
    pub fn n_columns(&self) -> usize {
        match self {
            Self::Forest(forest) => forest.n_columns as usize,
            Self::Linear(linear) => linear.n_columns as usize,
        }
    }

    /// Margins of a row.
    pub fn n_outputs(&self) -> usize {
        match self {
            Self::Forest(forest) => forest.sum.start.len(),
            Self::Linear(linear) => linear.intercepts.len(),
        }
    }
}

/// A model of another library, or our boosted trees on histograms, by its own rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Neutral {
    /// From features to the predictor's columns.
    pub steps: Steps,
    /// What predicts.
    pub predictor: Predictor,
    /// False where a classifier answers with a class alone.
    pub has_probability: bool,
}

impl Neutral {
    /// The width of margins and answers.
    pub fn width(&self) -> Width {
        match &self.predictor {
            Predictor::Forest(forest) => forest.sum.width,
            Predictor::Linear(linear) => linear.rule.width,
        }
    }
}
