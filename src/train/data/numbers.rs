//! Columns that hold numbers to a reader, and text to a program: a few cells are not numbers, or all are written in
//! another way. They are refused, because a category for each number is not what was meant; so are columns of integers
//! that are too large to be told apart.

use std::collections::HashMap;

use crate::model::schema::FeatureKind;
use crate::table::{Cells, Scan};
use crate::text::flag::flag;
use crate::text::number::MAX_EXACT;
use crate::text::shorten::{quoted, shortened};
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
    let mut refused = columns.filter(is_open).filter_map(|column| Some((*column, refusal(scan, *column)?)));
    let Some((column, what)) = refused.next() else { return Ok(()) };
    let others: Vec<String> = refused.map(|(column, _)| scan.called(column)).collect();
    if others.is_empty() {
        return Err(of_column(scan, column, what));
    }
    Err(of_column(scan, column, format_args!("{what}; likewise {}", quoted(&others))))
}

/// What is wrong with a column, if it is to be refused.
fn refusal(scan: &Scan<'_>, column: usize) -> Option<String> {
    let seen = &scan.columns[column];
    let (_, text) = seen.first_text.as_ref()?;
    let (cells, categorical) = (offenders(scan, column), flag("--categorical", &seen.name));
    if let Some(advice) = seen.spellings.advice(text, scan.numerals()) {
        let what = "numbers in another writing";
        return Some(format!("{what}: {cells}: {advice}; {categorical} takes them as text"));
    }
    if seen.numbers < seen.texts.saturating_mul(FEW) {
        return None;
    }
    let (n, of) = (seen.texts, seen.texts + seen.numbers);
    Some(format!(
        "{n} of {of} cells are no numbers: {cells}; correct them, say {} if it means a missing cell, or \
         {categorical} if all are names",
        flag("--missing", text)
    ))
}

/// Refuses columns of numbers where several integers become one `f64`.
pub(super) fn check_rounded(scan: &mut Scan<'_>, columns: impl Iterator<Item = usize>) -> Result<(), TrainError> {
    for column in columns.filter(|column| scan.columns[*column].has_rounded).collect::<Vec<_>>() {
        let read = scan.read(&[(column, FeatureKind::Categorical)])?.pop();
        let Some(Cells::Texts { names, .. }) = read else { continue };
        let mut first_of = HashMap::with_capacity(names.len());
        let integers = names.iter().filter_map(|name| Some((name, name.parse::<i128>().ok()?)));
        for (name, integer) in integers {
            #[expect(clippy::cast_precision_loss, reason = "what is looked for")]
            let (first, other) = first_of.entry((integer as f64).to_bits()).or_insert((name, integer));
            if *other != integer {
                let [as_text, without] =
                    ["--categorical", "--drop"].map(|option| flag(option, &scan.columns[column].name));
                let detail = format_args!(
                    "{first} and {name} are one number in 64-bit floating point, which holds integers up to {MAX_EXACT} \
                     exactly: {as_text} reads it as text, {without} leaves it out, or take an offset off before"
                );
                return Err(of_column(scan, column, detail));
            }
        }
    }
    Ok(())
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
            "{name} is what pandas calls a column without a name, mostly an index: {}, or write the file \
             with index=False",
            flag("--drop", name)
        )
    })
}
