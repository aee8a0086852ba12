//! Columns that may be better left out: identifiers, repeated and nearly empty ones; and how columns were read where
//! that is not plain. By the whole file.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::date;
use crate::model::schema::FeatureKind;
use crate::table::Cells;
use crate::text::flag::flag;
use crate::train::data::dataset::{Dataset, InputColumn};
use crate::train::data::lookalikes::why_text;
use crate::train::spec::TrainSpec;

/// Fewest rows, or categories, of a column that is taken for an identifier.
const LEAST: usize = 50;

/// A column with fewer cells than this share is told.
const NEARLY_EMPTY: f64 = 0.05;

/// A column of at most this many whole numbers, at least [`ROWS_EACH`] rows each on average, may be of codes. Of two
/// it makes no difference.
const FEW_NUMBERS: std::ops::RangeInclusive<usize> = 3..=12;
const ROWS_EACH: usize = 5;

/// Sentences of each sort; of more columns the number is told.
const MOST: usize = 10;

/// A sentence for each column that may be better left out, with what to do.
pub(super) fn odd_columns(dataset: &Dataset) -> Vec<String> {
    let inputs = &dataset.inputs;
    let mut all = some_of(inputs.iter().filter_map(identifier).collect(), "may be identifiers");
    all.extend(some_of(inputs.iter().filter_map(nearly_empty).collect(), "are nearly empty"));
    all.extend(some_of(repeated(inputs), "repeat others"));
    all
}

/// How dates, and whole numbers that may be codes, were read.
pub(super) fn on_kinds(spec: &TrainSpec, dataset: &Dataset) -> Vec<String> {
    let dates = dataset.inputs.iter().filter(|input| input.kind.is_date()).filter_map(|input| {
        let Cells::Numbers(cells) = &input.cells else { return None };
        let (low, high) = cells.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), c| (l.min(*c), h.max(*c)));
        let (name, low, high) = (&input.name, date::shown(low), date::shown(high));
        Some(format!("{name} is read as a date, {low} to {high}: year, month, day, weekday, hour, seconds since 1970"))
    });
    let mut notes = some_of(dates.collect(), "are read as dates");
    let is_said = |input: &&InputColumn| spec.numeric.contains(&input.name);
    let codes: Vec<&str> =
        dataset.inputs.iter().filter(|i| !is_said(i) && is_few(i)).map(|i| i.name.as_str()).collect();
    if !codes.is_empty() {
        let more = codes.len().saturating_sub(MOST);
        let named = codes[..codes.len() - more].join(", ");
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        notes.push(format!("read as numbers, though they hold few different ones: {named}{more}; --categorical makes categories of them"));
    }
    notes
}

/// The first of these sentences, and how many more there are.
fn some_of(mut sentences: Vec<String>, what: &str) -> Vec<String> {
    let more = sentences.len().saturating_sub(MOST);
    sentences.truncate(MOST);
    if more > 0 {
        sentences.push(format!("{more} more columns {what}"));
    }
    sentences
}

/// Texts that are nearly all different, or whole numbers that all are, in order or by their name.
fn identifier(input: &InputColumn) -> Option<String> {
    let name = &input.name;
    match &input.cells {
        Cells::Texts { cells, names } => {
            let (n, n_rows) = (names.len(), cells.len());
            (n >= LEAST && n * 2 > n_rows).then(|| {
                let why = why_text(name, names).unwrap_or_else(|| format!("if it is an identifier, {}", drop(name)));
                format!("{name} has {n} categories in {n_rows} rows: {why}")
            })
        }
        Cells::Numbers(cells) if input.kind == FeatureKind::Numeric && cells.len() >= LEAST => {
            // A missing cell is no whole number.
            if cells.iter().any(|cell| cell.fract() != 0.0) {
                return None;
            }
            let is_rising = cells.windows(2).all(|pair| pair[0] < pair[1]);
            let is_falling = cells.windows(2).all(|pair| pair[0] > pair[1]);
            if !(is_rising || is_falling || is_called_so(name) && are_distinct(cells)) {
                return None;
            }
            let n = cells.len();
            let how = if is_rising || is_falling { ", in order" } else { "" };
            Some(format!(
                "{name} has {n} different whole numbers in {n} rows{how}: if it is an identifier, {}",
                drop(name)
            ))
        }
        Cells::Numbers(_) => None,
    }
}

fn drop(name: &str) -> String {
    flag("--drop", name)
}

/// True for names such as `id`, `customer_id`, `PassengerId`, `ID number`, and the name that pandas gives an index
/// without one.
fn is_called_so(name: &str) -> bool {
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.into_iter().any(|word| word.eq_ignore_ascii_case("id"))
        || name.ends_with("Id")
        || name.ends_with("ID")
        || name == "Unnamed: 0"
}

fn are_distinct(cells: &[f64]) -> bool {
    let mut sorted = cells.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.windows(2).all(|pair| pair[0] < pair[1])
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn nearly_empty(input: &InputColumn) -> Option<String> {
    let (n_rows, present) = match &input.cells {
        Cells::Numbers(cells) => (cells.len(), cells.iter().filter(|cell| !cell.is_nan()).count()),
        Cells::Texts { cells, .. } => (cells.len(), cells.iter().flatten().count()),
    };
    let name = &input.name;
    ((present as f64) < NEARLY_EMPTY * n_rows as f64).then(|| {
        format!(
            "{name} is missing in {} of {n_rows} rows: {}, unless that it is there says something",
            n_rows - present,
            drop(name)
        )
    })
}

/// Columns with the cells of one before them; constant ones are told as such.
fn repeated(inputs: &[InputColumn]) -> Vec<String> {
    let mut seen: HashMap<u64, Vec<&InputColumn>> = HashMap::new();
    let mut sentences = Vec::new();
    for input in inputs.iter().filter(|input| !keys(&input.cells).is_sorted_by(|a, b| a == b)) {
        let mut hasher = DefaultHasher::new();
        keys(&input.cells).for_each(|key| key.hash(&mut hasher));
        let alike = seen.entry(hasher.finish()).or_default();
        if let Some(other) = alike.iter().find(|other| keys(&other.cells).eq(keys(&input.cells))) {
            let (name, other) = (&input.name, &other.name);
            sentences.push(format!("{name} tells rows apart as {other} does, in every row: --drop one of them"));
        }
        alike.push(input);
    }
    sentences
}

/// Equal for columns that have the same numbers, or that tell rows apart by texts in the same way.
fn keys(cells: &Cells) -> impl Iterator<Item = u64> {
    let (numbers, codes) = match cells {
        Cells::Numbers(values) => (values.as_slice(), [].as_slice()),
        Cells::Texts { cells, .. } => ([].as_slice(), cells.as_slice()),
    };
    // 0 and -0 are the same number.
    let numbers = numbers.iter().map(|value| (value + 0.0).to_bits());
    numbers.chain(codes.iter().map(|code| code.map_or(u64::MAX, u64::from)))
}

/// True for a numeric column of few whole numbers.
fn is_few(input: &InputColumn) -> bool {
    let Cells::Numbers(cells) = &input.cells else { return false };
    if input.kind != FeatureKind::Numeric {
        return false;
    }
    let mut distinct: Vec<f64> = Vec::new();
    for cell in cells.iter().filter(|cell| !cell.is_nan()) {
        if !distinct.contains(cell) {
            distinct.push(*cell);
        }
        if cell.fract() != 0.0 || distinct.len() > *FEW_NUMBERS.end() {
            return false;
        }
    }
    FEW_NUMBERS.contains(&distinct.len()) && cells.len() >= ROWS_EACH * distinct.len()
}
