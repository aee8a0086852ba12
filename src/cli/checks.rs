//! The flags of the commands that judge a model on rows: against training, another model, or the truth.

use std::path::PathBuf;

use clap::Args;

use crate::config::Names;
use crate::config::values::{amount, names, switch};

use super::source::SourceArgs;
use super::table::TableArgs;

/// What `drift`, `replay` and `audit` share: the model that is judged, the rows, and the form of the report.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The model that is judged: a file or directory, of smartserve or of another library
    #[arg(long, value_name = "F.model")]
    pub model: PathBuf,
    /// The rows: CSV with a header line, NDJSON, Parquet or Arrow IPC; - for standard input
    #[arg(long, value_name = "F.csv")]
    pub input: PathBuf,
    /// Print the report as JSON
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub json: bool,
    /// How the rows are written.
    #[command(flatten)]
    pub table: TableArgs,
    /// How models of other libraries are read.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// `drift`.
#[derive(Debug, Args)]
#[command(
    after_help = "For each feature, and for the predictions, the population stability index (PSI) of the rows against the \
training rows; what chance alone gives in one of 1,000 samples of this size; the shares of the training rows and of these \
in the same cells, as bars; missing cells; values that training did not see. A column has drifted where its PSI is at least \
the threshold and above what chance gives. A running server shows the same as smartserve_feature_drift_psi (docs/drift.md).

Rows that the model refuses, for a category or a missing cell that it has no rule for, are counted, but not predicted.

Examples:
  smartserve drift --model boston.model --input today.csv
  smartserve drift --model boston.model --input today.csv --threshold 0.1 --json

Exit codes: 0 nothing has drifted; 1 something has; 65 the rows do not fit the model, or it came without statistics; 66 there \
is no such file."
)]
pub struct DriftArgs {
    /// The model, the rows and the report.
    #[command(flatten)]
    pub check: CheckArgs,
    /// The PSI from which on a column has drifted
    #[arg(long, value_name = "PSI", default_value = "0.2", value_parser = amount)]
    pub threshold: f64,
}

/// `replay`.
#[derive(Debug, Args)]
#[command(
    after_help = "A row's difference is the greatest of its answers': of numbers |new - old|, of a classifier those of the \
probabilities, and 1 for another label where a model has none. Where the two ask for other columns, that is said, and is a failure \
as it would be of a running server.

Examples:
  smartserve replay --model new.model --against old.model --input rows.csv
  smartserve replay --model new.model --against old.model --input rows.csv \\
    --tolerance 0.5 --by CHAS --json

Exit codes: 0 the models differ by no more than the tolerance; 1 they do, or ask for other columns; 65 the rows do not fit a \
model, or the answers cannot be compared; 66 there is no such file."
)]
pub struct ReplayArgs {
    /// The model, the rows and the report.
    #[command(flatten)]
    pub check: CheckArgs,
    /// The old model, which answers the same rows
    #[arg(long, value_name = "OLD.model")]
    pub against: PathBuf,
    /// The greatest difference of a row that passes; without it any does
    #[arg(long, value_name = "NUMBER", value_parser = amount)]
    pub tolerance: Option<f64>,
    /// Columns of the input whose values are groups, numbers by their quartiles; a list of names is a CSV record; repeatable
    #[arg(long, value_name = "COLUMN", value_parser = names)]
    pub by: Vec<Names>,
    /// A new model that asks for other columns or answers in other words passes
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub allow_schema_change: bool,
}

/// `audit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Over all rows, and by group of each sensitive feature (train --sensitive) and of each column of --by: \
errors, and calibration, the mean of what is predicted beside that of what was observed. The flip test changes a sensitive \
feature alone, in every row, to each of its categories or to values from training's smallest to its largest: what changes is \
the feature's own effect, not that of columns that go with it. The rows should be ones that the model was not fitted on.

Examples:
  smartserve audit --model boston.model --input holdout.csv --target MEDV
  smartserve audit --model boston.model --input holdout.csv --target MEDV \\
    --by CHAS --json

Exit codes: 0 the report is printed; 1 a row has no finite answer; 65 the rows do not fit the model, or a column is not \
there; 66 there is no such file."
)]
pub struct AuditArgs {
    /// The model, the rows and the report.
    #[command(flatten)]
    pub check: CheckArgs,
    /// The column of the input with what was observed
    #[arg(long, value_name = "COLUMN")]
    pub target: String,
    /// Further columns of the input whose values are groups, numbers by their quartiles; a list of names is a CSV record; repeatable
    #[arg(long, value_name = "COLUMN", value_parser = names)]
    pub by: Vec<Names>,
}
