//! Which columns of a table a run reads, and what each is for.

use crate::table::Scan;
use crate::text::flag::flag;
use crate::train::data::lookup::position;
use crate::train::error::TrainError;
use crate::train::spec::TrainSpec;

/// The columns' positions in the table.
pub(super) struct ChosenColumns {
    pub(super) target: usize,
    pub(super) weight: Option<usize>,
    /// What says which rows go together.
    pub(super) group: Option<usize>,
    /// What says when a row was.
    pub(super) time: Option<usize>,
    /// The features, in schema order.
    pub(super) features: Vec<usize>,
}

impl ChosenColumns {
    /// Finds the columns that the specification names, and checks that no flag contradicts another.
    pub(super) fn of(spec: &TrainSpec, scan: &Scan<'_>) -> Result<Self, TrainError> {
        let target = position(scan, &spec.target, "--target")?;
        let named = |name: &Option<String>, flag: &str| -> Result<Option<usize>, TrainError> {
            let Some(name) = name else { return Ok(None) };
            let column = position(scan, name, flag)?;
            if column == target {
                return Err(TrainError::Usage(format!("{name:?} is both --target and {flag}")));
            }
            Ok(Some(column))
        };
        let weight = named(&spec.weight, "--weight")?;
        let (group, time) = (named(&spec.group, "--group")?, named(&spec.time, "--time")?);
        let mut chosen = Self { target, weight, group, time, features: Vec::new() };
        chosen.features = chosen.choose(spec, scan)?;
        check_named(scan, target, &chosen.features)?;
        check_names(spec, scan, &chosen)?;
        Ok(chosen)
    }

    /// The features' columns, in schema order.
    fn choose(&self, spec: &TrainSpec, scan: &Scan<'_>) -> Result<Vec<usize>, TrainError> {
        let dropped = spec.drop.iter().map(|d| position(scan, d, "--drop")).collect::<Result<Vec<_>, _>>()?;
        if dropped.contains(&self.target) {
            return Err(TrainError::Usage(format!("{:?} is both --target and in --drop", spec.target)));
        }
        let taken = [(Some(self.target), "--target"), (self.weight, "--weight"), (self.group, "--group")];
        let mut chosen = Vec::new();
        for name in &spec.features {
            let column = position(scan, name, "--features")?;
            let taken = taken.iter().find(|(other, _)| *other == Some(column)).map(|(_, flag)| *flag);
            if let Some(other) = taken.or(dropped.contains(&column).then_some("--drop")) {
                return Err(TrainError::Usage(format!("{name:?} is in --features and {other}")));
            }
            if chosen.contains(&column) {
                return Err(TrainError::Usage(format!("{name:?} is in --features twice")));
            }
            chosen.push(column);
        }
        if spec.features.is_empty() {
            let is_free = |column: &usize| {
                let is_taken = taken.iter().any(|(other, _)| *other == Some(*column)) || self.time == Some(*column);
                // What a delimiter at the end of every line makes.
                let is_nothing = scan.columns[*column].name.is_empty() && scan.columns[*column].is_empty();
                !is_taken && !dropped.contains(column) && !is_nothing
            };
            chosen = (0..scan.columns.len()).filter(is_free).collect();
        }
        if chosen.is_empty() {
            return Err(TrainError::Data(format!("{}: no column is left to predict from", scan.file())));
        }
        Ok(chosen)
    }
}

/// Refuses a column without a name: requests could not name it either.
fn check_named(scan: &Scan<'_>, target: usize, features: &[usize]) -> Result<(), TrainError> {
    let mut used = features.iter().chain([&target]);
    match used.find(|column| scan.columns[**column].name.is_empty()) {
        None => Ok(()),
        Some(column) => {
            let (file, called, number) = (scan.file(), scan.called(*column), column + 1);
            Err(TrainError::Data(format!(
                "{file}, column {number}: it has no name in the header; leave it out ({}), name it, or write \
                 the file without it (pandas: index=False)",
                flag("--drop", &called)
            )))
        }
    }
}

/// Refuses flags that name columns which are not used.
fn check_names(spec: &TrainSpec, scan: &Scan<'_>, chosen: &ChosenColumns) -> Result<(), TrainError> {
    let ChosenColumns { target, time, ref features, .. } = *chosen;
    let dates: Vec<String> = spec.date.iter().map(|date| date.column.clone()).collect();
    let flags = [("--categorical", &spec.categorical), ("--numeric", &spec.numeric)];
    let flags = flags.into_iter().chain([("--date", &dates), ("--sensitive", &spec.sensitive)]);
    for (flag, names) in flags {
        for name in names {
            let column = position(scan, name, flag)?;
            let may_be_target = !matches!(flag, "--sensitive" | "--date");
            let is_time = flag == "--date" && time == Some(column);
            let is_used = features.contains(&column) || is_time || column == target && may_be_target;
            if !is_used {
                return Err(TrainError::Usage(format!("{name:?} ({flag}) is not one of the features")));
            }
        }
    }
    Ok(())
}
