//! What a training run found: one value, serialized for `--json` and printed for people by `Display`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::groups::GroupFigures;
use super::metrics::ClassCounts;
use super::tuning::Tuning;
use crate::model::algorithm::Algorithm;
use crate::model::artifact::{Evaluation, Setting};
use crate::model::schema::Task;

/// The facts of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The model's name.
    pub model: String,
    /// First 12 hex digits of the artifact's SHA-256.
    pub version: String,
    /// The estimator.
    pub algorithm: Algorithm,
    /// Regression, binary or multiclass.
    pub task: Task,
    /// The predicted column.
    pub target: String,
    /// The table.
    pub data: DataReport,
    /// Every hyperparameter, by flag name.
    pub hyperparameters: BTreeMap<String, Setting>,
    /// How they were found, with `--tune`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Tuning>,
    /// Holdout and k-fold figures, and the seed.
    pub evaluation: Evaluation,
    /// What `classes` and `groups` were counted on: `k-fold` (out-of-fold answers), `holdout`, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_on: Option<&'static str>,
    /// A row a class, in class order; classification only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassReport>,
    /// Errors by the groups of sensitive features.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupFigures>,
    /// Sentences about the data that a person should read.
    pub warnings: Vec<String>,
    /// The artifact's size.
    pub artifact_bytes: usize,
    /// Wall time of the run.
    pub seconds: f64,
}

/// The table, as it was used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataReport {
    /// The file as the user named it.
    pub file: String,
    /// Rows in it.
    pub rows: usize,
    /// Rows that the model was fitted on.
    pub training_rows: usize,
    /// Rows set aside.
    pub test_rows: usize,
    /// The features' names, in schema order.
    pub features: Vec<String>,
    /// Columns of the estimator's matrix.
    pub encoded_columns: usize,
}

/// Figures of one class, as scikit-learn's `classification_report` has them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassReport {
    /// The label.
    pub class: String,
    /// Share of the rows said to be of the class that are.
    pub precision: f64,
    /// Share of the class's rows that were found.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Rows of the class.
    pub support: u64,
}

impl ClassReport {
    /// One row of the per-class report.
    pub fn new(class: &str, counts: &ClassCounts) -> Self {
        Self {
            class: class.to_owned(),
            precision: counts.precision(),
            recall: counts.recall(),
            f1: counts.f1(),
            support: counts.observed,
        }
    }
}
