//! The flags of the smaller commands.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::values::{address, amount, bind_address, level, names, switch};
use crate::config::{BindAddress, Names};

use super::source::{SourceArgs, SourcesArgs};
use super::table::TableArgs;

/// `predict`.
#[derive(Debug, Args)]
#[command(after_help = "The input's columns come back as they are, with a column `prediction` after them (and \
`probability_CLASS` for each class of a classifier that has probabilities). Columns that the model does not know pass through, \
one without a name too. The output has the input's delimiter, and what is added the input's decimal mark.

Files of gzip and zstd, UTF-16 and the delimiters , ; | and tab are recognised; docs/tables.md has all of it.

Examples:
  smartserve predict --model boston.model --input rows.csv -o scored.csv
  smartserve predict --model boston.model --input 'day-*.parquet' -o all.parquet
  smartserve predict --model rent.model --input miete.csv --decimal , -o out.csv
  smartserve predict --model boston.model --input rows.csv.gz \\
    --on-error null -o scored.csv
  cat rows.csv | smartserve predict --model boston.model --input -")]
pub struct PredictArgs {
    /// The model: a file or directory, of smartserve or of another library
    #[arg(long, value_name = "F.model")]
    pub model: PathBuf,
    /// The rows: CSV with a header line, NDJSON, Parquet or Arrow IPC, told by its content; several, or a pattern as
    /// 'part-*.parquet', are one table; - for standard input
    #[arg(long, value_name = "F.csv", required = true, num_args = 1..)]
    pub input: Vec<PathBuf>,
    /// Where to write, - for standard output; a file is written whole or not at all
    #[arg(short, long, value_name = "F.csv", default_value = "-")]
    pub output: PathBuf,
    /// The form of the output [default: by its ending (.csv, .ndjson and .jsonl, .parquet, .arrow and .feather, .arrows),
    /// else csv]
    #[arg(long, value_name = "FORMAT", value_parser = ["csv", "ndjson", "parquet", "arrow", "arrow-stream"])]
    pub output_format: Option<String>,
    /// Add the raw scores, before the link, as a column raw; several as raw and their number
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub raw: bool,
    /// Add each feature's contribution, as a column baseline and one a feature (docs/reasons.md)
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub explain: bool,
    /// Add bounds that hold the truth with this probability, as columns lower and upper; of a classifier the classes that
    /// do, as a column set (docs/intervals.md)
    #[arg(long, value_name = "0.9", value_parser = level)]
    pub interval: Option<f64>,
    /// What a row that the model cannot take does: end the run, with nothing written, or stand with an empty prediction
    /// and the reason in a column error
    #[arg(long, value_enum, value_name = "fail|null", default_value_t, hide_possible_values = true)]
    pub on_error: OnError,
    /// How the input is written.
    #[command(flatten)]
    pub table: TableArgs,
    /// How a model of another library is read.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// `--on-error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnError {
    /// The run ends with exit code 65 and no output file; standard output has the rows of earlier pieces of 4,096
    #[default]
    Fail,
    /// The row stands with an empty prediction and the reason in a column error
    Null,
}

/// `import`.
#[derive(Debug, Args)]
#[command(
    after_help = "XGBoost's JSON and UBJSON (1.0 to 3.x), LightGBM's text, scikit-learn's pickle, joblib and skops files, and \
directories of MLflow, MLServer or with one model file are read; a file is told by its content, not by its name. \
Nothing in it is executed, and what is not understood is refused with its place (65).

With --data the model gets what training gives: statistics of each column and of the predictions (ranges, drift metrics) and \
golden rows out of the table; with --target too, figures and calibration on its rows, which mean something only where the model \
was not fitted on them.

Examples:
  smartserve import model.ubj -o churn.model
  smartserve import model.ubj --data holdout.csv --target churned -o churn.model
  smartserve import model.json -o churn.model --name churn --answer library"
)]
pub struct ImportArgs {
    /// A model of another library: a file or directory
    #[arg(value_name = "SOURCE")]
    pub file: PathBuf,
    /// Where to write the model
    #[arg(short, long, value_name = "F.model")]
    pub output: PathBuf,
    /// The model's own name [default: the source's, else model]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// A table (CSV with a header line, NDJSON, Parquet or Arrow IPC): rows for statistics and golden rows, up to 64 of
    /// which are written into the model; columns that the model does not know are left; repeatable, the files are one
    /// table; - for standard input
    #[arg(long, value_name = "T.csv")]
    pub data: Vec<PathBuf>,
    /// The column of it that was to be predicted: figures and calibration on its rows, which the model must not have
    /// been fitted on
    #[arg(long, value_name = "COLUMN", requires = "data")]
    pub target: Option<String>,
    /// How the rows of --data are written.
    #[command(flatten)]
    pub table: TableArgs,
    /// How it is read.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The model: a file or directory, of smartserve or of another library
    #[arg(value_name = "F.model")]
    pub file: PathBuf,
    /// Print the header as JSON, without golden rows
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub json: bool,
    /// Print a page for people, the model card: it needs no other file and runs no script
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub html: bool,
    /// How a model of another library is read.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// `verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "With --input, rows are scored and compared with answers that the model's own library gave them: columns \
of the same file. One COLUMN holds the predictions (of a classifier the labels), as many as the model has outputs or classes \
hold these in their order; another answer is named as predict names its column: probability_yes=p, raw=margin. The greatest \
difference and the worst rows are printed. What a model of 32 bits answers is compared as numbers of 32 bits.

Examples:
  smartserve verify churn.model
  smartserve verify model.ubj --input rows.csv --expect predicted
  smartserve verify m.pkl --input rows.csv --expect label,probability_yes=p \\
    --tolerance 1e-15

Exit codes: 0 the model is sound; 1 the golden rows are answered otherwise than when the model was written, or an expected \
answer differs by more than the tolerance; 65 the file is not a valid model, or rows do not fit it; 66 there is no such file."
)]
pub struct VerifyArgs {
    /// The model: a file or directory, of smartserve or of another library
    #[arg(value_name = "F.model")]
    pub file: PathBuf,
    /// A table (CSV with a header line, NDJSON, Parquet or Arrow IPC): rows, and what their library answered; repeatable,
    /// the files are one table; - for standard input
    #[arg(long, value_name = "F.csv", requires = "expect")]
    pub input: Vec<PathBuf>,
    /// Columns of it with the expected answers; a list of names is a CSV record
    #[arg(long, value_name = "[ANSWER=]COLUMN", value_parser = names, requires = "input")]
    pub expect: Vec<Names>,
    /// The greatest difference that passes; labels must be equal
    #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = amount)]
    pub tolerance: f64,
    /// How the rows of --input are written.
    #[command(flatten)]
    pub table: TableArgs,
    /// How a model of another library is read.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// `healthcheck`.
#[derive(Debug, Args)]
pub struct HealthcheckArgs {
    /// What to ask, http://IP:PORT/path [default: /readyz of the local server, on the admin listener where there is one]
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// Where the server listens, IP:port or `unix:/path`; found by the same rules as `serve`
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000", value_parser = bind_address)]
    pub bind: BindAddress,
    /// As for `serve`.
    #[arg(skip)]
    pub bind_typed: bool,
    /// Where its admin listener is
    #[arg(long, value_name = "IP:PORT", value_parser = address)]
    pub admin_bind: Option<SocketAddr>,
}

/// `openapi`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  smartserve openapi --model boston.model > openapi.json
  smartserve openapi --model boston.model --model flower=iris.model")]
pub struct OpenapiArgs {
    /// A model file or directory, and optionally the name to serve it under; repeatable; without one routes have no
    /// schemas
    #[arg(long, value_name = "[NAME=]PATH")]
    pub model: Vec<String>,
    /// How models of other libraries are read.
    #[command(flatten)]
    pub source: SourcesArgs,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    pub shell: clap_complete::Shell,
}
