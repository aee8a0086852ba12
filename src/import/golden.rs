//! Golden rows of a model that came without data: made from its own splits, answered by the plain walk.

use std::collections::BinaryHeap;

use super::candidates::Candidates;
use super::error::ImportError;
use crate::model::artifact::{Golden, GoldenPrediction};
use crate::model::golden::{MAX_GOLDEN, cells};
use crate::model::ir::Width;
use crate::model::neutral::{Neutral, Predictor, Side, Visit, Walked};
use crate::model::schema::Schema;

/// Rows that are made at most, to choose golden rows among them, and at least, however wide they are.
const CANDIDATES: usize = 256;
const LEAST_CANDIDATES: usize = 16;

/// Cells of the rows that are made, if more than the least are: those of 256 rows of 4,096 features.
const CELLS_ASKED: usize = 1 << 20;

/// Golden rows that are kept of the widest models: features that no split asks for make them long for nothing.
const LEAST_GOLDEN: usize = 4;

/// Cells of the golden rows, if more than the least are kept: those of 64 rows of 4,096 features.
const CELLS_KEPT: usize = 1 << 18;

/// Splits that all of them pass at most: bounds time and memory.
const MAX_VISITS: usize = 1 << 20;

/// How many rows are made of this many features.
pub(super) fn n_candidates(n_features: usize) -> usize {
    (CELLS_ASKED / n_features.max(1)).clamp(LEAST_CANDIDATES, CANDIDATES)
}

/// How many of them are kept at most.
pub(super) fn n_golden(n_features: usize) -> usize {
    (CELLS_KEPT / n_features.max(1)).clamp(LEAST_GOLDEN, MAX_GOLDEN)
}

/// Golden rows: of rows on and beside the model's thresholds those that together take most splits on both sides.
///
/// # Errors
/// No row has a finite answer.
pub(super) fn rows(neutral: &Neutral, schema: &Schema) -> Result<Vec<Golden>, ImportError> {
    let mut candidates = Candidates::of(neutral, schema);
    let mut made: Vec<(Vec<f64>, GoldenPrediction, Vec<u32>)> = Vec::new();
    let (starts, n_sides) = first_sides(neutral);
    let most = n_golden(schema.n_features());
    let mut n_visits = 0;
    for number in 0..n_candidates(schema.n_features()) {
        let row = candidates.row(number);
        let mut sides = Vec::new();
        let answer = neutral.walk(&row, &mut |Visit { tree, node, side }| {
            sides.push(starts[tree] + 2 * u32::try_from(node).unwrap_or(0) + u32::from(side == Side::Right));
        });
        n_visits += sides.len();
        if let Some(prediction) = prediction(neutral, schema, &answer) {
            made.push((row, prediction, sides));
        }
        if n_visits > MAX_VISITS && made.len() >= most {
            break;
        }
    }
    if made.is_empty() {
        return Err(ImportError::new("the model has no finite answer for any row that was tried"));
    }
    let chosen = choose(&made, n_sides, most);
    let golden = |at: usize| Golden { row: cells(&made[at].0, schema), prediction: made[at].1.clone() };
    Ok(chosen.into_iter().map(golden).collect())
}

/// These rows, cells as a batch holds them, with the plain walk's answers.
///
/// # Errors
/// A row has no finite answer.
pub(super) fn answered<'a>(
    neutral: &Neutral,
    schema: &Schema,
    rows: impl Iterator<Item = &'a [f64]>,
) -> Result<Vec<Golden>, ImportError> {
    let one = |row: &'a [f64]| {
        let answer = neutral.walk(row, &mut |_| {});
        let prediction = prediction(neutral, schema, &answer)
            .ok_or_else(|| ImportError::new(format_args!("the row {row:?} has no finite answer")))?;
        Ok(Golden { row: cells(row, schema), prediction })
    };
    rows.map(one).collect()
}

/// The number of the first side of each tree's root, and how many sides there are.
fn first_sides(neutral: &Neutral) -> (Vec<u32>, usize) {
    let Predictor::Forest(forest) = &neutral.predictor else { return (Vec::new(), 0) };
    let mut n = 0;
    let starts = forest.trees.iter().map(|tree| {
        let start = n;
        n += 2 * tree.nodes.len();
        u32::try_from(start).unwrap_or(u32::MAX / 2)
    });
    (starts.collect(), n)
}

/// Chooses `most` rows, greedily: next the row that takes most splits to a side that no chosen row has taken them to.
fn choose(made: &[(Vec<f64>, GoldenPrediction, Vec<u32>)], n_sides: usize, most: usize) -> Vec<usize> {
    let mut taken = vec![false; n_sides];
    // A row gains less the more are chosen: one whose gain, counted again, is still the largest is the next.
    let mut heap: BinaryHeap<(usize, std::cmp::Reverse<usize>)> =
        made.iter().enumerate().map(|(at, (.., sides))| (sides.len(), std::cmp::Reverse(at))).collect();
    let mut chosen = Vec::new();
    while let Some((_, std::cmp::Reverse(at))) = heap.pop() {
        let sides = &made[at].2;
        let gain = sides.iter().filter(|side| !taken[**side as usize]).count();
        if heap.peek().is_some_and(|(next, _)| *next > gain) {
            heap.push((gain, std::cmp::Reverse(at)));
            continue;
        }
        for side in sides {
            taken[*side as usize] = true;
        }
        chosen.push(at);
        if chosen.len() == most {
            break;
        }
    }
    chosen
}

/// An answer as the header has it; `None` where it, or the margin behind it, is not finite.
fn prediction(neutral: &Neutral, schema: &Schema, answer: &Walked) -> Option<GoldenPrediction> {
    let (linked, class) = (answer.linked.as_slice(), answer.class);
    if answer.raw.iter().chain(linked).any(|value| !value.is_finite()) {
        return None;
    }
    let classes = &schema.target().classes;
    let Some(label) = classes.get(class).filter(|_| !classes.is_empty()) else {
        return Some(match linked {
            [value] => GoldenPrediction::Value(*value),
            values => GoldenPrediction::Values(values.to_vec()),
        });
    };
    let probability = neutral.has_probability.then(|| match linked {
        [second] => vec![complement(*second, neutral.width()), *second],
        several => several.to_vec(),
    });
    Some(GoldenPrediction::Class { class: label.clone(), probability })
}

#[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn complement(p: f64, width: Width) -> f64 {
    match width {
        Width::F32 => f64::from(1.0 - p as f32),
        Width::F64 => 1.0 - p,
    }
}
