//! Golden rows: training rows with their answers, compared at every load. They prove that this binary on this machine
//! answers as the one that trained did.

use super::artifact::{Golden, GoldenCell, GoldenPrediction, Header};
use super::batch::Batch;
use super::cell::Cell;
use super::date;
use super::prediction::Prediction;
use super::schema::{Feature, FeatureKind, Schema};

/// The largest number of golden rows.
pub const MAX_GOLDEN: usize = 64;

/// How far a probability or a sum may differ, relative to Σ|terms|, where another CPU's `exp` and the like may: 1e-12.
const TOLERANCE: f64 = 1e-12;

/// A golden row that the model answers otherwise than when it was written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("golden row {row}: expected {expected}, got {got}")]
pub struct GoldenDifference {
    /// The row's position among the golden rows, from 0.
    pub row: usize,
    /// The stored answer.
    pub expected: String,
    /// The answer now.
    pub got: String,
}

/// The golden rows as a batch.
///
/// # Errors
/// One sentence: too few or too many rows, a row of another width, a cell that does not fit its feature, an answer
/// that does not fit the target.
pub(super) fn batch(header: &Header, schema: &Schema) -> Result<Batch, String> {
    let golden = &header.golden;
    if golden.is_empty() || golden.len() > MAX_GOLDEN {
        return Err(format!("{} golden rows, expected 1 to {MAX_GOLDEN}", golden.len()));
    }
    let mut values = Vec::with_capacity(golden.len() * schema.n_features());
    for (i, Golden { row, prediction }) in golden.iter().enumerate() {
        if row.len() != schema.n_features() {
            return Err(format!("golden row {i} has {} cells, expected {}", row.len(), schema.n_features()));
        }
        for (cell, feature) in row.iter().zip(schema.features()) {
            values.push(feature.read(as_cell(cell)).map_err(|e| format!("golden row {i}: {e}"))?);
        }
        check_answer(prediction, schema).map_err(|e| format!("golden row {i}: {e}"))?;
    }
    Batch::from_rows(schema, values).map_err(|e| format!("golden rows: {e}"))
}

/// Compares the answers for the golden batch with the stored ones: bit for bit, or within a share of each row's
/// `terms`.
pub(super) fn compare(
    golden: &[Golden],
    got: &Prediction,
    schema: &Schema,
    terms: Option<&[f64]>,
) -> Vec<GoldenDifference> {
    let classes = &schema.target().classes;
    let mut differences = Vec::new();
    for (row, expected) in golden.iter().enumerate() {
        let answer = answer(got, row, classes);
        let allowed = terms.map(|of_rows| TOLERANCE * of_rows[row]);
        if !same(&expected.prediction, &answer, allowed) {
            differences.push(GoldenDifference { row, expected: shown(&expected.prediction), got: shown(&answer) });
        }
    }
    differences
}

/// One row's answer as the header stores it.
pub fn answer(prediction: &Prediction, row: usize, classes: &[String]) -> GoldenPrediction {
    match prediction {
        Prediction::Regression { values, n_outputs: 1 } => GoldenPrediction::Value(values[row]),
        Prediction::Regression { values, n_outputs } => {
            GoldenPrediction::Values(values[row * n_outputs..(row + 1) * n_outputs].to_vec())
        }
        Prediction::Classification { classes: positions, probability } => GoldenPrediction::Class {
            class: classes[positions[row] as usize].clone(),
            probability: probability.as_ref().map(|p| p[row * classes.len()..(row + 1) * classes.len()].to_vec()),
        },
    }
}

/// A row's cells, as a batch holds them, as the header has them.
pub fn cells(row: &[f64], schema: &Schema) -> Vec<GoldenCell> {
    row.iter().zip(schema.features()).map(|(value, feature)| stored(*value, feature)).collect()
}

fn stored(value: f64, feature: &Feature) -> GoldenCell {
    let is_it = |(_, position): &(&String, u32)| f64::from(*position) == value;
    match feature.kind {
        _ if value.is_nan() => GoldenCell::Missing(()),
        FeatureKind::Numeric => GoldenCell::Number(value),
        FeatureKind::Date(_) => GoldenCell::Text(date::shown(value)),
        FeatureKind::Categorical => {
            let named = feature.categories.iter().zip(0_u32..).find(is_it);
            GoldenCell::Text(named.map_or_else(|| unlisted(feature), |(name, _)| name.clone()))
        }
    }
}

/// A category that a feature does not list.
fn unlisted(feature: &Feature) -> String {
    let mut name = "unknown".to_owned();
    while feature.category_position(&name).is_some() {
        name.push('_');
    }
    name
}

fn as_cell(cell: &GoldenCell) -> Cell<'_> {
    match cell {
        GoldenCell::Number(v) => Cell::Number(*v),
        GoldenCell::Text(text) => Cell::Text(text),
        GoldenCell::Missing(()) => Cell::Missing,
    }
}

fn check_answer(answer: &GoldenPrediction, schema: &Schema) -> Result<(), String> {
    let classes = &schema.target().classes;
    match answer {
        GoldenPrediction::Value(_) if classes.is_empty() && schema.target().n_outputs() == 1 => Ok(()),
        GoldenPrediction::Values(values) if classes.is_empty() && schema.target().n_outputs() == values.len() => Ok(()),
        GoldenPrediction::Class { class, probability } if classes.contains(class) => match probability {
            Some(p) if p.len() != classes.len() => {
                Err(format!("{} probabilities for {} classes", p.len(), classes.len()))
            }
            _ => Ok(()),
        },
        _ => Err("the answer does not fit the target".to_owned()),
    }
}

fn same(expected: &GoldenPrediction, got: &GoldenPrediction, allowed: Option<f64>) -> bool {
    let near = |a: f64, b: f64| a.to_bits() == b.to_bits() || allowed.is_some_and(|allowed| (a - b).abs() <= allowed);
    match (expected, got) {
        (GoldenPrediction::Value(a), GoldenPrediction::Value(b)) => near(*a, *b),
        (GoldenPrediction::Values(a), GoldenPrediction::Values(b)) => a.iter().zip(b).all(|(a, b)| near(*a, *b)),
        (
            GoldenPrediction::Class { class: a, probability: pa },
            GoldenPrediction::Class { class: b, probability: pb },
        ) => match (pa, pb) {
            (Some(pa), Some(pb)) => a == b && pa.iter().zip(pb).all(|(a, b)| near(*a, *b)),
            (None, None) => a == b,
            _ => false,
        },
        _ => false,
    }
}

fn shown(answer: &GoldenPrediction) -> String {
    match answer {
        GoldenPrediction::Value(v) => format!("{v}"),
        GoldenPrediction::Values(values) => format!("{values:?}"),
        GoldenPrediction::Class { class, probability: Some(p) } => format!("{class:?} {p:?}"),
        GoldenPrediction::Class { class, probability: None } => format!("{class:?}"),
    }
}
