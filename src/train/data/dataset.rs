//! Chooses the columns of a table, their kinds, the target and the task, and reads them. Decides by the whole file;
//! what depends on the training rows alone is in `encode`.

use crate::model::category::spelled_twice;
use crate::model::schema::{FeatureKind, Task};
use crate::table::{Cells, Scan, TableFile};
use crate::text::did_you_mean::nearest;
use crate::train::error::TrainError;
use crate::train::options::TaskChoice;
use crate::train::spec::TrainSpec;

use crate::train::data::target::{self, Observed};

/// A table read for training; every list is in row order or in feature order.
#[derive(Debug)]
pub(crate) struct Dataset {
    /// The file as the user named it.
    pub(crate) file: String,
    /// Each row's line.
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

/// Reads the table as the specification says.
pub(crate) fn read(spec: &TrainSpec, table: &TableFile) -> Result<Dataset, TrainError> {
    let scan = table.scan()?;
    let target = position(&scan, &spec.target, "--target")?;
    let weight = spec.weight.as_ref().map(|name| position(&scan, name, "--weight")).transpose()?;
    let features = choose(spec, &scan, target, weight)?;
    check_named(&scan, target, &features)?;
    check_names(spec, &scan, target, &features)?;
    let kinds = features.iter().map(|f| kind(spec, &scan, *f)).collect::<Result<Vec<FeatureKind>, _>>()?;
    let task = target::decide(spec, &scan, target)?;
    let target_kind = if task == TaskChoice::Regression { FeatureKind::Numeric } else { FeatureKind::Categorical };
    let mut wanted = vec![(target, target_kind)];
    wanted.extend(features.iter().copied().zip(kinds.iter().copied()));
    wanted.extend(weight.map(|column| (column, FeatureKind::Numeric)));
    let columns = scan.read(&wanted)?;
    wanted.iter().zip(&columns).try_for_each(|((column, _), cells)| check_booleans(&scan, *column, cells))?;
    let mut columns = columns.into_iter();
    let weights = weight.and_then(|column| Some((column, columns.next_back()?)));
    let weights = weights.map(|(column, cells)| target::weights(&scan, column, cells)).transpose()?;
    let target_cells = columns.next().ok_or_else(|| TrainError::Broken("no target was read".to_owned()))?;
    let (observed, classes) = target::observe(&scan, target, target_cells)?;
    let mut warnings = warnings(&scan, &features, &kinds);
    warnings.extend(target::note_of_two(spec, &observed, &classes));
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
    Ok(Dataset { file: scan.file().to_owned(), inputs, task, classes, observed, weights, warnings, lines: scan.lines })
}

/// Refuses a column that spells a boolean in two ways: a request's `true` could mean either.
fn check_booleans(scan: &Scan<'_>, column: usize, cells: &Cells) -> Result<(), TrainError> {
    let Cells::Texts { names, .. } = cells else { return Ok(()) };
    let Some((truth, [one, other])) = spelled_twice(names) else { return Ok(()) };
    Err(target::of_column(scan, column, format_args!("{one:?} and {other:?} both spell {truth}; write it one way")))
}

fn position(scan: &Scan<'_>, name: &str, flag: &str) -> Result<usize, TrainError> {
    scan.position(name).ok_or_else(|| {
        let names: Vec<String> = (0..scan.columns.len()).map(|column| scan.called(column)).collect();
        let hint = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) if near.contains(',') && flag != "--target" => {
                let record = format!("\"{}\"", near.replace('"', "\"\""));
                format!("did you mean {near:?}? In a list a name with a comma is quoted: {flag} '{record}'")
            }
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("it has {}", names.iter().take(20).cloned().collect::<Vec<_>>().join(", ")),
        };
        TrainError::Data(format!("{}: no column is called {name:?} ({flag}); {hint}", scan.file()))
    })
}

/// Refuses a column without a name: requests could not name it either.
fn check_named(scan: &Scan<'_>, target: usize, features: &[usize]) -> Result<(), TrainError> {
    let mut used = features.iter().chain([&target]);
    match used.find(|column| scan.columns[**column].name.is_empty()) {
        None => Ok(()),
        Some(column) => {
            let (file, called, number) = (scan.file(), scan.called(*column), column + 1);
            Err(TrainError::Data(format!(
                "{file}, column {number}: it has no name in the header; leave it out (--drop '{called}'), name it, or write \
                 the file without it (pandas: index=False)"
            )))
        }
    }
}

/// The features' columns, in schema order.
fn choose(spec: &TrainSpec, scan: &Scan<'_>, target: usize, weight: Option<usize>) -> Result<Vec<usize>, TrainError> {
    let dropped = spec.drop.iter().map(|d| position(scan, d, "--drop")).collect::<Result<Vec<_>, _>>()?;
    if dropped.contains(&target) {
        return Err(TrainError::Usage(format!("{:?} is both --target and in --drop", spec.target)));
    }
    if weight == Some(target) {
        return Err(TrainError::Usage(format!("{:?} is both --target and --weight", spec.target)));
    }
    let mut chosen = Vec::new();
    for name in &spec.features {
        let column = position(scan, name, "--features")?;
        if column == target || weight == Some(column) || dropped.contains(&column) {
            let other = match column {
                _ if column == target => "--target",
                _ if weight == Some(column) => "--weight",
                _ => "--drop",
            };
            return Err(TrainError::Usage(format!("{name:?} is in --features and {other}")));
        }
        if chosen.contains(&column) {
            return Err(TrainError::Usage(format!("{name:?} is in --features twice")));
        }
        chosen.push(column);
    }
    if spec.features.is_empty() {
        chosen =
            (0..scan.columns.len()).filter(|c| *c != target && weight != Some(*c) && !dropped.contains(c)).collect();
    }
    if chosen.is_empty() {
        return Err(TrainError::Data(format!("{}: no column is left to predict from", scan.file())));
    }
    Ok(chosen)
}

/// Refuses flags that name columns which are not used.
fn check_names(spec: &TrainSpec, scan: &Scan<'_>, target: usize, features: &[usize]) -> Result<(), TrainError> {
    let flags = [("--categorical", &spec.categorical), ("--numeric", &spec.numeric), ("--sensitive", &spec.sensitive)];
    for (flag, names) in flags {
        for name in names {
            let column = position(scan, name, flag)?;
            let is_used = features.contains(&column) || column == target && flag != "--sensitive";
            if !is_used {
                return Err(TrainError::Usage(format!("{name:?} ({flag}) is not one of the features")));
            }
        }
    }
    Ok(())
}

fn kind(spec: &TrainSpec, scan: &Scan<'_>, column: usize) -> Result<FeatureKind, TrainError> {
    let seen = &scan.columns[column];
    if spec.numeric.contains(&seen.name) {
        return Ok(FeatureKind::Numeric);
    }
    if spec.categorical.contains(&seen.name) {
        return Ok(FeatureKind::Categorical);
    }
    if seen.is_void() {
        return Err(target::of_column(scan, column, "it holds no value in any row; --drop it"));
    }
    Ok(if seen.is_numeric() { FeatureKind::Numeric } else { FeatureKind::Categorical })
}

/// Warnings about columns that were read as categories.
fn warnings(scan: &Scan<'_>, features: &[usize], kinds: &[FeatureKind]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (f, _) in features.iter().zip(kinds).filter(|(_, kind)| **kind == FeatureKind::Categorical) {
        let seen = &scan.columns[*f];
        let name = &seen.name;
        if let (Some((line, text)), true) = (&seen.first_text, seen.numbers > seen.texts) {
            warnings.push(format!(
                "{name} is read as categories because of {text:?} on line {line}, though most of its cells are \
                 numbers; --numeric {name} makes such cells an error"
            ));
        }
        if let (Some((line, text)), false) = (&seen.first_missing_word, seen.is_numeric()) {
            warnings.push(format!(
                "{name}: {text:?} (first on line {line}) is kept as a category; in a text column only an empty cell \
                 is missing"
            ));
        }
    }
    warnings
}
