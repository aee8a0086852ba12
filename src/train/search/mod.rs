//! Choosing by cross-validation: `--tune` over one algorithm's hyperparameters, `--compare` over algorithms.

pub(crate) mod compare;
pub(crate) mod space;
mod trial;
pub(crate) mod tune;
