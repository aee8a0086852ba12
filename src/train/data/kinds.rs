//! What each feature's column holds: by its cells, unless a flag says.

use crate::model::schema::FeatureKind;
use crate::table::{CellProblem, DateScan, Place, Scan, TableError};
use crate::text::date::DateForm;
use crate::train::data::lookup::of_column;
use crate::train::error::TrainError;
use crate::train::spec::TrainSpec;

/// The kinds of the features, in schema order, and warnings about dates.
pub(super) struct Kinds {
    pub(super) kinds: Vec<FeatureKind>,
    pub(super) warnings: Vec<String>,
}

impl Kinds {
    /// Of the columns at these places.
    pub(super) fn of(spec: &TrainSpec, scan: &Scan<'_>, features: &[usize]) -> Result<Self, TrainError> {
        let is_said = |names: &[String], column: usize| names.contains(&scan.columns[column].name);
        let of_flag = |column: usize| match () {
            () if is_said(&spec.numeric, column) => Some(FeatureKind::Numeric),
            () if is_said(&spec.categorical, column) => Some(FeatureKind::Categorical),
            () => None,
        };
        let named = |column: usize| spec.date.iter().find(|date| date.column == scan.columns[column].name);
        let is_candidate =
            |column: &usize| of_flag(*column).is_none() && (named(*column).is_some() || scan.may_be_dates(*column));
        let candidates: Vec<usize> = features.iter().copied().filter(is_candidate).collect();
        let scans = scan.dates(&candidates)?;
        let mut all = Self { kinds: Vec::with_capacity(features.len()), warnings: Vec::new() };
        for column in features.iter().copied() {
            let dates = candidates.iter().position(|candidate| *candidate == column).map(|at| &scans[at]);
            let seen = &scan.columns[column];
            let kind = match (of_flag(column), dates) {
                (Some(kind), _) => kind,
                (None, _) if seen.is_void() => {
                    return Err(of_column(scan, column, "it holds no value in any row; --drop it"));
                }
                (None, Some(dates)) => match named(column) {
                    Some(named) => FeatureKind::Date(asked(scan, column, dates, named.form)?),
                    None => all.recognised(scan, column, dates)?,
                },
                (None, None) if seen.is_numeric() => FeatureKind::Numeric,
                (None, None) => FeatureKind::Categorical,
            };
            all.kinds.push(kind);
        }
        Ok(all)
    }

    /// Of a column that no flag names, whose first cell is a date.
    fn recognised(&mut self, scan: &Scan<'_>, column: usize, dates: &DateScan) -> Result<FeatureKind, TrainError> {
        match *dates.forms() {
            [] => {
                let form = dates.commonest();
                if let (Some((line, text)), true) = (dates.other_than(form), dates.n_of(form) * 2 > dates.n) {
                    let name = &scan.columns[column].name;
                    self.warnings.push(format!(
                        "{name} is read as categories because of {text:?} on line {line}, though most of its cells are \
                         dates; --date {name} makes such cells an error"
                    ));
                }
                Ok(FeatureKind::Categorical)
            }
            [DateForm::DayFirst, DateForm::MonthFirst] => Err(undecided(scan, column, dates)),
            [form, ..] => Ok(FeatureKind::Date(form)),
        }
    }
}

/// The form of a column that `--date` names.
fn asked(scan: &Scan<'_>, column: usize, dates: &DateScan, form: Option<DateForm>) -> Result<DateForm, TrainError> {
    let chosen = match (form, dates.forms().as_slice()) {
        (Some(form), _) => form,
        (None, [DateForm::DayFirst, DateForm::MonthFirst]) => return Err(undecided(scan, column, dates)),
        (None, [form, ..]) => *form,
        (None, []) => dates.commonest(),
    };
    let Some((line, text)) = dates.other_than(chosen) else { return Ok(chosen) };
    let seen = &scan.columns[column];
    let advice = match () {
        () if seen.is_numeric() => {
            "; seconds and the like since 1970 are numbers already: leave out --date for them".to_owned()
        }
        () if form.is_none() && dates.n_of(chosen) > 0 => {
            format!("; {} of {} cells of the column are dates so written", dates.n_of(chosen), dates.n)
        }
        () => String::new(),
    };
    let column = Some((column + 1, seen.name.clone()));
    let place = Place { file: scan.file().to_owned(), line: *line, unit: scan.unit(), column };
    let row = scan.lines.iter().position(|of_row| of_row == line).unwrap_or_default() as u64;
    let detail = format!("{text:?} is not a date such as {} (--date){advice}", chosen.examples());
    Err(TrainError::Table(TableError::Cells(vec![CellProblem { place, row, detail }])))
}

/// A column of which no cell says whether the day or the month is first.
fn undecided(scan: &Scan<'_>, column: usize, dates: &DateScan) -> TrainError {
    let name = &scan.columns[column].name;
    let first = dates.other_than(DateForm::YearFirst).map_or("", |(_, text)| text.as_str());
    of_column(
        scan,
        column,
        format_args!(
            "{first:?} and all other cells can be read with the day first or the month first: say --date {name}=day-first \
             or --date {name}=month-first, or --categorical {name} or --drop {name}"
        ),
    )
}
