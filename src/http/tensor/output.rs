//! A model's outputs under `MLServer`'s names: `predict`, for classifiers `predict_proba`, and what is asked
//! for beside them.

use crate::model::Model;
use crate::model::conformal::Conformal;
use crate::model::intervals::IntervalKind;
use crate::model::question::{Asked, Question};

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
    /// `interval`, `FP64`, shape `[n_rows, 2]`: lower and upper bound. Answered only where a level is asked for.
    Interval,
    /// `set`, `BOOL`, shape `[n_rows, n_classes]`: whether each class, in the order of the schema's target, is in the
    /// set. Answered only where a level is asked for.
    Set,
    /// `baseline`, `FP64`, shape `[n_rows, 1]` or `[n_rows, n_scores]`: what contributions are added to, the same for
    /// each row. Answered only where contributions are asked for.
    Baseline,
    /// `contributions`, `FP64`, shape `[n_rows, n_features]` or `[n_rows, n_scores, n_features]`: each feature's, in
    /// schema order. Answered only where they are asked for.
    Contributions,
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
            Self::Interval => "interval",
            Self::Set => "set",
            Self::Baseline => "baseline",
            Self::Contributions => "contributions",
        }
    }

    /// Outputs that are answered only where they are asked for, in the order of an answer.
    pub const BESIDE: [Self; 5] = [Self::Raw, Self::Interval, Self::Set, Self::Baseline, Self::Contributions];

    /// The level of intervals that are asked for by name alone.
    pub const LEVEL: f64 = 0.9;

    /// What must be asked for it to be there; nothing for predictions.
    pub fn asks(self) -> Asked {
        let nothing = Asked::default();
        match self {
            Self::Predict | Self::PredictProba => nothing,
            Self::Raw => Asked { raw: true, ..nothing },
            Self::Interval | Self::Set => Asked { interval: Some(Self::LEVEL), ..nothing },
            Self::Baseline | Self::Contributions => Asked { explain: true, ..nothing },
        }
    }

    /// Whether a question asks for it beside predictions.
    pub fn is_asked_by(self, question: Question) -> bool {
        match self {
            Self::Predict | Self::PredictProba => false,
            Self::Raw => question.raw,
            Self::Interval | Self::Set => question.interval.is_some(),
            Self::Baseline | Self::Contributions => question.explain,
        }
    }

    /// The outputs of a model if the request names none.
    pub fn of(model: &Model) -> Vec<Self> {
        let mut offered = Self::offered(model);
        offered.retain(|output| output.asks() == Asked::default());
        offered
    }

    /// What may be asked of a model, in the order of an answer.
    pub fn offered(model: &Model) -> Vec<Self> {
        let kind = model.conformal().map(Conformal::kind);
        let is_offered = |output: &Self| match output {
            Self::Predict => true,
            Self::PredictProba => model.has_probability(),
            Self::Raw => model.n_raw().is_some(),
            Self::Interval => kind == Some(IntervalKind::Range),
            Self::Set => kind == Some(IntervalKind::Set),
            Self::Baseline | Self::Contributions => model.unexplained().is_none(),
        };
        [Self::Predict, Self::PredictProba].into_iter().chain(Self::BESIDE).filter(is_offered).collect()
    }
}
