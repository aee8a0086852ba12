//! What each feature's column holds: by its cells, unless a flag says.

use crate::model::schema::FeatureKind;
use crate::table::{CellProblem, DateScan, Place, Scan, TableError};
use crate::text::date::{DateForm, Instant};
use crate::text::flag::flag;
use crate::text::number::parse_number;
use crate::train::data::lookup::of_column;
use crate::train::error::TrainError;
use crate::train::spec::TrainSpec;

/// Excel's numbers of days from 1954 to 2064: those of most tables.
const EXCEL_DAYS: std::ops::Range<f64> = 20_000.0..60_000.0;

/// 1970-01-01 there.
const EXCEL_1970: f64 = 25_569.0;

/// What is said of a date of Parquet or Arrow that is not read.
const BEYOND: &str = "outside of the years 1 to 9999, in which dates are read: write null, or a date of these years, or \
                      leave the column out (--drop)";

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
                (None, _) if let Some(first) = &seen.first_beyond => {
                    return Err(problem(scan, column, first, format!("{} is {BEYOND}", first.1)));
                }
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

    /// Of a column that no flag names, of whose first cells one is a date.
    fn recognised(&mut self, scan: &Scan<'_>, column: usize, dates: &DateScan) -> Result<FeatureKind, TrainError> {
        match *dates.forms() {
            [] => {
                let form = dates.commonest();
                if let (Some((line, text)), true) = (dates.other_than(form), dates.n_of(form) * 2 > dates.n) {
                    let (name, date) = (&scan.columns[column].name, flag("--date", &scan.columns[column].name));
                    self.warnings.push(format!(
                        "{name} is read as categories because of {text:?} on line {line}, though most of its cells are \
                         dates; {date} makes such cells an error"
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
    let Some(other @ (_, text)) = dates.other_than(chosen) else { return Ok(chosen) };
    let seen = &scan.columns[column];
    let advice = match () {
        () if seen.is_numeric() => advice_for_number(text),
        () if form.is_none() && dates.n_of(chosen) > 0 => {
            format!("; {} of {} cells of the column are dates so written", dates.n_of(chosen), dates.n)
        }
        () => String::new(),
    };
    Err(problem(scan, column, other, format!("{text:?} is not a date such as {} (--date){advice}", chosen.examples())))
}

/// What is wrong with a cell, of which the line and the text are given.
fn problem(scan: &Scan<'_>, column: usize, (line, _): &(u64, String), detail: String) -> TrainError {
    let named = Some((column + 1, scan.columns[column].name.clone()));
    let place = Place { file: scan.file().to_owned(), line: *line, unit: scan.unit(), column: named };
    let row = scan.lines.iter().position(|of_row| of_row == line).unwrap_or_default() as u64;
    TrainError::Table(TableError::Cells(vec![CellProblem { place, row, detail }]))
}

/// What a number in a column of dates may be, as the end of a sentence.
fn advice_for_number(text: &str) -> String {
    let without_dashes = (text.len() == 8)
        .then(|| Some(format!("{}-{}-{}", text.get(..4)?, text.get(4..6)?, text.get(6..)?)))
        .flatten()
        .filter(|date| Instant::parse(date, DateForm::YearFirst).is_some());
    if let Some(date) = without_dashes {
        return format!("; a date has dashes: write {date} (pandas: to_datetime(…, format=\"%Y%m%d\"))");
    }
    let serial = parse_number(text).filter(|number| EXCEL_DAYS.contains(number));
    if let Some(date) = serial.and_then(|days| Instant::of_f64((days - EXCEL_1970) * 86_400.0)) {
        return format!(
            "; if it is Excel's number of a day, write {date} (pandas: to_datetime(…, unit=\"D\", origin=\"1899-12-30\"))"
        );
    }
    "; years, and seconds and the like since 1970, are numbers already: leave out --date for them".to_owned()
}

/// A column of which no cell says whether the day or the month is first.
fn undecided(scan: &Scan<'_>, column: usize, dates: &DateScan) -> TrainError {
    let name = &scan.columns[column].name;
    let [day, month] =
        [DateForm::DayFirst, DateForm::MonthFirst].map(|form| flag("--date", &format!("{name}={}", form.name())));
    let (categorical, drop) = (flag("--categorical", name), flag("--drop", name));
    let first = dates.other_than(DateForm::YearFirst).map_or("", |(_, text)| text.as_str());
    of_column(
        scan,
        column,
        format_args!(
            "{first:?} and all other cells can be read with the day first or the month first: say {day} or {month}, \
             or {categorical} or {drop}"
        ),
    )
}
