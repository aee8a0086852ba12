//! Answers as a table: the names of its columns, and each row's cells, as every table of answers has them.

use std::collections::HashSet;
use std::iter;

use super::intervals::IntervalKind;
use super::labels::{self, LabelKind};
use super::prediction::{Answer, Beside, Prediction};
use super::schema::{Schema, numbered};
use crate::text::number;

/// The columns of an answer: [`Target::answer_columns`](super::schema::Target::answer_columns); `raw`, or `raw_0` and
/// so on; `lower` and `upper`, or `set`; `baseline` and `contribution_FEATURE` for each feature, of several scores `baseline_SCORE`… and `contribution_SCORE_FEATURE`, with
/// the scores' names of [`score_names`]. A name that is among them already gets `_` until it is new.
pub fn columns(schema: &Schema, has_probability: bool, beside: Beside) -> impl Iterator<Item = String> {
    let target = schema.target();
    let explained = if beside.n_explained == 0 { Vec::new() } else { explained(schema, beside.n_explained) };
    let of_interval: &[&str] = match beside.interval {
        None => &[],
        Some(IntervalKind::Range) => &["lower", "upper"],
        Some(IntervalKind::Set) => &["set"],
    };
    let raw = numbered("raw", beside.n_raw);
    let plain =
        target.answer_columns(has_probability).chain(raw).chain(of_interval.iter().map(|name| (*name).to_owned()));
    let mut names: Vec<String> = plain.collect();
    let mut taken: HashSet<String> =
        if explained.is_empty() { HashSet::new() } else { names.iter().cloned().collect() };
    for mut name in explained {
        while !taken.insert(name.clone()) {
            name.push('_');
        }
        names.push(name);
    }
    names.into_iter()
}

fn explained(schema: &Schema, n_scores: usize) -> Vec<String> {
    let scores = score_names(schema, n_scores);
    let features = || schema.features().iter().map(|feature| feature.name.as_str());
    if scores.is_empty() {
        return iter::once("baseline".to_owned()).chain(features().map(|f| format!("contribution_{f}"))).collect();
    }
    let baselines = scores.iter().map(|score| format!("baseline_{score}"));
    let of_score = |score: &'_ String| features().map(|f| format!("contribution_{score}_{f}")).collect::<Vec<_>>();
    baselines.chain(scores.iter().flat_map(of_score)).collect()
}

/// What scores that contributions add up to are called: nothing where there is one, else the classes, or the positions
/// of the outputs.
pub fn score_names(schema: &Schema, n_scores: usize) -> Vec<String> {
    let classes = &schema.target().classes;
    match n_scores {
        1 => Vec::new(),
        n if n == classes.len() => classes.clone(),
        n => (0..n).map(|output| output.to_string()).collect(),
    }
}

/// One cell of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerCell<'a> {
    /// A number.
    Number(f64),
    /// A class's label, as training saw it; [`LabelKind`] says what all of them are.
    Label(&'a str),
    /// The labels of a set of classes, as training saw them.
    Set(Vec<&'a str>),
}

/// The labels of a set in one text, with `|` between. One that holds a `|` or a quote, or is empty, stands in quotes,
/// and quotes in it are doubled, as in a CSV record.
pub fn joined(set: &[&str], kind: LabelKind) -> String {
    let mut text = String::new();
    for (at, label) in set.iter().enumerate() {
        let label = labels::shown(label, kind);
        text.push_str(if at == 0 { "" } else { "|" });
        if label.is_empty() || label.contains(['|', '"']) {
            text.push('"');
            text.push_str(&label.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&label);
        }
    }
    text
}

/// Hands the cells of one row to `cell`, in the order of [`columns`]; a column's cells are all of one kind.
///
/// # Errors
/// The first that `cell` gives.
pub fn cells<'a, E>(
    schema: &'a Schema,
    predicted: &Answer,
    row: usize,
    mut cell: impl FnMut(AnswerCell<'a>) -> Result<(), E>,
) -> Result<(), E> {
    match &predicted.prediction {
        Prediction::Regression { values, n_outputs } => {
            values[row * n_outputs..][..*n_outputs].iter().try_for_each(|value| cell(AnswerCell::Number(*value)))?;
        }
        Prediction::Classification { classes, probability } => {
            let labels = &schema.target().classes;
            cell(AnswerCell::Label(&labels[classes[row] as usize]))?;
            for value in probability.iter().flatten().skip(row * labels.len()).take(labels.len()) {
                cell(AnswerCell::Number(*value))?;
            }
        }
    }
    predicted.raw_of(row).unwrap_or_default().iter().try_for_each(|score| cell(AnswerCell::Number(*score)))?;
    if let Some(intervals) = &predicted.intervals {
        if let Some(bounds) = intervals.range_of(row) {
            bounds.into_iter().try_for_each(|bound| cell(AnswerCell::Number(bound)))?;
        } else {
            let labels = &schema.target().classes;
            let label = |class: u32| labels[class as usize].as_str();
            cell(AnswerCell::Set(intervals.classes_of(row).map(label).collect()))?;
        }
    }
    let Some(contributions) = &predicted.contributions else { return Ok(()) };
    let mut numbers = contributions.baseline.iter().chain(contributions.of(row));
    numbers.try_for_each(|number| cell(AnswerCell::Number(*number)))
}

/// Hands the fields of one row to `field`: [`cells`] as text. Numbers are written as JSON has them.
///
/// # Errors
/// The first that `field` gives.
pub fn write_row<E>(
    schema: &Schema,
    predicted: &Answer,
    row: usize,
    mut field: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut text = Vec::new();
    cells(schema, predicted, row, |cell| match cell {
        AnswerCell::Number(value) => {
            text.clear();
            number::append(&mut text, value);
            field(&text)
        }
        AnswerCell::Label(label) => field(labels::shown(label, schema.label_kind()).as_bytes()),
        AnswerCell::Set(set) => field(joined(&set, schema.label_kind()).as_bytes()),
    })
}
