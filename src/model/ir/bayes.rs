//! Gaussian naive Bayes: a normal distribution a class and column.

/// Priors, means and variances.
#[derive(Debug, Clone, PartialEq)]
pub struct Bayes {
    priors: Vec<f64>,
    means: Vec<f64>,
    variances: Vec<f64>,
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
        if means.iter().any(|m| !m.is_finite()) {
            return Err("a mean is not finite".to_owned());
        }
        Ok(Self { priors, means, variances })
    }

    /// How many classes.
    pub fn n_classes(&self) -> usize {
        self.priors.len()
    }

    /// Columns of a row.
    pub fn n_columns(&self) -> usize {
        self.means.len() / self.priors.len()
    }

    /// `[n_classes]`.
    pub fn priors(&self) -> &[f64] {
        &self.priors
    }

    /// Row-major `[n_classes, n_columns]`.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Row-major `[n_classes, n_columns]`.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }
}
