//! Columns that hold numbers to a reader, and text to a program: a few cells are not numbers, or all are written in
//! another way. They are refused, because a category a number is never what was meant.

use crate::table::Scan;
use crate::text::shorten::shortened;
use crate::train::data::lookup::of_column;
use crate::train::error::TrainError;
use crate::train::options::TaskChoice;
use crate::train::spec::TrainSpec;

/// Texts are few among numbers where there are this many numbers to one of them.
const FEW: u64 = 9;

/// Refuses such features, and such a target unless it is said to be of classes; `--categorical`, `--numeric` and `--date` say what
/// a column is.
pub(super) fn check(spec: &TrainSpec, scan: &Scan<'_>, target: usize, features: &[usize]) -> Result<(), TrainError> {
    let is_class = spec.task == Some(TaskChoice::Classification) || !spec.algorithm.does_regression();
    let columns = features.iter().chain((!is_class).then_some(&target));
    let is_open = |column: &&usize| {
        let name = &scan.columns[**column].name;
        let is_date = spec.date.iter().any(|date| date.column == *name);
        !spec.categorical.contains(name) && !spec.numeric.contains(name) && !is_date
    };
    columns.filter(is_open).try_for_each(|column| check_column(scan, *column))
}

fn check_column(scan: &Scan<'_>, column: usize) -> Result<(), TrainError> {
    let seen = &scan.columns[column];
    let Some((_, text)) = &seen.first_text else { return Ok(()) };
    let name = &seen.name;
    let cells = offenders(scan, column);
    if let Some(advice) = seen.spellings.advice(text) {
        let what =
            format_args!("numbers in another writing: {cells}: {advice}; --categorical {name} takes them as text");
        return Err(of_column(scan, column, what));
    }
    if seen.numbers < seen.texts.saturating_mul(FEW) {
        return Ok(());
    }
    let (n, of) = (seen.texts, seen.texts + seen.numbers);
    let what = format_args!(
        "{n} of {of} cells are no numbers: {cells}; correct them, say --missing {} if it means a missing cell, or \
         --categorical {name} if all are names",
        shortened(text)
    );
    Err(of_column(scan, column, what))
}

/// The first cells that are no numbers: `"n.d." on line 4, "5 %" on line 9`.
pub(super) fn offenders(scan: &Scan<'_>, column: usize) -> String {
    let seen = &scan.columns[column];
    let cells: Vec<String> =
        seen.first_texts.iter().map(|(line, text)| format!("{} on line {line}", shortened(text))).collect();
    cells.join(", ")
}

/// A warning about the name that pandas gives to an index that was written without a name and read again.
pub(super) fn index_of_pandas(name: &str) -> Option<String> {
    let number = name.strip_prefix("Unnamed: ")?;
    number.bytes().all(|b| b.is_ascii_digit()).then(|| {
        format!(
            "{name} is what pandas calls a column without a name, mostly an index: --drop '{name}', or write the file \
             with index=False"
        )
    })
}
