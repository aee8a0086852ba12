//! Support vector machines in a form of our own that round-trips, taken from smartcore's fitted `SVR` and `SVC`.
//!
//! smartcore's serialized form cannot be read again: its `SVR` and `SVC` panic in `predict` then (the kernel is
//! skipped), its `MultiClassSVC` cannot be written at all. So the section holds the support vectors, each once, and for
//! every machine its weights, its intercept and the kernel.

use std::collections::HashMap;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use smartcore::svm::Kernels;
use smartcore::svm::svc::SVC;
use smartcore::svm::svr::{SVR, SVRParameters};

use super::objects::Matrix;
use crate::model::ir::{Kernel, Machine};

/// smartcore's support vector regression; it borrows what it was fitted on.
pub type SmartcoreSvr<'a> = SVR<'a, f64, Matrix, Vec<f64>>;
/// smartcore's support vector classifier of two class positions; it borrows what it was fitted on.
pub type SmartcoreSvc<'a> = SVC<'a, f64, u32, Matrix, Vec<u32>>;

/// What one fitted `SVR` or `SVC` decides with.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// Support vectors.
    pub instances: Vec<Vec<f64>>,
    /// A weight for each.
    pub weights: Vec<f64>,
    /// What the sum starts with.
    pub intercept: f64,
}

/// Machines that share a kernel and support vectors: one for regression and for two classes; for k classes one per pair
/// of classes, (0, 1), (0, 2), …, (k−2, k−1), whose sum above 0 is a vote for the second class of the pair, else for
/// the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SupportMachines {
    /// The kernel.
    pub kernel: Kernel,
    /// Encoded columns.
    pub n_columns: u32,
    /// Distinct support vectors, row-major `[n_vectors, n_columns]`.
    pub vectors: Vec<f64>,
    /// The machines.
    pub machines: Vec<Machine>,
}

/// The fields that smartcore's `SVR` writes.
#[derive(Deserialize)]
struct SvrMirror {
    instances: Option<Vec<Vec<f64>>>,
    _parameters: Option<SVRParameters<f64>>,
    w: Option<Vec<f64>>,
    b: f64,
    _phantom: PhantomData<()>,
}

/// The fields that smartcore's `SVC` writes.
#[derive(Deserialize)]
struct SvcMirror {
    _classes: Option<(u32, u32)>,
    instances: Option<Vec<Vec<f64>>>,
    w: Option<Vec<f64>>,
    b: Option<f64>,
    _phantom: PhantomData<()>,
}

impl Parts {
    /// Takes a regression apart, through what it serializes (its fields are private).
    ///
    /// # Errors
    /// One sentence: it was not fitted, or is not laid out as in smartcore 0.7.0.
    pub fn of_svr(fitted: &SmartcoreSvr<'_>) -> Result<Self, String> {
        let bytes = postcard::to_allocvec(fitted).map_err(|e| e.to_string())?;
        let mirror: SvrMirror = postcard::from_bytes(&bytes).map_err(|e| e.to_string())?;
        Self::new(mirror.instances, mirror.w, Some(mirror.b))
    }

    /// Takes a classifier of two classes apart.
    ///
    /// # Errors
    /// As [`Parts::of_svr`].
    pub fn of_svc(fitted: &SmartcoreSvc<'_>) -> Result<Self, String> {
        let bytes = postcard::to_allocvec(fitted).map_err(|e| e.to_string())?;
        let mirror: SvcMirror = postcard::from_bytes(&bytes).map_err(|e| e.to_string())?;
        Self::new(mirror.instances, mirror.w, mirror.b)
    }

    fn new(instances: Option<Vec<Vec<f64>>>, w: Option<Vec<f64>>, b: Option<f64>) -> Result<Self, String> {
        match (instances, w, b) {
            (Some(instances), Some(weights), Some(intercept)) if instances.len() == weights.len() => {
                Ok(Self { instances, weights, intercept })
            }
            _ => Err("the machine was never fitted".to_owned()),
        }
    }
}

impl Kernel {
    /// The same kernel as smartcore has it.
    pub fn to_smartcore(self) -> Kernels {
        match self {
            Self::Linear => Kernels::linear(),
            Self::Rbf { gamma } => Kernels::rbf().with_gamma(gamma),
            Self::Polynomial { degree, gamma, coef0 } => {
                Kernels::polynomial().with_degree(degree).with_gamma(gamma).with_coef0(coef0)
            }
            Self::Sigmoid { gamma, coef0 } => Kernels::sigmoid().with_gamma(gamma).with_coef0(coef0),
        }
    }
}

impl SupportMachines {
    /// Joins fitted machines of one kernel; support vectors of the same bits are kept once. Of wider vectors (`train`
    /// may add columns of zeros, which no kernel sees) the first `n_columns` cells are kept.
    ///
    /// # Errors
    /// One sentence when a vector is narrower, or there are more than 2³² − 1.
    pub fn join(kernel: Kernel, n_columns: usize, parts: &[Parts]) -> Result<Self, String> {
        let width = u32::try_from(n_columns).map_err(|_| format!("{n_columns} columns are too many"))?;
        let mut joined = Self { kernel, n_columns: width, vectors: Vec::new(), machines: Vec::new() };
        let mut known: HashMap<Vec<u64>, u32> = HashMap::new();
        for part in parts {
            let mut vectors = Vec::with_capacity(part.instances.len());
            for instance in &part.instances {
                let cells = instance.as_slice().get(..n_columns).ok_or("a support vector has too few columns")?;
                let next = u32::try_from(known.len()).map_err(|_| "there are too many support vectors")?;
                let bits = cells.iter().map(|c| c.to_bits()).collect();
                let position = *known.entry(bits).or_insert(next);
                if position == next {
                    joined.vectors.extend_from_slice(cells);
                }
                vectors.push(position);
            }
            let (weights, intercept) = (part.weights.clone(), part.intercept);
            joined.machines.push(Machine { vectors, weights, intercept });
        }
        Ok(joined)
    }
}
