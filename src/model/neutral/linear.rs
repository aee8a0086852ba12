//! Linear models as another library computes them.

use crate::model::ir::{LinearRule, Link};

/// Σ x · w + intercept an output, and a link. Not checked: [`Neutral::to_form`](super::Neutral::to_form) does.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModel {
    /// Columns of a row, at most 65,535.
    pub n_columns: u32,
    /// Row-major `[n_outputs, n_columns]`.
    pub weights: Vec<f64>,
    /// `[n_outputs]`.
    pub intercepts: Vec<f64>,
    /// What the sums go through.
    pub link: Link,
    /// How they are made.
    pub rule: LinearRule,
}
