//! Linear models: a dot product an output, and a link.

use super::finite::check_finite;
use super::link::{Decision, Link, Width};

/// How a source computes its dot products and chooses a class by them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearRule {
    /// To what cells, products and sums are rounded.
    pub width: Width,
    /// True where the sum starts with the intercept; else it is added last.
    pub intercept_first: bool,
    /// True where missing cells are left out of the sum; else they are refused.
    pub skips_missing: bool,
    /// How a class is chosen.
    pub decision: Decision,
}

impl LinearRule {
    /// In f64, the intercept last.
    pub fn plain(decision: Decision) -> Self {
        Self { width: Width::F64, intercept_first: false, skips_missing: false, decision }
    }

    /// True where sums are made as [`LinearRule::plain`] makes them.
    pub fn is_plain(&self) -> bool {
        self.width == Width::F64 && !self.intercept_first && !self.skips_missing
    }
}

/// Σ x · w + intercept an output, summed from the first column to the last.
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
    /// How they are made.
    pub(in crate::model) rule: LinearRule,
}

impl Linear {
    /// Checks a model of row-major `weights`, `[n_outputs, n_columns]`, with an intercept an output.
    ///
    /// # Errors
    /// One sentence: the dimensions do not agree, a number is not finite or not of the rule's width, the link is not
    /// defined for that width.
    pub fn new(
        n_columns: usize,
        weights: Vec<f64>,
        intercepts: Vec<f64>,
        link: Link,
        rule: LinearRule,
    ) -> Result<Self, String> {
        if intercepts.is_empty() || n_columns == 0 || weights.len() != n_columns * intercepts.len() {
            let (n, outputs) = (weights.len(), intercepts.len());
            return Err(format!("{n} weights for {outputs} outputs of {n_columns} columns"));
        }
        check_finite("a coefficient", &weights)?;
        check_finite("an intercept", &intercepts)?;
        if let Some(number) = weights.iter().chain(&intercepts).find(|number| !rule.width.holds(**number)) {
            return Err(format!("{number} is not a number of 32 bits"));
        }
        link.check(rule.width)?;
        Ok(Self { n_columns, weights, intercepts, link, rule })
    }
}
