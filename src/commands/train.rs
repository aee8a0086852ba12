//! `train`: fit a model to a table, evaluate it, write it.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::TrainArgs;
use crate::config::Names;
use crate::table::{ErrorClass, TableFile};
use crate::text::printable::printable;
use crate::train::{Comparison, DateColumn, Report, TrainError, TrainSpec, TrainTables, Trained, compare, train};

use super::failure::{Exit, Failure};
use super::files;
use super::progress::FitProgress;

/// Runs the command.
///
/// # Errors
/// 2: options that contradict each other, or an output that is the data. 65: the data cannot be used. 66: no such file.
/// 78: a bad `SOURCE_DATE_EPOCH`. 1: a fit or a write failed. Nothing is written then.
pub fn run(args: &TrainArgs) -> Result<(), Failure> {
    let spec = spec(args)?;
    let (data, test) = (files::expanded(&args.data)?, files::expanded(&args.test_data)?);
    if let Some(path) = &args.output {
        files::keep("the --data", &data, path)?;
        files::keep("the --test-data", &test, path)?;
        files::check_writable(path)?;
    }
    let options = files::text_options(&args.table)?;
    let open = |paths: &[PathBuf]| open(paths).map(|table| table.with_options(options.clone()));
    let test = if test.is_empty() { None } else { Some(open(&test)?) };
    let data = open(&data)?;
    // Owned, so that the text is freed once it is read.
    let tables = TrainTables { data: Cow::Owned(data), test: test.map(Cow::Owned) };
    let progress = FitProgress::new();
    if args.compare {
        let comparison = compare(&spec, tables, &progress);
        drop(progress);
        return show_comparison(&comparison?, args);
    }
    let trained = train(&spec, tables, &progress);
    drop(progress);
    let trained = trained?;
    let written = write(&trained, args)?;
    if args.json {
        return files::print_json(&trained.report);
    }
    files::print(&format!("{}\n{written}", trained.report))
}

/// Writes the artifact; returns the sentence that says where.
fn write(trained: &Trained, args: &TrainArgs) -> Result<String, Failure> {
    let Some(path) = &args.output else { return Ok(String::new()) };
    files::write_atomically(path, &trained.artifact)?;
    Ok(format!("written to {}\n", printable(&path.display().to_string())))
}

/// Prints the ranking; with `-o` writes the best one's model and prints its report too.
fn show_comparison(comparison: &Comparison, args: &TrainArgs) -> Result<(), Failure> {
    let written = write(&comparison.best, args)?;
    let report = args.output.is_some().then_some(&comparison.best.report);
    if args.json {
        return files::print_json(&ComparisonOutput { comparison, model: report });
    }
    let report = report.map_or_else(String::new, |r| format!("\n{r}\n{written}"));
    files::print(&format!("{comparison}\n{report}"))
}

/// What `--compare --json` prints; `model` is the report of the written model.
#[derive(Serialize)]
struct ComparisonOutput<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a Report>,
}

fn spec(args: &TrainArgs) -> Result<TrainSpec, Failure> {
    let name = match (&args.name, &args.output) {
        (Some(name), _) => name.clone(),
        (None, Some(output)) => output.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default(),
        (None, None) => "best".to_owned(),
    };
    Ok(TrainSpec {
        description: args.description.clone(),
        features: Names::all(&args.features),
        drop: Names::all(&args.drop),
        categorical: Names::all(&args.categorical),
        numeric: Names::all(&args.numeric),
        date: Names::all(&args.date).iter().map(|text| date_column(text)).collect(),
        sensitive: Names::all(&args.sensitive),
        weight: args.weight.clone(),
        group: args.group.clone(),
        time: args.time.clone(),
        monotone: args.monotone.iter().flat_map(|list| list.0.iter().cloned()).collect(),
        allow_missing: args.allow_missing,
        unknown: args.unknown,
        min_frequency: args.min_frequency,
        task: args.task,
        tune: args.tune,
        time_budget: args.time_budget,
        options: args.options.clone(),
        vote: args.vote,
        calibrate: args.calibrate,
        threshold: args.threshold,
        scale: (args.scale || args.no_scale).then_some(args.scale),
        seed: args.seed,
        test_size: args.test_size,
        folds: args.folds,
        source_date_epoch: source_date_epoch()?,
        ..TrainSpec::new(name, args.target.clone(), args.algorithm)
    })
}

fn date_column(text: &str) -> DateColumn {
    let Ok(column) = text.parse::<DateColumn>();
    column
}

/// `SOURCE_DATE_EPOCH`, seconds since 1970: <https://reproducible-builds.org/specs/source-date-epoch/>.
fn source_date_epoch() -> Result<Option<u64>, Failure> {
    let Some(text) = std::env::var("SOURCE_DATE_EPOCH").ok() else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Failure::new(Exit::Config, format_args!("SOURCE_DATE_EPOCH is {text:?}, expected seconds since 1970"))
    })
}

/// Reads the files of one table.
fn open(paths: &[PathBuf]) -> Result<TableFile, Failure> {
    Ok(TableFile::of(files::tables(paths)?).map_err(TrainError::from)?)
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        Self::new(Exit::of(error.class()), error)
    }
}

impl Exit {
    /// The exit code of a failure in a table or a training run.
    pub fn of(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Usage => Self::Usage,
            ErrorClass::Invalid => Self::Data,
            ErrorClass::NoInput => Self::NoInput,
            ErrorClass::Failed => Self::Failed,
        }
    }
}
