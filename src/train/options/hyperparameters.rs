//! Every hyperparameter of one fit, defaults included.

use std::collections::BTreeMap;

use super::{Loss, OPTIONS, Setting, TaskChoice};
use crate::model::ir::Kernel;
use crate::train::moments::variance;

/// Values by flag name: those that the algorithm has, each within its range.
#[derive(Debug, Clone, PartialEq)]
pub struct Hyperparameters(pub(crate) BTreeMap<&'static str, Setting>);

impl Hyperparameters {
    /// By flag name, as the artifact keeps them.
    pub fn to_map(&self) -> BTreeMap<String, Setting> {
        self.0.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    /// The same with some values replaced.
    pub(crate) fn with(&self, replaced: impl IntoIterator<Item = (&'static str, Setting)>) -> Self {
        let mut all = self.0.clone();
        all.extend(replaced);
        Self(all)
    }

    /// Those that a task has.
    pub(crate) fn of_task(&self, task: TaskChoice) -> Self {
        let is_others = |name: &str| OPTIONS.iter().any(|o| o.name == name && o.task.is_some_and(|own| own != task));
        Self(self.0.iter().filter(|(name, _)| !is_others(name)).map(|(name, value)| (*name, value.clone())).collect())
    }

    /// True when it is this word.
    pub fn is(&self, name: &str, word: &str) -> bool {
        matches!(self.0.get(name), Some(Setting::Word(given)) if given == word)
    }

    /// What boosting of numbers makes small; `None` when the algorithm has no such option.
    pub fn loss(&self) -> Option<Loss> {
        match self.0.get("loss") {
            Some(Setting::Word(word)) => word.parse().ok(),
            _ => None,
        }
    }

    /// A count; `None` when it is unset or the algorithm has no such option.
    pub fn count(&self, name: &str) -> Option<usize> {
        match self.0.get(name) {
            Some(Setting::Count(n)) => usize::try_from(*n).ok(),
            _ => None,
        }
    }

    /// A real number; `None` when the algorithm has no such option.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.0.get(name) {
            Some(Setting::Number(v)) => Some(*v),
            _ => None,
        }
    }

    /// The kernel; γ defaults to 1 / (columns × population variance of all cells of the encoded `matrix`), as
    /// scikit-learn's `scale`. `None` when the algorithm has none.
    pub fn kernel(&self, matrix: &[f64], n_columns: usize) -> Option<Kernel> {
        let Some(Setting::Word(name)) = self.0.get("kernel") else { return None };
        let gamma = self.number("gamma").unwrap_or_else(|| spread_gamma(matrix, n_columns));
        let coef0 = self.number("coef0").unwrap_or(0.0);
        match name.as_str() {
            "linear" => Some(Kernel::Linear),
            "poly" => {
                let degree = self.count("degree").and_then(|d| u32::try_from(d).ok()).map_or(3.0, f64::from);
                Some(Kernel::Polynomial { degree, gamma, coef0 })
            }
            "sigmoid" => Some(Kernel::Sigmoid { gamma, coef0 }),
            _ => Some(Kernel::Rbf { gamma }),
        }
    }

    /// How many of `n_columns` (at least 1) each split considers: 1 to `n_columns`.
    pub fn columns_per_split(&self, n_columns: usize) -> usize {
        match self.0.get("max-features") {
            Some(Setting::Word(word)) if word == "sqrt" => n_columns.isqrt().max(1),
            Some(Setting::Word(word)) if word == "third" => n_columns.div_ceil(3),
            Some(Setting::Count(n)) => usize::try_from(*n).unwrap_or(n_columns).clamp(1, n_columns),
            _ => n_columns,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "column counts stay far below 2^53")]
fn spread_gamma(matrix: &[f64], n_columns: usize) -> f64 {
    1.0 / (n_columns as f64 * variance(matrix))
}
