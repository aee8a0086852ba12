//! Golden rows of a model that came without data: made from its own splits, answered by the plain walk.

use std::collections::BinaryHeap;

use super::error::ImportError;
use crate::model::artifact::{Golden, GoldenPrediction};
use crate::model::golden::{MAX_GOLDEN, cells};
use crate::model::ir::Width;
use crate::model::neutral::{Neutral, Node, Operation, Predictor, Side, Test, Visit};
use crate::model::schema::{Feature, Kind, Schema};

/// Rows that are made at most, to choose golden rows among them.
const CANDIDATES: usize = 256;

/// Splits that all of them pass at most: bounds time and memory.
const MAX_VISITS: usize = 1 << 20;

/// Values that are kept of a feature's thresholds.
const MAX_VALUES: usize = 4_096;

/// Golden rows: of rows on and beside the model's thresholds those that together take most splits on both sides.
///
/// # Errors
/// No row has a finite answer.
pub(super) fn rows(neutral: &Neutral, schema: &Schema) -> Result<Vec<Golden>, ImportError> {
    let candidates = Candidates::of(neutral, schema);
    let mut made: Vec<(Vec<f64>, GoldenPrediction, Vec<u32>)> = Vec::new();
    let (starts, n_sides) = first_sides(neutral);
    let (mut random, mut n_visits) = (Random(0x9e37_79b9_7f4a_7c15), 0);
    for number in 0..CANDIDATES {
        let row = candidates.row(number, &mut random);
        let mut sides = Vec::new();
        let answer = neutral.walk(&row, &mut |Visit { tree, node, side }| {
            sides.push(starts[tree] + 2 * u32::try_from(node).unwrap_or(0) + u32::from(side == Side::Right));
        });
        n_visits += sides.len();
        if let Some(prediction) = prediction(neutral, schema, &answer.linked, answer.class) {
            made.push((row, prediction, sides));
        }
        if n_visits > MAX_VISITS && made.len() >= MAX_GOLDEN {
            break;
        }
    }
    if made.is_empty() {
        return Err(ImportError::new("the model has no finite answer for any row that was tried"));
    }
    let chosen = choose(&made, n_sides);
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
        let prediction = prediction(neutral, schema, &answer.linked, answer.class)
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

/// Chooses greedily: next the row that takes most splits to a side that no chosen row has taken them to.
fn choose(made: &[(Vec<f64>, GoldenPrediction, Vec<u32>)], n_sides: usize) -> Vec<usize> {
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
        if chosen.len() == MAX_GOLDEN {
            break;
        }
    }
    chosen
}

/// The values that features take in the rows that are made.
struct Candidates {
    /// Of each feature, at least one.
    values: Vec<Vec<f64>>,
}

impl Candidates {
    fn of(neutral: &Neutral, schema: &Schema) -> Self {
        let mut values: Vec<Vec<f64>> = schema.features().iter().map(plain_values).collect();
        let n_features = values.len();
        // Of a step's column: the feature it is made of, and the way back from a number of it to one of the feature.
        let mut slots: Vec<(usize, Vec<&Operation>)> = (0..n_features).map(|feature| (feature, Vec::new())).collect();
        for step in &neutral.steps.steps {
            let (feature, mut way) = slots[step.input as usize].clone();
            way.push(&step.operation);
            for _ in 0..step.operation.n_made() {
                slots.push((feature, way.clone()));
            }
        }
        if let Predictor::Forest(forest) = &neutral.predictor {
            for node in forest.trees.iter().flat_map(|tree| &tree.nodes) {
                let Node::Split(split) = node else { continue };
                let (feature, way) = &slots[neutral.steps.outputs[usize::from(split.column)] as usize];
                let pool = &mut values[*feature];
                if pool.len() >= MAX_VALUES || schema.features()[*feature].kind == Kind::Categorical {
                    continue;
                }
                match split.test {
                    Test::Threshold(threshold) => pool.extend(around(back(way, threshold))),
                    Test::Set { set, .. } => {
                        let members = &forest.sets[set as usize];
                        let ends = [members.first(), members.last()].into_iter().flatten();
                        pool.extend(ends.flat_map(|member| [f64::from(*member), f64::from(*member) + 1.0]));
                    }
                }
            }
        }
        for pool in &mut values {
            pool.retain(|value| value.is_nan() || value.abs() <= 1e30);
        }
        Self { values }
    }

    /// A row: the first has the first value of each feature, the second the second; others are drawn.
    fn row(&self, number: usize, random: &mut Random) -> Vec<f64> {
        let of = |pool: &Vec<f64>, random: &mut Random| match number {
            0 | 1 => pool[number % pool.len()],
            _ => pool[random.below(pool.len())],
        };
        self.values.iter().map(|pool| of(pool, random)).collect()
    }
}

/// What any feature of its kind takes: missing first, where that is accepted.
fn plain_values(feature: &Feature) -> Vec<f64> {
    let mut values = Vec::new();
    if feature.accepts_missing() {
        values.push(f64::NAN);
    }
    match feature.kind {
        Kind::Numeric => values.extend([0.0, 1.0, -1.0]),
        Kind::Categorical => {
            let n = feature.categories.len() + usize::from(feature.unknown);
            values.extend((0..u32::try_from(n).unwrap_or(u32::MAX)).map(f64::from));
        }
    }
    values
}

/// A threshold, and a number below and above it.
fn around(threshold: f64) -> [f64; 3] {
    let near = threshold.abs().max(1e-3) * 1e-3;
    [threshold, threshold - near, threshold + near]
}

/// The number of the feature from which steps make about this one.
fn back(way: &[&Operation], number: f64) -> f64 {
    way.iter().rev().fold(number, |number, operation| match operation {
        Operation::Standardize { offset, divisor } => number * divisor + offset,
        Operation::Affine { factor, offset } => (number - offset) / factor,
        _ => number,
    })
}

/// An answer as the header has it; `None` where it is not finite.
fn prediction(neutral: &Neutral, schema: &Schema, linked: &[f64], class: usize) -> Option<GoldenPrediction> {
    if linked.iter().any(|value| !value.is_finite()) {
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

/// Xorshift: the same rows for the same model on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n.max(1) as u64).unwrap_or(0)
    }
}
