//! Linear models: a dot product an output, and a link.

use super::link::{Link, Width};

/// Σ x · w + intercept an output, summed from the first column to the last, the intercept last.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    n_columns: usize,
    weights: Vec<f64>,
    intercepts: Vec<f64>,
    link: Link,
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
        if weights.iter().any(|w| !w.is_finite()) {
            return Err("a coefficient is not finite".to_owned());
        }
        if intercepts.iter().any(|i| !i.is_finite()) {
            return Err("an intercept is not finite".to_owned());
        }
        link.check(Width::F64)?;
        Ok(Self { n_columns, weights, intercepts, link })
    }

    /// Columns of a row.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Row-major `[n_outputs, n_columns]`.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// `[n_outputs]`.
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// What the sums go through.
    pub fn link(&self) -> Link {
        self.link
    }
}
