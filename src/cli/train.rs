//! The flags of `train`. Those of hyperparameters, and what the help says of them, come from
//! [`OPTIONS`](crate::train::options::OPTIONS).

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::table::TableArgs;
use super::train_help;
use crate::config::Names;
use crate::config::values::{names, share, switch, time};
use crate::train::options::{
    Algorithm, CalibrationMethod, DEFAULT_SEED, DEFAULT_TEST_SIZE, MonotoneFeature, OPTIONS, OptionInfo, Options,
    Setting, TaskChoice, ThresholdChoice, UnknownCategories,
};

/// `train`.
#[derive(Debug, Args)]
#[command(after_help = train_help::after_help())]
#[expect(clippy::struct_excessive_bools, reason = "switches, as they are typed")]
pub struct TrainArgs {
    /// The table: CSV with a header line, NDJSON, Parquet or Arrow IPC, told by its content; several, or a pattern as
    /// 'part-*.parquet', are one table; - for standard input
    #[arg(long, value_name = "F.csv", required = true, num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// The column to predict
    #[arg(long, value_name = "COLUMN")]
    pub target: String,
    /// Where to write the model; its stem is the default --name
    #[arg(short, long, value_name = "F.model", required_unless_present_any = ["compare", "tune"])]
    pub output: Option<PathBuf>,
    /// The estimator. Both tasks: hist-gradient-boosting, decision-tree, random-forest, knn. Numbers: linear, ridge,
    /// lasso, elastic-net, extra-trees, gradient-boosting, svr. Classes: logistic, gaussian-nb, svc
    #[arg(long, value_name = "NAME", default_value = "hist-gradient-boosting", value_parser = algorithm(), hide_possible_values = true)]
    pub algorithm: Algorithm,
    /// Fit every algorithm that suits the task, with its defaults, and print them ranked by cross-validation; --tune
    /// then tunes the best three, -o writes the best
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true", conflicts_with = "algorithm")]
    pub compare: bool,
    /// Search the hyperparameters that are not given: the best of N candidates by cross-validation, the defaults among
    /// them [N: 20]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "20")]
    pub tune: Option<u32>,
    /// With --compare or --tune, how long all of it may take, as 5m or 90s: a fit that would not end in time is skipped
    /// and named
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub time_budget: Option<Duration>,
    /// Predict a number or a class [default: as the target's column looks]
    #[arg(long, value_enum)]
    pub task: Option<TaskChoice>,
    /// Columns to use [default: all but the target]; a list of names is a CSV record, so that one with a comma is
    /// quoted ('"Population, total",gdp'), and a flag with a list may be repeated
    #[arg(long, value_name = "COLUMNS", value_parser = names)]
    pub features: Vec<Names>,
    /// Columns not to use; one without a name is called by its place, #1 for the first
    #[arg(long, value_name = "COLUMNS", value_parser = names, conflicts_with = "features")]
    pub drop: Vec<Names>,
    /// Columns whose values are names, even where they look like numbers
    #[arg(long, value_name = "COLUMNS", value_parser = names)]
    pub categorical: Vec<Names>,
    /// Columns that must be numbers; text in them is an error
    #[arg(long, value_name = "COLUMNS", value_parser = names)]
    pub numeric: Vec<Names>,
    /// Columns that must be dates or times; COLUMN=day-first for 4/3/2021 or COLUMN=month-first for 3/4/2021 where the
    /// cells do not decide. Without the flag a column is one of dates when every cell is
    #[arg(long, value_name = "COLUMNS", value_parser = names)]
    pub date: Vec<Names>,
    /// Columns that encode a protected attribute: marked in the model, group errors reported
    #[arg(long, value_name = "COLUMNS", value_parser = names)]
    pub sensitive: Vec<Names>,
    /// The column that says what each row weighs in the fit, 0 or more; it is no feature, and figures count each row
    /// once
    #[arg(long, value_name = "COLUMN")]
    pub weight: Option<String>,
    /// The column that says which rows go together (a patient, a household): no group is on both sides of the split,
    /// nor of a fold; it is no feature
    #[arg(long, value_name = "COLUMN", conflicts_with = "time")]
    pub group: Option<String>,
    /// The column that says when a row was, as a number, or a date or time (--date says its form): the latest rows are set aside,
    /// each fold is fitted on the rows before it; it is no feature unless --features names it
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,
    /// Numeric columns with which answers only rise (=+1) or only fall (=-1); of classes the probability of the second
    #[arg(long, value_name = "COLUMN=+1|-1", value_parser = monotone, allow_hyphen_values = true)]
    pub monotone: Vec<MonotoneList>,
    /// Take missing cells in every column, also in one that has none in the file
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub allow_missing: bool,
    /// What a category does that the file does not have
    #[arg(long, value_enum, default_value_t)]
    pub unknown: UnknownCategories,
    /// Put the categories of fewer training rows than this together into one column, with --unknown other new ones too;
    /// not for hist-gradient-boosting, which has no one-hot columns
    #[arg(long, value_name = "N")]
    pub min_frequency: Option<u32>,
    /// The model's own name [default: the output's stem]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// One sentence about the model, kept in it
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Seeds every shuffle and every random choice
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    pub seed: u64,
    /// Table of the rows for the holdout figures, with the columns of --data; all rows of --data are then trained on
    #[arg(long, value_name = "F.csv", conflicts_with = "test_size", num_args = 1..)]
    pub test_data: Vec<PathBuf>,
    /// Share of rows set aside for the holdout figures, never fitted on; 0 for none
    #[arg(long, value_name = "SHARE", default_value_t = DEFAULT_TEST_SIZE, value_parser = share)]
    pub test_size: f64,
    /// Folds of the cross-validation on the training rows; 0 for none, else at least 2 [default: 10 up to 10000
    /// training rows, 5 above]
    #[arg(long, value_name = "N")]
    pub folds: Option<u32>,
    /// Scale columns by (x − mean) / sd [default: for ridge, lasso, elastic-net, knn, svr, logistic and svc]
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true", conflicts_with = "no_scale")]
    pub scale: bool,
    /// Do not scale columns
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub no_scale: bool,
    /// Trees of classes vote, each for the commonest class of its leaf, as smartcore's do: their shares are the
    /// probabilities. Without it these are the mean of the classes' shares in the leaves, as scikit-learn's
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub vote: bool,
    /// Calibrate a classifier's probabilities on its out-of-fold scores; of several classes each against the rest, then
    /// divided by their sum. Raw scores stay
    #[arg(long, value_name = "METHOD", value_enum)]
    pub calibrate: Option<CalibrationMethod>,
    /// Of two classes, answer the second where its probability is above this [default: 0.5]; or choose it on the
    /// out-of-fold scores: by its F1, by Youden's J, or by what a miss and a false alarm cost
    #[arg(long, value_name = "f1|youden|cost=5:1|0.3")]
    pub threshold: Option<ThresholdChoice>,
    /// Print the report as JSON
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub json: bool,
    /// How the tables are written.
    #[command(flatten)]
    pub table: TableArgs,
    /// The hyperparameters that were given.
    #[command(flatten)]
    pub options: Options,
}

impl Args for Options {
    fn augment_args(command: Command) -> Command {
        OPTIONS.iter().fold(command, |command, option| {
            command.arg(
                Arg::new(option.name)
                    .long(option.name)
                    .value_name(option.value_name)
                    .help(option.help)
                    .help_heading("Hyperparameters")
                    .allow_negative_numbers(option.may_be_negative)
                    .hide_possible_values(true)
                    .value_parser(OptionParser(option)),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Options {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Self::default();
        for option in &OPTIONS {
            if let Some(value) = matches.get_one::<Setting>(option.name) {
                options.0.insert(option.name, value.clone());
            }
        }
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Constraints as one flag gives them: a CSV record.
#[derive(Debug, Clone)]
pub struct MonotoneList(pub Vec<MonotoneFeature>);

fn monotone(text: &str) -> Result<MonotoneList, String> {
    let parsed = names(text)?.0.iter().map(|one| one.parse()).collect::<Result<_, String>>();
    parsed.map(MonotoneList)
}

/// The estimators' names, which shells complete and clap guesses at.
fn algorithm() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(Algorithm::ALL.map(Algorithm::as_str)).try_map(|name| name.parse::<Algorithm>())
}

/// Reads a hyperparameter by the table, which also gives shells its possible words.
#[derive(Clone)]
struct OptionParser(&'static OptionInfo);

impl TypedValueParser for OptionParser {
    type Value = Setting;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Setting, clap::Error> {
        self.0.parse.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let words = self.0.words;
        (!words.is_empty()).then(|| Box::new(words.iter().map(|word| PossibleValue::new(*word))) as Box<_>)
    }
}
