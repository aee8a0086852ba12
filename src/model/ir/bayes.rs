//! Gaussian naive Bayes: a normal distribution a class and column.

use super::finite::check_finite;

/// Priors, means and variances.
#[derive(Debug, Clone, PartialEq)]
pub struct Bayes {
    /// `[n_classes]`.
    pub(in crate::model) priors: Vec<f64>,
    /// Row-major `[n_classes, n_columns]`, as the variances.
    pub(in crate::model) means: Vec<f64>,
    pub(in crate::model) variances: Vec<f64>,
}

impl Bayes {
    /// Checks priors, `[n_classes]`, and row-major means and variances, `[n_classes, n_columns]`.
    ///
    /// # Errors
    /// One sentence: the dimensions do not agree, a prior is not above 0 and at most 1, a variance not above 0, a mean
    /// not finite.
    pub fn new(priors: Vec<f64>, means: Vec<f64>, variances: Vec<f64>) -> Result<Self, String> {
        if priors.iter().any(|p| !(*p > 0.0 && *p <= 1.0)) {
            return Err("there is not one prior above 0 a class".to_owned());
        }
        if priors.is_empty() || means.len() != variances.len() || means.is_empty() {
            return Err(format!("{} means and {} variances", means.len(), variances.len()));
        }
        if !means.len().is_multiple_of(priors.len()) {
            return Err(format!("{} means for {} classes", means.len(), priors.len()));
        }
        if variances.iter().any(|v| !(*v > 0.0 && (2.0 * v).is_finite())) {
            return Err("a variance is not above 0".to_owned());
        }
        check_finite("a mean", &means)?;
        Ok(Self { priors, means, variances })
    }

    /// Columns of a row.
    pub(in crate::model) fn n_columns(&self) -> usize {
        self.means.len() / self.priors.len()
    }
}
