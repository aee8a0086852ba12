//! The artifact's JSON head: everything about a model but its numbers, readable by any language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::evaluation::{Coverage, Evaluation};
use super::importance::Importance;
use crate::model::algorithm::Estimator;
use crate::model::coefficients::LinearFunction;
use crate::model::preprocessing::Preprocessing;
use crate::model::schema::{Feature, Target, Task};
use crate::model::statistics::Stats;

/// The value of [`Header::format`] where an `estimator` section holds a smartcore object, or
/// [`SupportMachines`](crate::model::smartcore::SupportMachines) of `svr` and `svc`.
pub const FORMAT: &str = "smartserve/1";

/// The value of [`Header::format`] where a `neutral` section holds the model, another library's or our boosted trees on
/// histograms: builds that do not know the section refuse the file by this name.
pub const FORMAT_NEUTRAL: &str = "smartserve/2";

/// The smartcore release whose serialized objects this build reads and writes (pinned in `Cargo.toml`).
pub const SMARTCORE: &str = "0.7.0";

/// The JSON head. Keys that a reader does not know are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`] or [`FORMAT_NEUTRAL`].
    pub format: String,
    /// The model's own name: `[A-Za-z0-9][A-Za-z0-9._-]*`, 64 characters at most.
    pub name: String,
    /// One sentence, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// RFC 3339 time, only when `SOURCE_DATE_EPOCH` was set: artifacts are reproducible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// [`SMARTCORE`]; absent where the estimator is in the neutral form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smartcore: Option<String>,
    /// Where a model of another library comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Origin>,
    /// Regression, binary or multiclass.
    pub task: Task,
    /// The estimator.
    pub algorithm: Estimator,
    /// Every hyperparameter of the fit, defaults included, by flag name without dashes.
    pub hyperparameters: BTreeMap<String, Setting>,
    /// What is predicted.
    pub target: Target,
    /// The input columns, in training order.
    pub features: Vec<Feature>,
    /// From features to the estimator's columns; of a model in the neutral form the `neutral` section has the steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preprocessing: Option<Preprocessing>,
    /// How well it predicts rows it was not fitted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
    /// How often intervals, or sets of classes, held the truth of the test rows, and how wide they were; absent without
    /// out-of-fold scores or test rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Coverage>,
    /// How much each feature matters; absent where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance: Option<Importance>,
    /// Of a linear model its functions of the raw columns, one an output; absent where they are too many, and of
    /// others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coefficients: Option<Vec<LinearFunction>>,
    /// What the `calibration` section holds; absent when there was no k-fold run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationInfo>,
    /// How the `calibrator` section was fitted, `isotonic` or `sigmoid`; absent where probabilities are not calibrated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibrator: Option<String>,
    /// When the second of two classes is answered; absent: above 0.5. With it there is a `threshold` section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// Rows with their answers, checked at every load: training rows, or rows made from the model itself.
    pub golden: Vec<Golden>,
    /// Statistics of the out-of-fold answers for the training rows, where there are some, else of the model's own (of the
    /// predicted class's position for classifiers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction_stats: Option<Stats>,
    /// Where the sections lie.
    pub payload: Payload,
}

impl Header {
    /// When which of two classes is answered, in words, where it is not above 0.5.
    pub fn threshold_sentence(&self) -> Option<String> {
        let (Some(threshold), [first, second]) = (&self.threshold, self.target.classes.as_slice()) else { return None };
        let by = threshold.chosen_by.as_ref().map(|by| format!(", chosen by {by}")).unwrap_or_default();
        Some(format!("{second} where its probability is above {}, else {first}{by}", threshold.above))
    }
}

/// Where a model of another library comes from, and by which choices it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// `xgboost`, `lightgbm` or `scikit-learn`.
    pub library: String,
    /// The library's version, where the file has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The file's format: `json`, `ubjson`, `text`, `pickle`, `skops`.
    pub format: String,
    /// Decisions made while reading, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A hyperparameter's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// A switch.
    Switch(bool),
    /// A count.
    Count(u64),
    /// A real number.
    Number(f64),
    /// A word.
    Word(String),
    /// Not set: no limit, or the algorithm's own rule (null).
    Unset(()),
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Switch(value) => write!(f, "{value}"),
            Self::Count(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Word(value) => f.write_str(value),
            Self::Unset(()) => f.write_str("unset"),
        }
    }
}

/// When the second of two classes is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Above this probability, 0 to 1.
    pub above: f64,
    /// How it was chosen: `f1`, `youden`, `cost=5:1`; absent where it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen_by: Option<String>,
}

/// What the `calibration` section holds: see [`Calibration`](crate::model::calibration::Calibration).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationInfo {
    /// Rows, one entry each, in training-row order: all that some fold held out.
    pub n: u64,
    /// Folds of the run that gave the out-of-fold scores.
    pub folds: u32,
}

/// A training row, raw, with the answer the model gave when it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// One cell a feature, in schema order, before preprocessing.
    pub row: Vec<GoldenCell>,
    /// The answer.
    pub prediction: GoldenPrediction,
}

/// A raw cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum GoldenCell {
    /// A number.
    Number(f64),
    /// A category, or a date.
    Text(String),
    /// A missing cell (null).
    Missing(()),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum GoldenPrediction {
    /// A predicted value.
    Value(f64),
    /// The values of a model of several outputs.
    Values(Vec<f64>),
    /// A predicted class.
    Class {
        /// The label.
        class: String,
        /// Class probabilities in class order, where the method has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        probability: Option<Vec<f64>>,
    },
}

/// The payload's table of contents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// Bytes of all sections together.
    pub bytes: u64,
    /// The sections, one after the other, without gaps.
    pub sections: Vec<Section>,
}

/// One section of the payload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// `estimator` or `neutral`, `cover`, `calibration`, or one that a later version adds.
    pub name: String,
    /// How its bytes are to be read: `postcard`, or `neutral` for the section of that name.
    pub encoding: String,
    /// Length in bytes.
    pub bytes: u64,
    /// False when a reader that does not know the section may skip it.
    pub required: bool,
}
