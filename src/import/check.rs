//! What `import` and `verify` check of a model: the kernels' raw scores are those of the plain walk, every bit, for
//! each side of each split, each weight, and rows through all steps.

use std::fmt;

use super::candidates::Candidates;
use super::error::ImportError;
use super::same_bits::{TOGETHER, compare};
use super::thresholds::{self, Sides};
use crate::model::Model;
use crate::model::artifact;
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::neutral::{Neutral, Predictor};

/// Rows of features that are asked at least.
const ROWS: usize = 256;

/// Cells of the rows of features at most, and of those that a linear model's weights are asked by.
const MAX_CELLS: usize = 1 << 22;

/// How far a check came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// What predicts.
    parts: Parts,
    /// Rows of features that were asked, through all steps.
    rows: usize,
}

/// The parts of a predictor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// Trees.
    Splits(Sides),
    /// Weights: `asked` of `of` were checked alone.
    Weights { asked: usize, of: usize },
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parts, rows } = self;
        match parts {
            Parts::Splits(Sides { taken, by_golden, of, missing, ended }) => {
                write!(f, "{taken} of {of} sides of splits were asked, {by_golden} of them by golden rows, ")?;
                write!(f, "{missing} of {} splits for a missing cell, and {rows} rows", of / 2)?;
                f.write_str(", all answered as by a plain walk")?;
                match (of - taken, ended) {
                    (0, _) => Ok(()),
                    (n, true) => write!(f, "; {n} sides were not: the check ends after about a second"),
                    (n, false) => write!(f, "; {n} sides were not: no row was found that takes them"),
                }
            }
            Parts::Weights { asked, of } => {
                write!(f, "{asked} of {of} weights were asked, and {rows} rows, all answered as by a plain walk")
            }
        }
    }
}

/// Asks a model of another library for rows beside and on its thresholds, and compares with the plain walk. `None` for
/// an artifact of our own.
///
/// # Errors
/// The first row that is answered otherwise.
pub fn check(bytes: &[u8], model: &Model) -> Result<Option<Reached>, ImportError> {
    let opened = artifact::open(bytes)?;
    let Some(section) = opened.section("neutral") else { return Ok(None) };
    let neutral = Neutral::from_section(section)?;
    let parts = match &neutral.predictor {
        Predictor::Forest(forest) => Parts::Splits(thresholds::check(&neutral, forest, model)?),
        Predictor::Linear(linear) => {
            let n_columns = linear.n_columns as usize;
            let asked = n_columns.min(MAX_CELLS / n_columns.max(1));
            let unit = |at: usize| (0..n_columns).map(move |column| f64::from(u8::from(column == at)));
            let n_together = (TOGETHER / n_columns.max(1)).max(1);
            let columns: Vec<usize> = (0..asked).collect();
            for some in columns.chunks(n_together) {
                let rows: Vec<f64> = some.iter().flat_map(|at| unit(*at)).collect();
                compare_columns(&neutral, model, &rows)?;
            }
            Parts::Weights { asked: asked * model.n_raw().unwrap_or(1), of: linear.weights.len() }
        }
    };
    Ok(Some(Reached { parts, rows: rows(&neutral, model)? }))
}

/// Asks for rows of features; returns how many.
fn rows(neutral: &Neutral, model: &Model) -> Result<usize, ImportError> {
    let schema = model.schema();
    let mut candidates = Candidates::of(neutral, schema);
    let n = candidates.n_rows(ROWS, (MAX_CELLS / schema.n_features()).max(1));
    let n_together = (TOGETHER / schema.n_features()).max(1);
    for from in (0..n).step_by(n_together) {
        let cells = (from..n.min(from + n_together)).flat_map(|number| candidates.row(number)).collect();
        let batch = Batch::from_rows(schema, cells)?;
        let got = model.raw(&batch, 0..batch.n_rows(), &mut Scratch::default());
        let walk = |row: &[f64]| neutral.walk(row, &mut |_| {}).raw;
        compare(batch.rows(), got.as_deref(), neutral.predictor.n_outputs(), walk)?;
    }
    Ok(n)
}

/// Asks for rows of the predictor's columns.
fn compare_columns(neutral: &Neutral, model: &Model, rows: &[f64]) -> Result<(), ImportError> {
    let got = model.raw_of_columns(rows, &mut Scratch::default());
    let walk = |row: &[f64]| neutral.walk_columns(row, &mut |_| {}).raw;
    compare(
        rows.chunks_exact(neutral.predictor.n_columns().max(1)),
        got.as_deref(),
        neutral.predictor.n_outputs(),
        walk,
    )
}
