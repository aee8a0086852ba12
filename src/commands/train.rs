//! `train`: fit a model to a CSV file, evaluate it, write it.

use std::io::{IsTerminal, stdin};
use std::path::Path;
use std::sync::OnceLock;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::{TaskArg, TrainArgs};
use crate::table::{ErrorClass, TableFile};
use crate::train::{Options, Progress, Report, TaskChoice, TrainError, TrainSpec, train, write_atomically};

use super::failure::{Exit, Failure};
use super::files;

/// Runs the command.
///
/// # Errors
/// 2 options that contradict each other, 65 data that does not do, 66 no such file, 78 a bad `SOURCE_DATE_EPOCH`,
/// 1 a fit or a write that failed. Nothing is written then.
pub fn run(args: &TrainArgs) -> Result<(), Failure> {
    let spec = spec(args)?;
    let table = open(&args.data)?;
    let bar = Bar::default();
    let trained = train(&spec, &table, &bar);
    bar.clear();
    let trained = trained?;
    write_atomically(&args.output, &trained.artifact)?;
    files::print(&shown(&trained.report, args)?)
}

fn spec(args: &TrainArgs) -> Result<TrainSpec, Failure> {
    let name = match &args.name {
        Some(name) => name.clone(),
        None => args.output.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
    };
    let scale = match (args.scale, args.no_scale) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    Ok(TrainSpec {
        description: args.description.clone(),
        features: args.features.clone(),
        drop: args.drop.clone(),
        categorical: args.categorical.clone(),
        numeric: args.numeric.clone(),
        sensitive: args.sensitive.clone(),
        task: args.task.map(|task| match task {
            TaskArg::Regression => TaskChoice::Regression,
            TaskArg::Classification => TaskChoice::Classification,
        }),
        options: Options {
            trees: args.trees,
            max_depth: args.max_depth,
            min_samples_leaf: args.min_samples_leaf,
            max_features: args.max_features,
            learning_rate: args.learning_rate,
            alpha: args.alpha,
            l1_ratio: args.l1_ratio,
            neighbors: args.neighbors,
            kernel: args.kernel,
            c: args.c,
            epsilon: args.epsilon,
            gamma: args.gamma,
            degree: args.degree,
            coef0: args.coef0,
        },
        scale,
        seed: args.seed,
        test_size: args.test_size,
        folds: args.folds,
        source_date_epoch: source_date_epoch()?,
        ..TrainSpec::new(name, args.target.clone(), args.algorithm)
    })
}

/// <https://reproducible-builds.org/specs/source-date-epoch/>: seconds since 1970.
fn source_date_epoch() -> Result<Option<u64>, Failure> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Ok(None),
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => text.parse().map(Some).map_err(|_| {
            Failure::new(Exit::Config, format_args!("SOURCE_DATE_EPOCH is {text:?}, expected seconds since 1970"))
        }),
    }
}

fn open(path: &Path) -> Result<TableFile, Failure> {
    let table = if path == Path::new("-") { TableFile::read(stdin(), "standard input") } else { TableFile::open(path) };
    Ok(table.map_err(TrainError::from)?)
}

fn shown(report: &Report, args: &TrainArgs) -> Result<String, Failure> {
    if !args.json {
        return Ok(format!("{report}\nwritten to {}\n", args.output.display()));
    }
    let value = report.to_json().map_err(|e| Failure::new(Exit::Failed, e))?;
    Ok(format!("{value:#}\n"))
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        Self::new(Exit::of(error.class()), error)
    }
}

impl Exit {
    /// The exit code's class of a failure in a table or a training run.
    pub fn of(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Usage => Self::Usage,
            ErrorClass::Invalid => Self::Data,
            ErrorClass::NoInput => Self::NoInput,
            ErrorClass::Failed => Self::Failed,
        }
    }
}

/// A progress bar on standard error, only where that is a terminal.
#[derive(Default)]
struct Bar {
    bar: OnceLock<ProgressBar>,
}

impl Bar {
    fn clear(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn begin(&self, fits: usize) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let style = ProgressStyle::with_template("fitting {bar:32} {pos}/{len} fits, {elapsed} of about {duration}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.bar.get_or_init(|| ProgressBar::new(fits as u64).with_style(style));
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
    }

    fn fitted(&self) {
        if let Some(bar) = self.bar.get() {
            bar.inc(1);
        }
    }
}
