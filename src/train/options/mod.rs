//! The hyperparameters of `train`: one table, from which come the command line's flags and help, what each algorithm
//! takes, the defaults, the ranges, what `--tune` draws, and the entries of the artifact.

mod date;
mod decision;
pub(crate) mod draw;
mod given;
mod hyperparameters;
mod info;
mod loss;
mod monotone;
mod table;

pub use date::DateColumn;
pub use decision::{CalibrationMethod, ThresholdChoice};
pub use given::Options;
pub use hyperparameters::Hyperparameters;
pub use info::{OptionInfo, SearchRange};
pub use loss::Loss;
pub use monotone::{Monotone, MonotoneFeature};
pub use table::OPTIONS;

pub use crate::model::algorithm::Algorithm;
pub use crate::model::artifact::Setting;

/// The seed unless `--seed` says otherwise.
pub const DEFAULT_SEED: u64 = 42;
/// Share of the rows set aside unless `--test-size` says otherwise.
pub const DEFAULT_TEST_SIZE: f64 = 0.2;
/// Folds of up to [`MANY_ROWS`] training rows, unless `--folds` says otherwise.
pub const FOLDS_OF_FEW_ROWS: u32 = 10;
/// Folds of more rows.
pub const FOLDS_OF_MANY_ROWS: u32 = 5;
/// With more training rows there are fewer folds.
pub const MANY_ROWS: usize = 10_000;

/// Regression or classification, when asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TaskChoice {
    /// A number
    Regression,
    /// A class
    Classification,
}

/// What a category does that the training file does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum UnknownCategories {
    /// It is refused (422)
    #[default]
    Error,
    /// It is none of those that are known: a missing cell to hist-gradient-boosting, zeros in one-hot columns, or the
    /// column of rare ones with --min-frequency
    Other,
}
