//! From a table to rows to learn from: chosen columns, the target, the schema, the rows set aside, the folds.

pub(crate) mod cross_validation;
pub(crate) mod dataset;
pub(crate) mod leaks;
pub mod split;
pub(crate) mod split_data;
pub(crate) mod target;
pub(crate) mod training_data;
