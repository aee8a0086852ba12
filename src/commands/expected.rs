//! Answers that a library gave, columns of a CSV file, compared with those that the model gives.

use std::cmp::Ordering;

use crate::model::Model;
use crate::model::compiled::Scratch;
use crate::model::ir::Width;
use crate::model::labels;
use crate::model::prediction::Prediction;
use crate::model::schema::numbered;
use crate::table::{MAX_PROBLEMS, Numerals, Place, TableError, TableInput, TableRows, TextOptions};
use crate::text::did_you_mean::nearest;
use crate::text::number::parse_number;
use crate::text::shorten::quoted;

use super::answers::answers;
use super::failure::{Exit, Failure};
use super::files;

/// Rows read and answered at one time.
const CHUNK: usize = 4_096;

/// The worst answers that are kept.
const KEPT: usize = 10;

/// What a column is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Label,
    Value(usize),
    Probability(usize),
    Raw(usize),
}

/// A column, and what it is compared with.
#[derive(Debug)]
pub(super) struct Pair {
    /// The column's place in the file, from 0.
    column: usize,
    asked: Asked,
    /// The column's name.
    pub(super) expected: String,
    /// The answer's name, as that of the column in which `predict` writes it.
    pub(super) answer: String,
    /// Answers that differ by more than the tolerance.
    pub(super) n_beyond: u64,
    /// The greatest difference; infinite where a label is another.
    pub(super) greatest: f64,
}

/// An answer that differs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// Where the row is.
    pub(super) place: Place,
    /// Which of the pairs.
    pub(super) pair: usize,
    /// The expected answer, as the file has it.
    pub(super) expected: String,
    /// The model's.
    pub(super) got: String,
    /// How large the difference is; infinite for another label.
    pub(super) size: f64,
}

/// What a comparison found.
#[derive(Debug)]
pub(super) struct Compared {
    /// Rows that were compared.
    pub(super) n_rows: u64,
    /// The columns, as they were given.
    pub(super) pairs: Vec<Pair>,
    /// The answers that differ most, the worst first.
    pub(super) worst: Vec<Difference>,
}

/// Answers the rows of `inputs`, and compares each with the columns that `expect` names: `COLUMN`, or `ANSWER=COLUMN`
/// with a name of `predict`'s columns in front.
///
/// # Errors
/// 2 columns that cannot be told to be answers of this model, 65 rows that do not fit it or cells that are no answers,
/// 1 a row without a finite answer.
pub(super) fn compare(
    model: &Model,
    inputs: Vec<TableInput>,
    expect: &[String],
    tolerance: f64,
    options: TextOptions,
) -> Result<Compared, Failure> {
    let mut rows = TableRows::open(inputs, model.schema(), options)?;
    files::note_absent(&rows);
    let pairs = pairs(model, rows.header(), rows.file(), expect)?;
    let mut compared = Compared { n_rows: 0, pairs, worst: Vec::new() };
    let wants_raw = compared.pairs.iter().any(|pair| matches!(pair.asked, Asked::Raw(_)));
    let mut scratch = Scratch::default();
    while let Some(batch) = rows.next_chunk(CHUNK)? {
        let answers = answers(model, &batch, &mut scratch, &rows, |row| row)?;
        let raw = wants_raw.then(|| model.raw(&batch, 0..batch.n_rows(), &mut scratch)).flatten().unwrap_or_default();
        compared.chunk(&Answers { model, prediction: &answers, raw: &raw }, &rows, batch.n_rows(), tolerance)?;
    }
    Ok(compared)
}

impl Compared {
    /// Answers that differ by more than the tolerance.
    pub(super) fn n_beyond(&self) -> u64 {
        self.pairs.iter().map(|pair| pair.n_beyond).sum()
    }

    fn chunk(
        &mut self,
        answers: &Answers<'_>,
        rows: &TableRows<'_>,
        n_rows: usize,
        tolerance: f64,
    ) -> Result<(), Failure> {
        let mut problems = Vec::new();
        for row in 0..n_rows {
            for (number, pair) in self.pairs.iter_mut().enumerate() {
                let text = rows.text(row, pair.column);
                let (size, got) = match answers.difference(row, pair.asked, &text, rows.options().numerals) {
                    Ok(found) => found,
                    Err(detail) if problems.len() < MAX_PROBLEMS => {
                        problems.push(rows.problem(row, pair.column, detail));
                        continue;
                    }
                    Err(_) => continue,
                };
                pair.n_beyond += u64::from(size > tolerance);
                pair.greatest = pair.greatest.max(size);
                let is_kept = self.worst.len() < KEPT || self.worst.last().is_some_and(|least| least.size < size);
                if size > 0.0 && is_kept {
                    let place = rows.place(row);
                    let found = Difference { place, pair: number, expected: text.into_owned(), got, size };
                    let at = self.worst.partition_point(|other| other.size.total_cmp(&size) != Ordering::Less);
                    self.worst.insert(at, found);
                    self.worst.truncate(KEPT);
                }
            }
            self.n_rows += 1;
        }
        if problems.is_empty() { Ok(()) } else { Err(TableError::Cells(problems).into()) }
    }
}

/// A chunk's answers.
struct Answers<'a> {
    model: &'a Model,
    prediction: &'a Prediction,
    raw: &'a [f64],
}

impl Answers<'_> {
    /// How far a row's answer is from the expected text, and the answer.
    fn difference(
        &self,
        row: usize,
        asked: Asked,
        expected: &str,
        numerals: Numerals,
    ) -> Result<(f64, String), String> {
        match self.number(row, asked) {
            Some(got) => {
                let plain = numerals.plain(expected);
                let expected = plain
                    .and_then(|plain| number(&plain, self.model.width()))
                    .ok_or_else(|| format!("{expected:?} is not a number to compare an answer with"))?;
                Ok((if expected == got { 0.0 } else { (expected - got).abs() }, format!("{got:?}")))
            }
            None => self.label(row, expected),
        }
    }

    /// The number that is asked for; none where that is a label.
    fn number(&self, row: usize, asked: Asked) -> Option<f64> {
        match (asked, self.prediction) {
            (Asked::Raw(i), _) => self.raw.get(row * self.model.n_raw()? + i).copied(),
            (Asked::Value(i), Prediction::Regression { values, n_outputs }) => values.get(row * n_outputs + i).copied(),
            (Asked::Probability(i), Prediction::Classification { probability: Some(p), .. }) => {
                p.get(row * self.model.schema().target().classes.len() + i).copied()
            }
            _ => None,
        }
    }

    fn label(&self, row: usize, expected: &str) -> Result<(f64, String), String> {
        let classes = &self.model.schema().target().classes;
        let Prediction::Classification { classes: positions, .. } = self.prediction else { return Err(String::new()) };
        let got = positions[row] as usize;
        if let Some(expected) = labels::position(classes, expected) {
            let label = labels::shown(&classes[got], self.model.schema().label_kind()).into_owned();
            return Ok((if expected == got { 0.0 } else { f64::INFINITY }, label));
        }
        let first = &classes[0];
        let hint = match parse_number(expected) {
            Some(_) if self.model.has_probability() => {
                format!("; a column of probabilities is named with its class: probability_{first}=COLUMN")
            }
            _ => String::new(),
        };
        Err(format!("{expected:?} is no class of the model; it has {}{hint}", quoted(classes)))
    }
}

/// A number as a library's answer is written: a model of 32 bits gives 32 bits, whose shortest text has fewer digits.
fn number(text: &str, width: Width) -> Option<f64> {
    let number = parse_number(text)?;
    match width {
        Width::F32 => text.trim().parse::<f32>().ok().map(f64::from),
        Width::F64 => Some(number),
    }
}

/// Finds the columns, and what each is compared with.
fn pairs(model: &Model, header: &[String], file: &str, expect: &[String]) -> Result<Vec<Pair>, Failure> {
    let answers = answer_names(model);
    let mut pairs = Vec::with_capacity(expect.len());
    let mut unnamed = Vec::new();
    for given in expect {
        let is_answer = |name: &str| answers.iter().position(|(_, answer)| answer == name);
        let named = given.split_once('=').filter(|_| !header.contains(given));
        let (answer, column) = match named {
            Some((answer, column)) => match is_answer(answer) {
                Some(at) => (Some(at), column),
                None => return Err(unknown(answer, &answers)),
            },
            None => (is_answer(given), given.as_str()),
        };
        let Some(place) = header.iter().position(|name| name == column) else {
            let hint = nearest(column, header.iter().map(String::as_str))
                .map_or_else(|| format!("it has {}", quoted(header)), |near| format!("did you mean {near:?}?"));
            let what = format_args!("{file}: no column is called {column:?} (--expect); {hint}");
            return Err(Failure::new(Exit::Data, what));
        };
        let (asked, answer) = answer.map_or_else(
            || {
                unnamed.push(pairs.len());
                (Asked::Label, String::new())
            },
            |at| answers[at].clone(),
        );
        let expected = column.to_owned();
        pairs.push(Pair { column: place, asked, expected, answer, n_beyond: 0, greatest: 0.0 });
    }
    let in_order = in_order(model, unnamed.len()).ok_or_else(|| {
        let names: Vec<String> = answers.iter().map(|(_, name)| name.clone()).collect();
        let n = unnamed.len();
        let what = "say which answer each is, as ANSWER=COLUMN, of";
        Failure::new(
            Exit::Usage,
            format_args!("--expect: the model does not give {n} answers; {what} {}", quoted(&names)),
        )
    })?;
    for (at, asked) in unnamed.into_iter().zip(in_order) {
        let answer = answers.iter().find(|(of, _)| *of == asked).map(|(_, name)| name.clone()).unwrap_or_default();
        (pairs[at].asked, pairs[at].answer) = (asked, answer);
    }
    Ok(pairs)
}

/// What this many columns without an answer's name are: the prediction, all outputs, or all probabilities.
fn in_order(model: &Model, n: usize) -> Option<Vec<Asked>> {
    let target = model.schema().target();
    let is_classifier = !target.classes.is_empty();
    match n {
        0 => Some(Vec::new()),
        1 if is_classifier => Some(vec![Asked::Label]),
        n if !is_classifier && n == target.n_outputs() => Some((0..n).map(Asked::Value).collect()),
        n if model.has_probability() && n == target.classes.len() => Some((0..n).map(Asked::Probability).collect()),
        _ => None,
    }
}

/// Every answer of the model, by the name of its column.
fn answer_names(model: &Model) -> Vec<(Asked, String)> {
    let target = model.schema().target();
    let n = target.n_outputs();
    let of = |i: usize| match i {
        i if target.classes.is_empty() => Asked::Value(i),
        0 => Asked::Label,
        i => Asked::Probability(i - n),
    };
    let answers = target.answer_columns(model.has_probability()).enumerate().map(|(i, name)| (of(i), name));
    let raw = numbered("raw", model.n_raw().unwrap_or(0)).enumerate().map(|(i, name)| (Asked::Raw(i), name));
    answers.chain(raw).collect()
}

fn unknown(answer: &str, answers: &[(Asked, String)]) -> Failure {
    let names: Vec<String> = answers.iter().map(|(_, name)| name.clone()).collect();
    let near = nearest(answer, names.iter().map(String::as_str));
    let hint = near.map_or_else(|| format!("it has {}", quoted(&names)), |near| format!("did you mean {near:?}?"));
    Failure::new(Exit::Usage, format_args!("--expect: the model has no answer called {answer:?}; {hint}"))
}
