//! A model's outputs under `MLServer`'s names: `predict` and, for classifiers, `predict_proba`.

use crate::model::Model;
use crate::model::artifact::{Golden, GoldenPrediction};

/// An output tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// `predict`, shape `[n_rows, 1]`: `FP64` values; of a classifier its labels, `BYTES`, or `INT64` or `FP64` where they are numbers.
    Predict,
    /// `predict_proba`, `FP64`, shape `[n_rows, n_classes]`, classes in the order of the schema's target.
    PredictProba,
}

/// An output that a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestedOutput {
    /// Which one.
    pub output: Output,
    /// After the JSON, in binary.
    pub is_binary: bool,
}

impl Output {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Predict => "predict",
            Self::PredictProba => "predict_proba",
        }
    }

    /// What a model answers.
    pub fn of(model: &Model) -> &'static [Self] {
        // A method that has probabilities has them for every row, golden ones too.
        match model.header().golden.first() {
            Some(Golden { prediction: GoldenPrediction::Class { probability: Some(_), .. }, .. }) => {
                &[Self::Predict, Self::PredictProba]
            }
            _ => &[Self::Predict],
        }
    }
}
