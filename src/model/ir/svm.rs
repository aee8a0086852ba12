//! Support vector machines: decision functions that share support vectors and a kernel.

use serde::{Deserialize, Serialize};

use super::finite::check_finite;

/// A kernel K(x, v) of a row x and a support vector v.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Kernel {
    /// ⟨x, v⟩
    Linear,
    /// exp(−γ ‖x − v‖²)
    Rbf {
        /// γ, above 0.
        gamma: f64,
    },
    /// (γ ⟨x, v⟩ + r)^d
    Polynomial {
        /// d, above 0.
        degree: f64,
        /// γ, above 0.
        gamma: f64,
        /// r.
        coef0: f64,
    },
    /// tanh(γ ⟨x, v⟩ + r)
    Sigmoid {
        /// γ, above 0.
        gamma: f64,
        /// r.
        coef0: f64,
    },
}

impl Kernel {
    /// K(a, b) for vectors of one length: smartcore's bits without its copies.
    pub fn value(self, a: &[f64], b: &[f64]) -> f64 {
        let dot = || a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        match self {
            Self::Linear => dot(),
            Self::Rbf { gamma } => (-gamma * a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()).exp(),
            Self::Polynomial { degree, gamma, coef0 } => (gamma * dot() + coef0).powf(degree),
            Self::Sigmoid { gamma, coef0 } => (gamma * dot() + coef0).tanh(),
        }
    }

    fn check(self) -> Result<(), String> {
        let (degree, gamma, coef0) = match self {
            Self::Linear => return Ok(()),
            Self::Rbf { gamma } => (1.0, gamma, 0.0),
            Self::Polynomial { degree, gamma, coef0 } => (degree, gamma, coef0),
            Self::Sigmoid { gamma, coef0 } => (1.0, gamma, coef0),
        };
        for (what, value) in [("degree", degree), ("gamma", gamma), ("coef0", coef0)] {
            check_finite(format_args!("a {what}"), &[value])?;
            if what != "coef0" && value <= 0.0 {
                return Err(format!("the kernel's {what} is {value}, not above 0"));
            }
        }
        Ok(())
    }
}

/// One decision function: f(x) = intercept + Σ weight · K(x, vector), summed in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Positions among the support vectors.
    pub vectors: Vec<u32>,
    /// One weight a vector.
    pub weights: Vec<f64>,
    /// What the sum starts with.
    pub intercept: f64,
}

/// Machines: one for regression; for k classes one per pair of classes, (0, 1), (0, 2), …, (k−2, k−1), whose sum above
/// 0 is a vote for the second class of the pair, else for the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Svm {
    /// The kernel.
    pub(in crate::model) kernel: Kernel,
    /// Columns of a row.
    pub(in crate::model) n_columns: usize,
    /// Row-major `[n_vectors, n_columns]`.
    pub(in crate::model) vectors: Vec<f64>,
    /// The machines.
    pub(in crate::model) machines: Vec<Machine>,
    /// Classes; 0 for regression.
    pub(in crate::model) n_classes: usize,
}

impl Svm {
    /// Checks machines on row-major support vectors, `[n_vectors, n_columns]`; `n_classes` is 0 for regression.
    ///
    /// # Errors
    /// One sentence: the dimensions do not agree, a number is not finite or out of range.
    pub fn new(
        kernel: Kernel,
        n_columns: usize,
        vectors: Vec<f64>,
        machines: Vec<Machine>,
        n_classes: usize,
    ) -> Result<Self, String> {
        kernel.check()?;
        if n_columns == 0 || !vectors.len().is_multiple_of(n_columns) {
            let cells = vectors.len();
            return Err(format!("{cells} cells do not make support vectors of {n_columns} columns"));
        }
        check_finite("a cell of a support vector", &vectors)?;
        let expected = if n_classes == 0 { 1 } else { n_classes * (n_classes - 1) / 2 };
        if machines.len() != expected {
            return Err(format!("{} machines, the header's classes make {expected}", machines.len()));
        }
        let n_vectors = vectors.len() / n_columns;
        for Machine { vectors, weights, intercept } in &machines {
            if let Some(vector) = vectors.iter().find(|v| **v as usize >= n_vectors) {
                return Err(format!("a machine has support vector {vector} of {n_vectors}"));
            }
            if weights.len() != vectors.len() {
                return Err(format!("{} support vectors have {} weights", vectors.len(), weights.len()));
            }
            check_finite("a weight", weights)?;
            check_finite("an intercept", [intercept])?;
        }
        Ok(Self { kernel, n_columns, vectors, machines, n_classes })
    }
}
