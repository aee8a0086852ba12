//! Rows on and beside a model's thresholds, with each category, missing cells and categories that are not listed.

use crate::model::neutral::{Neutral, Node, Operation, Predictor, Test};
use crate::model::schema::{Feature, FeatureKind, Schema};

/// Values that are kept of a feature's thresholds.
const MAX_VALUES: usize = 4_096;

/// The values that features take in the rows that are made.
pub(super) struct Candidates {
    /// For each feature, at least one value.
    values: Vec<Vec<f64>>,
    /// For each feature, whether its values are all to be taken in turn.
    in_turn: Vec<bool>,
    random: Random,
}

impl Candidates {
    pub(super) fn of(neutral: &Neutral, schema: &Schema) -> Self {
        let mut values: Vec<Vec<f64>> = schema.features().iter().map(plain_values).collect();
        let n_features = values.len();
        // Of a step's column: the feature it is made of, and the way back from a number of it to one of the feature.
        let mut columns: Vec<(usize, Vec<&Operation>)> = (0..n_features).map(|feature| (feature, Vec::new())).collect();
        for step in &neutral.steps.steps {
            let (feature, mut way) = columns[step.input as usize].clone();
            way.push(&step.operation);
            for _ in 0..step.operation.n_made() {
                columns.push((feature, way.clone()));
            }
        }
        if let Predictor::Forest(forest) = &neutral.predictor {
            for node in forest.trees.iter().flat_map(|tree| &tree.nodes) {
                let Node::Split(split) = node else { continue };
                let (feature, way) = &columns[neutral.steps.outputs[usize::from(split.column)] as usize];
                let pool = &mut values[*feature];
                if pool.len() >= MAX_VALUES || schema.features()[*feature].kind == FeatureKind::Categorical {
                    continue;
                }
                match split.test {
                    Test::Threshold(threshold) => pool.extend(values_near(invert_steps(way, threshold))),
                    Test::Set { set, .. } => {
                        let members = &forest.sets[set as usize];
                        let ends = [members.first(), members.last()].into_iter().flatten();
                        pool.extend(ends.flat_map(|member| [f64::from(*member), f64::from(*member) + 1.0]));
                    }
                }
            }
        }
        for (pool, feature) in values.iter_mut().zip(schema.features()) {
            // Beside an infinite threshold are values that are no numbers.
            pool.retain(|value| if value.is_nan() { feature.accepts_missing() } else { value.abs() <= 1e30 });
        }
        let in_turn = schema.features().iter().map(|feature| feature.kind == FeatureKind::Categorical).collect();
        Self { values, in_turn, random: Random(0x9e37_79b9_7f4a_7c15) }
    }

    /// How many rows to make: twice the longest list of categories, at least `least`, at most `most`.
    pub(super) fn n_rows(&self, least: usize, most: usize) -> usize {
        let largest =
            self.values.iter().zip(&self.in_turn).filter(|(_, in_turn)| **in_turn).map(|(pool, _)| pool.len());
        (2 * largest.max().unwrap_or(0)).max(least).min(most)
    }

    /// Row `number`. Rows 0 and 1 take each feature's first and second value. Later rows are random, but even rows go
    /// through the categories in turn.
    pub(super) fn row(&mut self, number: usize) -> Vec<f64> {
        let Self { values, in_turn, random } = self;
        let of = |(feature, (pool, in_turn)): (usize, (&Vec<f64>, &bool))| match number {
            0 | 1 => pool[number % pool.len()],
            _ if *in_turn && number.is_multiple_of(2) => pool[(number / 2 + feature) % pool.len()],
            _ => pool[random.below(pool.len())],
        };
        values.iter().zip(in_turn.iter()).enumerate().map(of).collect()
    }
}

/// Values that any feature of this kind accepts: missing first, if that is accepted.
fn plain_values(feature: &Feature) -> Vec<f64> {
    let mut values = Vec::new();
    if feature.accepts_missing() {
        values.push(f64::NAN);
    }
    match feature.kind {
        // 1970, and a second before and after.
        FeatureKind::Numeric | FeatureKind::Date(_) => values.extend([0.0, 1.0, -1.0]),
        FeatureKind::Categorical => {
            let n = feature.categories.len() + usize::from(feature.unknown);
            values.extend((0..u32::try_from(n).unwrap_or(u32::MAX)).map(f64::from));
        }
    }
    values
}

/// A threshold, and a number below and above it.
fn values_near(threshold: f64) -> [f64; 3] {
    let near = threshold.abs().max(1e-3) * 1e-3;
    [threshold, threshold - near, threshold + near]
}

/// The feature's value from which the steps make about this number.
fn invert_steps(way: &[&Operation], number: f64) -> f64 {
    way.iter().rev().fold(number, |number, operation| match operation {
        Operation::Standardize { offset, divisor } => number * divisor + offset,
        Operation::Affine { factor, offset } => (number - offset) / factor,
        _ => number,
    })
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
