//! What `--group` and `--time` say of each row.

use crate::table::{Cells, DateScan};
use crate::text::date::{DateForm, Instant};
use crate::text::flag::flag;
use crate::text::number::parse_number;
use crate::train::data::lookup::of_column;
use crate::train::data::sources::Sources;
use crate::train::error::TrainError;

/// What keeps rows together, or orders them, when rows are set aside and folds are drawn.
#[derive(Debug)]
pub(crate) enum RowKeys {
    /// Rows are drawn at random.
    None,
    /// The group of each row, from 0, shape `[n_rows]`.
    Groups(Vec<u32>),
    /// The rank of each row's time, from 0 without gaps, shape `[n_rows]`.
    Times(Vec<u32>),
}

impl RowKeys {
    /// Reads the column of `--group`: each text is a group.
    pub(super) fn groups(sources: &Sources<'_>, column: usize, cells: &Cells) -> Result<Self, TrainError> {
        let Cells::Texts { cells, names } = cells else {
            return Err(TrainError::Broken("groups were read as numbers".to_owned()));
        };
        let missing = "the row's group is missing; give it one of its own, or remove the row";
        let group = |(row, cell): (usize, &Option<u32>)| cell.ok_or_else(|| sources.problem(column, row, missing));
        let groups = cells.iter().enumerate().map(group).collect::<Result<Vec<u32>, _>>()?;
        if sources.test.is_some() {
            let (train, test) = groups.split_at(sources.data.n_rows());
            let mut known = vec![false; names.len()];
            for group in train {
                known[*group as usize] = true;
            }
            if let Some(at) = test.iter().position(|group| known[*group as usize]) {
                let group = &names[test[at] as usize];
                let detail = format!("the group {group:?} is in both files; leave its rows in one of them");
                return Err(sources.problem(column, train.len() + at, detail));
            }
        }
        Ok(Self::Groups(groups))
    }

    /// Reads the column of `--time`: numbers, or dates and times as columns of dates have them, of the form that is
    /// said, or that all have.
    pub(super) fn times(
        sources: &Sources<'_>,
        column: usize,
        cells: &Cells,
        said: Option<DateForm>,
    ) -> Result<Self, TrainError> {
        let missing = |row| sources.problem(column, row, "the row's time is missing; fill it in, or remove the row");
        match cells {
            Cells::Numbers(values) => match values.iter().position(|value| value.is_nan()) {
                Some(row) => Err(missing(row)),
                None => Ok(Self::Times(ranks(values, f64::total_cmp))),
            },
            Cells::Texts { cells, names } => {
                let form = said.map_or_else(|| form_of_all(sources, column, names), Ok)?;
                let of_name: Vec<Option<Instant>> = names.iter().map(|name| Instant::parse(name, form)).collect();
                let time = |(row, cell): (usize, &Option<u32>)| {
                    let code = cell.ok_or_else(|| missing(row))? as usize;
                    of_name[code].ok_or_else(|| sources.problem(column, row, no_time(&names[code], form)))
                };
                let times = cells.iter().enumerate().map(time).collect::<Result<Vec<Instant>, _>>()?;
                Ok(Self::Times(ranks(&times, Instant::cmp)))
            }
        }
    }

    /// Says where rows of `--test-data` are not later than those that are trained on.
    pub(super) fn warning(&self, sources: &Sources<'_>) -> Option<String> {
        let (Self::Times(times), Some(test)) = (self, sources.test) else { return None };
        let (train, aside) = times.split_at(sources.data.n_rows());
        let latest = train.iter().max()?;
        let n = aside.iter().filter(|time| *time <= latest).count();
        let (of, file) = (aside.len(), test.file());
        (n > 0).then(|| format!("{n} of {of} rows of {file} are not later than the last row that is trained on"))
    }
}

/// The form that all texts have, or else most.
fn form_of_all(sources: &Sources<'_>, column: usize, names: &[String]) -> Result<DateForm, TrainError> {
    let dates = DateScan::of(names);
    match dates.forms().as_slice() {
        [DateForm::DayFirst, DateForm::MonthFirst] => {
            let (scan, name) = (sources.data, sources.data.called(column));
            let [day, month] = [DateForm::DayFirst, DateForm::MonthFirst]
                .map(|form| flag("--date", &format!("{name}={}", form.name())));
            let first = names.first().map_or("", String::as_str);
            let what = format_args!(
                "{first:?} and all other times can be read with the day first or the month first: say {day} \
                 or {month}"
            );
            Err(of_column(scan, column, what))
        }
        [form, ..] => Ok(*form),
        [] => Ok(dates.commonest()),
    }
}

/// What is wrong with a text that is no time.
fn no_time(text: &str, form: DateForm) -> String {
    let example = form.examples();
    match parse_number(text) {
        Some(_) => format!(
            "{text:?} is a number, and other cells of the column are not; write all as numbers or all as {example}"
        ),
        None => format!("{text:?} is neither a number nor a date or time such as {example}"),
    }
}

/// The rank of each key among the distinct ones.
fn ranks<K: Copy>(keys: &[K], order: fn(&K, &K) -> std::cmp::Ordering) -> Vec<u32> {
    let mut rows: Vec<usize> = (0..keys.len()).collect();
    rows.sort_by(|a, b| order(&keys[*a], &keys[*b]));
    let mut ranks = vec![0; keys.len()];
    for (same, rank) in rows.chunk_by(|a, b| order(&keys[*a], &keys[*b]).is_eq()).zip(0..) {
        for row in same {
            ranks[*row] = rank;
        }
    }
    ranks
}
