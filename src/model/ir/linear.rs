//! Linear models: a dot product an output, and a link.

use super::finite::check_finite;
use super::link::{Link, Width};

/// Σ x · w + intercept an output, summed from the first column to the last, the intercept last.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Columns of a row.
    pub(in crate::model) n_columns: usize,
    /// Row-major `[n_outputs, n_columns]`.
    pub(in crate::model) weights: Vec<f64>,
    /// `[n_outputs]`.
    pub(in crate::model) intercepts: Vec<f64>,
    /// What the sums go through.
    pub(in crate::model) link: Link,
}

impl Linear {
    /// Checks a model of row-major `weights`, `[n_outputs, n_columns]`.
    ///
    /// # Errors
    /// One sentence: the dimensions do not agree, a number is not finite, the link is not one of 64 bits.
    pub fn new(n_columns: usize, weights: Vec<f64>, intercepts: Vec<f64>, link: Link) -> Result<Self, String> {
        if intercepts.is_empty() || n_columns == 0 || weights.len() != n_columns * intercepts.len() {
            let (n, outputs) = (weights.len(), intercepts.len());
            return Err(format!("{n} weights for {outputs} outputs of {n_columns} columns"));
        }
        check_finite("a coefficient", &weights)?;
        check_finite("an intercept", &intercepts)?;
        link.check(Width::F64)?;
        Ok(Self { n_columns, weights, intercepts, link })
    }
}
