//! Chooses the columns of a table, their kinds, the target and the task, and reads them. Decides by the whole file;
//! what depends on the training rows alone is in `encode`.

use std::borrow::Cow;

use crate::model::category::spelled_twice;
use crate::model::schema::{FeatureKind, Task};
use crate::table::{Cells, Scan, TableFile};
use crate::text::flag::flag;
use crate::train::data::columns::ChosenColumns;
use crate::train::data::kinds::Kinds;
use crate::train::data::lookup::of_column;
use crate::train::data::numbers;
use crate::train::data::row_keys::RowKeys;
use crate::train::data::sources::{self, Sources};
use crate::train::data::target::{self, Observed};
use crate::train::error::TrainError;
use crate::train::options::TaskChoice;
use crate::train::spec::TrainSpec;

/// The table of a run and, where the rows that are set aside are in a file of their own, that one.
/// Those that are owned are dropped once their cells are read, before anything is fitted.
#[derive(Debug, Clone)]
pub struct TrainTables<'a> {
    /// The rows to train on and, without `test`, those that are set aside.
    pub data: Cow<'a, TableFile>,
    /// The rows that are set aside; it has the columns that are used of `data`, in any order.
    pub test: Option<Cow<'a, TableFile>>,
}

impl<'a> From<&'a TableFile> for TrainTables<'a> {
    fn from(data: &'a TableFile) -> Self {
        Self { data: Cow::Borrowed(data), test: None }
    }
}

/// A table read for training; every list is in row order or in feature order.
#[derive(Debug)]
pub(crate) struct Dataset {
    /// The file as the user named it.
    pub(crate) file: String,
    /// The file of the rows that are set aside, where that is another, and the first of them.
    pub(crate) test: Option<(String, usize)>,
    /// Each row's line in its file.
    pub(crate) lines: Vec<u64>,
    /// The features, in schema order.
    pub(crate) inputs: Vec<InputColumn>,
    /// Regression, binary or multiclass.
    pub(crate) task: Task,
    /// Class labels in class order; empty for regression.
    pub(crate) classes: Vec<String>,
    /// What was observed, shape `[n_rows]`.
    pub(crate) observed: Observed,
    /// What each row weighs in the fit, shape `[n_rows]`; `None`: all the same.
    pub(crate) weights: Option<Vec<f64>>,
    /// What keeps rows together, or orders them.
    pub(crate) keys: RowKeys,
    /// Warnings for the report.
    pub(crate) warnings: Vec<String>,
}

/// One feature's column.
#[derive(Debug)]
pub(crate) struct InputColumn {
    pub(crate) name: String,
    pub(crate) kind: FeatureKind,
    pub(crate) sensitive: bool,
    pub(crate) cells: Cells,
}

/// Reads the tables as the specification says. Kinds, and the task, are decided by the first.
pub(crate) fn read(spec: &TrainSpec, tables: &TrainTables<'_>) -> Result<Dataset, TrainError> {
    let mut scan = tables.data.scan()?;
    let chosen = ChosenColumns::of(spec, &scan)?;
    let ChosenColumns { target, weight, group, time, ref features } = chosen;
    numbers::check(spec, &scan, target, features)?;
    let Kinds { kinds, warnings: about_dates } = Kinds::of(spec, &scan, features)?;
    let task = target::decide(spec, &scan, target)?;
    let target_kind = if task == TaskChoice::Regression { FeatureKind::Numeric } else { FeatureKind::Categorical };
    let time = time.map(|column| {
        let is_numeric = scan.columns[column].is_numeric();
        (column, if is_numeric { FeatureKind::Numeric } else { FeatureKind::Categorical })
    });
    let mut wanted = vec![(target, target_kind)];
    wanted.extend(features.iter().copied().zip(kinds.iter().copied()));
    let of_numbers = wanted.iter().filter(|(_, kind)| *kind == FeatureKind::Numeric).map(|(column, _)| *column);
    numbers::check_rounded(&mut scan, of_numbers)?;
    let n_used = wanted.len();
    wanted.extend(weight.map(|column| (column, FeatureKind::Numeric)));
    wanted.extend(group.map(|column| (column, FeatureKind::Categorical)));
    wanted.extend(time);
    let mut test = tables.test.as_deref().map(TableFile::scan).transpose()?;
    let mut columns = sources::read(&mut scan, test.as_mut(), &wanted)?;
    let sources = Sources { data: &scan, test: test.as_ref() };
    let mut others = columns.split_off(n_used).into_iter();
    wanted.iter().zip(&columns).try_for_each(|((column, _), cells)| check_booleans(&scan, *column, cells))?;
    let weights = weight.and_then(|column| Some((column, others.next()?)));
    let weights = weights.map(|(column, cells)| target::weights(&sources, column, cells)).transpose()?;
    let keys = match (group.or(time.map(|(column, _)| column)), others.next()) {
        (Some(column), Some(cells)) if group.is_some() => RowKeys::groups(&sources, column, &cells)?,
        (Some(column), Some(cells)) => {
            let said = spec.date.iter().find(|date| date.column == scan.columns[column].name);
            RowKeys::times(&sources, column, &cells, said.and_then(|date| date.form))?
        }
        _ => RowKeys::None,
    };
    let mut columns = columns.into_iter();
    let target_cells = columns.next().ok_or_else(|| TrainError::Broken("no target was read".to_owned()))?;
    let (observed, classes) = target::observe(&sources, target, target_cells)?;
    target::check_loss(&sources, target, spec.options.loss(), &observed)?;
    if let (Some(weights), Some(column)) = (&weights, weight) {
        target::check_weights(&scan, column, (&observed, &classes), weights)?;
    }
    let mut warnings = warnings(&scan, features, &kinds);
    warnings.extend(about_dates);
    warnings.extend(target::note_of_two(spec, &observed, &classes));
    warnings.extend(keys.warning(&sources));
    let inputs = features.iter().zip(kinds).zip(columns).map(|((f, kind), cells)| {
        let name = scan.columns[*f].name.clone();
        InputColumn { sensitive: spec.sensitive.contains(&name), name, kind, cells }
    });
    let inputs = inputs.collect();
    let task = match (task, classes.len()) {
        (TaskChoice::Regression, _) => Task::Regression,
        (TaskChoice::Classification, 2) => Task::Binary,
        (TaskChoice::Classification, _) => Task::Multiclass,
    };
    let (file, lines) = (scan.file().to_owned(), sources.lines());
    let test = test.as_ref().map(|test| (test.file().to_owned(), scan.n_rows()));
    Ok(Dataset { file, test, lines, inputs, task, classes, observed, weights, keys, warnings })
}

/// Refuses a column that spells a boolean in two ways: a request's `true` could mean either.
fn check_booleans(scan: &Scan<'_>, column: usize, cells: &Cells) -> Result<(), TrainError> {
    let Cells::Texts { names, .. } = cells else { return Ok(()) };
    let Some((truth, [one, other])) = spelled_twice(names) else { return Ok(()) };
    Err(of_column(scan, column, format_args!("{one:?} and {other:?} both spell {truth}; write it one way")))
}

/// Warnings about columns that were read as categories.
fn warnings(scan: &Scan<'_>, features: &[usize], kinds: &[FeatureKind]) -> Vec<String> {
    let mut warnings = Vec::new();
    for column in features {
        if let Some(warning) = numbers::index_of_pandas(&scan.columns[*column].name) {
            warnings.push(warning);
        }
    }
    for (f, _) in features.iter().zip(kinds).filter(|(_, kind)| **kind == FeatureKind::Categorical) {
        let seen = &scan.columns[*f];
        let name = &seen.name;
        if seen.numbers > seen.texts && seen.texts > 0 {
            let cells = numbers::offenders(scan, *f);
            warnings.push(format!(
                "{name} is read as categories because of {cells}, though most of its cells are numbers; {} \
                 makes such cells an error",
                flag("--numeric", name)
            ));
        }
        if let (Some((line, text)), false) = (&seen.first_missing_word, seen.is_numeric()) {
            warnings.push(format!(
                "{name}: {text:?} (first on line {line}) is kept as a category; in a text column only an empty cell \
                 is missing; if it means one: {}",
                flag("--missing", text)
            ));
        }
    }
    warnings
}
