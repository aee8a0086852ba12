//! A model's outputs under `MLServer`'s names: `predict`, for classifiers `predict_proba`, and `raw`.

use crate::model::Model;

/// An output tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// `predict`, shape `[n_rows, 1]`: `FP64` values; of a classifier its labels, `BYTES`, or `INT64` or `FP64` where
    /// they are numbers.
    Predict,
    /// `predict_proba`, `FP64`, shape `[n_rows, n_classes]`, classes in the order of the schema's target.
    PredictProba,
    /// `raw`, `FP64`, shape `[n_rows, 1]` or `[n_rows, n_raw]`: scores before the link. Answered only where it is asked
    /// for.
    Raw,
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
            Self::Raw => "raw",
        }
    }

    /// The outputs of a model if the request names none.
    pub fn of(model: &Model) -> &'static [Self] {
        let offered = Self::offered(model);
        offered.strip_suffix(&[Self::Raw]).unwrap_or(offered)
    }

    /// What may be asked of a model: raw scores last.
    pub fn offered(model: &Model) -> &'static [Self] {
        match (model.has_probability(), model.n_raw().is_some()) {
            (true, true) => &[Self::Predict, Self::PredictProba, Self::Raw],
            (true, false) => &[Self::Predict, Self::PredictProba],
            (false, true) => &[Self::Predict, Self::Raw],
            (false, false) => &[Self::Predict],
        }
    }
}
