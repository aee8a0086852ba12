//! From features to an estimator's columns: transformers as steps of `model::neutral`.

mod builder;
mod categories;
mod encoders;
mod finish;
mod impute;
mod names;
mod scale;
mod selection;
mod transform;

pub(super) use builder::{ColumnsBuilder, PendingColumn};
pub(super) use names::{feature_names, n_inputs};
pub(super) use transform::{steps, transform};
