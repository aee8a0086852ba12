//! What a model predicts: a number or several, or one of some classes.

use serde::{Deserialize, Serialize};

/// Classes at most: a target with more is an identifier, and answers with a probability each would grow without bound.
pub const MAX_CLASSES: usize = 1_000;

/// The largest number of numbers in a row.
pub(super) const MAX_OUTPUTS: usize = 1_000;

/// What the model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// A number.
    Regression,
    /// One of two classes.
    Binary,
    /// One of three or more classes.
    Multiclass,
}

impl Task {
    /// The word used in the artifact, in replies and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
        }
    }

    /// True for binary and multiclass.
    pub fn is_classification(self) -> bool {
        self != Self::Regression
    }
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The column's name in the training data.
    pub name: String,
    /// Unit of measurement, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Class labels, text as in the training data, in byte order (numeric labels in numeric order);
    /// empty for regression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Numbers a row, where a model predicts several; absent for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<u32>,
}

impl Target {
    /// Numbers a row where there are no classes.
    pub fn n_outputs(&self) -> usize {
        self.outputs.map_or(1, |n| n as usize)
    }

    /// The columns of an answer as a table: `prediction`, of several outputs `prediction_0`, `prediction_1`, …; with
    /// probabilities `probability_CLASS` for each class.
    pub fn answer_columns(&self, has_probability: bool) -> impl Iterator<Item = String> {
        let classes = if has_probability { self.classes.as_slice() } else { &[] };
        let names = numbered("prediction", self.n_outputs());
        names.chain(classes.iter().map(|class| format!("probability_{class}")))
    }
}

/// The columns of this many numbers a row: `raw`, or `raw_0`, `raw_1`, … where they are several.
pub fn numbered(name: &str, n: usize) -> impl Iterator<Item = String> {
    (0..n).map(move |i| if n > 1 { format!("{name}_{i}") } else { name.to_owned() })
}

/// Checks that classes and outputs fit the task.
pub(super) fn check_classes(target: &Target, task: Task) -> Result<(), String> {
    let n = target.classes.len();
    let fits = match task {
        Task::Regression => n == 0,
        Task::Binary => n == 2,
        Task::Multiclass => n > 2 && n <= MAX_CLASSES,
    };
    if !fits {
        return Err(format!("{n} classes do not fit the task {}", task.as_str()));
    }
    if let Some(outputs) = target.outputs
        && (n > 0 || outputs < 2 || outputs as usize > MAX_OUTPUTS)
    {
        return Err(format!("{outputs} outputs and {n} classes: outputs are 2 to {MAX_OUTPUTS}, and numbers"));
    }
    let mut seen = std::collections::HashSet::with_capacity(n);
    match target.classes.iter().find(|c| !seen.insert(c.as_str())) {
        Some(twice) => Err(format!("class {twice:?} is listed twice")),
        None => Ok(()),
    }
}
