//! From a table to rows to learn from: chosen columns, the target, the schema, the rows set aside, the folds.

pub mod chronological;
mod columns;
pub(crate) mod cross_validation;
pub(crate) mod dataset;
pub mod grouped;
pub(crate) mod kinds;
mod leaks;
pub(crate) mod lookalikes;
mod lookup;
mod notes;
mod numbers;
mod row_keys;
mod sources;
pub mod split;
pub(crate) mod split_data;
pub(crate) mod target;
pub(crate) mod training_data;
mod width;
