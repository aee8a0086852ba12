//! What `--tune` searches: for each option the values that are drawn, in one table.
//!
//! Options that make a model larger for a little more accuracy (a forest's trees) and those that change what is asked
//! for (a kernel) are not searched, nor are any that were given.

use std::collections::BTreeMap;

use crate::model::algorithm::Algorithm;
use crate::model::artifact::Setting;
use crate::train::data::target::Observed;
use crate::train::data::training_data::TrainingData;
use crate::train::options::{Hyperparameters, Options};
use crate::train::random::SplitMix64;
use crate::train::spec::TrainSpec;

/// Stream of the generator that candidates are drawn from.
const STREAM: u64 = 3;
/// Draws for one candidate until it differs from those before it; past that the search has fewer.
const ATTEMPTS: usize = 50;

/// What draws depend on besides chance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DataShape {
    /// Rows that a fold's fit has at least.
    pub(crate) n_rows: usize,
    /// Encoded columns at most.
    pub(crate) n_columns: usize,
    /// Standard deviation of the target; 1 for classes.
    pub(crate) spread: f64,
}

impl DataShape {
    /// The shape of what `spec` fits a fold on.
    pub(crate) fn of(data: &TrainingData, spec: &TrainSpec) -> Self {
        let n_train = data.observed().len();
        Self {
            n_rows: n_train - n_train.div_ceil(spec.folds.max(2) as usize),
            n_columns: data.encoded.schema.features().iter().map(|f| f.categories.len().max(1)).sum(),
            spread: spread(data.observed()),
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct SearchInfo {
    /// The option's flag without dashes.
    pub name: &'static str,
    /// What is drawn, in words.
    pub range: &'static str,
    /// Whether an option of this name and default is meant.
    applies: fn(Algorithm, &Setting) -> bool,
    draw: fn(&DataShape, &mut SplitMix64) -> Setting,
}

/// The table. "log" draws are uniform in the logarithm; real numbers are rounded to three digits.
pub const SEARCH: [SearchInfo; 13] = [
    SearchInfo {
        name: "max-depth",
        range: "unset (half of the draws) or 2 to 20",
        applies: |a, _| a != Algorithm::GradientBoosting,
        draw: |_, r| if r.below(2) == 0 { Setting::Unset(()) } else { Setting::Count(2 + r.below(19)) },
    },
    SearchInfo {
        name: "max-depth",
        range: "2 to 8",
        applies: |a, _| a == Algorithm::GradientBoosting,
        draw: |_, r| Setting::Count(2 + r.below(7)),
    },
    SearchInfo {
        name: "min-samples-leaf",
        range: "1 to 20, log",
        applies: |_, _| true,
        draw: |g, r| Setting::Count(count(r, 1.0, 20.0_f64.min(rows(g) / 4.0).max(1.0))),
    },
    SearchInfo {
        name: "max-features",
        range: "sqrt, a third, two thirds or all of the encoded columns",
        applies: |_, _| true,
        draw: |g, r| match r.below(4) {
            0 => Setting::Word("sqrt".to_owned()),
            1 => Setting::Word("third".to_owned()),
            2 => Setting::Count((2 * g.n_columns).div_ceil(3) as u64),
            _ => Setting::Word("all".to_owned()),
        },
    },
    SearchInfo {
        name: "trees",
        range: "50 to 400, log",
        applies: |a, _| a == Algorithm::GradientBoosting,
        draw: |_, r| Setting::Count(count(r, 50.0, 400.0)),
    },
    SearchInfo {
        name: "learning-rate",
        range: "0.02 to 0.3, log",
        applies: |_, _| true,
        draw: |_, r| Setting::Number(log(r, 0.02, 0.3)),
    },
    SearchInfo {
        name: "alpha",
        range: "0.001 to 1000, log",
        applies: |a, _| !is_sparse(a),
        draw: |_, r| Setting::Number(log(r, 1e-3, 1e3)),
    },
    SearchInfo {
        name: "alpha",
        range: "0.0001 to 1 times the target's standard deviation, log",
        applies: |a, _| is_sparse(a),
        draw: |g, r| Setting::Number(log(r, 1e-4 * g.spread, g.spread)),
    },
    SearchInfo {
        name: "l1-ratio",
        range: "0.05 to 1",
        applies: |_, _| true,
        draw: |_, r| Setting::Number(rounded(0.05 + 0.95 * unit(r))),
    },
    SearchInfo {
        name: "neighbors",
        range: "1 to 50, log, at most half of the rows",
        applies: |_, _| true,
        draw: |g, r| Setting::Count(count(r, 1.0, 50.0_f64.min(rows(g) / 2.0).max(1.0))),
    },
    SearchInfo {
        name: "c",
        range: "0.1 to 1000, log",
        applies: |_, _| true,
        draw: |_, r| Setting::Number(log(r, 0.1, 1e3)),
    },
    SearchInfo {
        name: "epsilon",
        range: "0.001 to 0.5 times the target's standard deviation, log",
        applies: |_, _| true,
        draw: |g, r| Setting::Number(log(r, 1e-3 * g.spread, 0.5 * g.spread)),
    },
    SearchInfo {
        name: "gamma",
        range: "0.01 to 10 over the number of columns, log",
        applies: |_, default| matches!(default, Setting::Word(_)),
        draw: |g, r| {
            let columns = f64::from(u32::try_from(g.n_columns).unwrap_or(u32::MAX)).max(1.0);
            Setting::Number(log(r, 0.01 / columns, 10.0 / columns))
        },
    },
];

/// The options that a search over an algorithm draws, by flag name.
pub(crate) fn searched(algorithm: Algorithm, base: &Hyperparameters, given: &Options) -> Vec<SearchInfo> {
    let given = given.given();
    let is_searched = |row: &&SearchInfo| {
        let default = base.get(row.name);
        !given.contains_key(row.name) && default.is_some_and(|d| (row.applies)(algorithm, d))
    };
    SEARCH.iter().filter(is_searched).copied().collect()
}

/// Up to `n` different candidates: first `base`, then draws.
pub(crate) fn candidates(
    base: &Hyperparameters,
    searched: &[SearchInfo],
    shape: &DataShape,
    n: usize,
    seed: u64,
) -> Vec<Hyperparameters> {
    let mut random = SplitMix64::new(seed, STREAM);
    let mut all = vec![base.clone()];
    while all.len() < n {
        let mut draws = (0..ATTEMPTS).map(|_| {
            let drawn: BTreeMap<&'static str, Setting> =
                searched.iter().map(|row| (row.name, (row.draw)(shape, &mut random))).collect();
            base.with(drawn)
        });
        match draws.find(|candidate| !all.contains(candidate)) {
            Some(new) => all.push(new),
            None => break,
        }
    }
    all
}

/// Methods whose penalty is on the mean squared error: its strength is in units of the target.
fn is_sparse(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::Lasso | Algorithm::ElasticNet)
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn rows(shape: &DataShape) -> f64 {
    shape.n_rows as f64
}

/// From 0 to below 1, 53 bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
fn unit(random: &mut SplitMix64) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

fn log(random: &mut SplitMix64, from: f64, to: f64) -> f64 {
    rounded(from * (to / from).powf(unit(random)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and some hundreds")]
fn count(random: &mut SplitMix64, from: f64, to: f64) -> u64 {
    (from * (to / from).powf(unit(random))).round() as u64
}

/// Three significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// Population standard deviation of the target; 1 for classes.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn spread(observed: &Observed) -> f64 {
    let Observed::Values(y) = observed else { return 1.0 };
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    (y.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt()
}
