//! What a reader makes of a source.

use std::collections::BTreeMap;

use crate::model::artifact::{Origin, Setting};
use crate::model::neutral::Neutral;
use crate::model::schema::{Feature, Target, Task};

/// A model of another library, read.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The word for what it is: `xgboost`, `lightgbm`, `sklearn.RandomForestClassifier`.
    pub algorithm: String,
    /// Where it comes from, and what was decided while reading it.
    pub origin: Origin,
    /// What the source says of its fit, for people: `objective`, `trees`.
    pub hyperparameters: BTreeMap<String, Setting>,
    /// What a row must have. Without statistics: see [`Feature::imported`].
    pub features: Vec<Feature>,
    /// What is predicted.
    pub target: Target,
    /// A number, or which of how many classes.
    pub task: Task,
    /// Steps and predictor by the source's own rule.
    pub neutral: Neutral,
    /// A better name for the model than the file's, if the source has one.
    pub name: Option<String>,
}

impl Imported {
    /// The target of a model that predicts this many numbers per row.
    pub fn numbers(name: &str, n_outputs: usize) -> (Target, Task) {
        let outputs = u32::try_from(n_outputs).ok().filter(|n| *n > 1);
        (Target { name: name.to_owned(), unit: None, classes: Vec::new(), outputs }, Task::Regression)
    }

    /// The target of a classifier.
    pub fn classes(name: &str, labels: Vec<String>) -> (Target, Task) {
        let task = if labels.len() == 2 { Task::Binary } else { Task::Multiclass };
        (Target { name: name.to_owned(), unit: None, classes: labels, outputs: None }, task)
    }

    /// Labels `0`, `1`, … of classes that have no names.
    pub fn numbered(n_classes: usize) -> Vec<String> {
        (0..n_classes).map(|class| class.to_string()).collect()
    }
}
