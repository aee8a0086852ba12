//! The target as boosting sees it, and the way back.
//!
//! Numbers are centred and scaled, so that gradients fit f32 whatever the unit and a target of 10⁹ and a little more
//! loses nothing; those of a logarithmic link are divided by their mean. Leaves and the start are scaled back.

use crate::model::ir::Link;
use crate::train::options::Loss;

/// Labels, and what makes margins of the fitted ones.
#[derive(Debug)]
pub(super) struct ScaledTarget {
    /// One a row.
    pub(super) labels: Vec<f64>,
    /// The margins that boosting starts from, in the target's unit or its logarithm; one per output.
    pub(super) start: Vec<f64>,
    /// What a fitted leaf is multiplied by.
    pub(super) factor: f64,
    /// From margins to answers.
    pub(super) link: Link,
}

/// Scales `y`, of rows that weigh `weights`.
///
/// # Errors
/// One sentence: a value that the loss is not defined for.
pub(super) fn scale(y: &[f64], weights: Option<&[f64]>, loss: Loss) -> Result<ScaledTarget, String> {
    let mean = weighted_mean(y.iter().copied(), weights);
    let (start, factor, link) = match loss {
        Loss::Squared => {
            let variance = weighted_mean(y.iter().map(|v| (v - mean) * (v - mean)), weights);
            (mean, variance.sqrt(), Link::Identity)
        }
        Loss::Absolute | Loss::Huber { .. } | Loss::Quantile { .. } => {
            let level = if let Loss::Quantile { level } = loss { level } else { 0.5 };
            let start = weighted_quantile(y, weights, level);
            (start, deviation(y, weights), Link::Identity)
        }
        Loss::Poisson | Loss::Gamma | Loss::Tweedie { .. } => {
            if mean == 0.0 {
                return Err(format!("--loss {loss} is for a target that is not 0 everywhere"));
            }
            (mean.ln(), mean, Link::Exp)
        }
    };
    let (centre, divisor) = if link == Link::Exp { (0.0, mean) } else { (start, factor) };
    // A spread of nothing, or one that f64 cannot hold: there is nothing to scale by.
    let usable = |v: f64| v.is_finite() && v > 0.0;
    if !start.is_finite() || !usable(divisor) {
        return Err(
            "the spread of the target over the rows that weigh something is none, or none that 64 bits hold".to_owned()
        );
    }
    let labels = y.iter().map(|v| (v - centre) / divisor).collect();
    Ok(ScaledTarget { labels, start: vec![start], factor: if link == Link::Exp { 1.0 } else { factor }, link })
}

/// The mean distance from the median.
fn deviation(y: &[f64], weights: Option<&[f64]>) -> f64 {
    let median = weighted_quantile(y, weights, 0.5);
    weighted_mean(y.iter().map(|v| (v - median).abs()), weights)
}

/// The classes' positions as labels; boosting starts from their shares.
pub(super) fn of_classes(y: &[u32], n_classes: usize, weights: Option<&[f64]>) -> ScaledTarget {
    let mut shares = vec![0.0; n_classes];
    for (row, class) in y.iter().enumerate() {
        shares[*class as usize] += weights.map_or(1.0, |weights| weights[row]);
    }
    let total: f64 = shares.iter().sum();
    // A class without weight: rarer than any that a table could hold.
    let logarithm = |weight: f64| (weight / total).max(1e-12).ln();
    let labels = y.iter().map(|class| f64::from(*class)).collect();
    let (start, link) = match shares.as_slice() {
        [first, second] => (vec![logarithm(*second) - logarithm(*first)], Link::Logistic { slope: 1.0 }),
        all => (all.iter().map(|weight| logarithm(*weight)).collect(), Link::Softmax),
    };
    ScaledTarget { labels, start, factor: 1.0, link }
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn weighted_mean(values: impl ExactSizeIterator<Item = f64>, weights: Option<&[f64]>) -> f64 {
    match weights {
        None => {
            let n = values.len() as f64;
            values.sum::<f64>() / n
        }
        Some(weights) => values.zip(weights).map(|(v, w)| v * w).sum::<f64>() / weights.iter().sum::<f64>(),
    }
}

/// The least value up to which the rows have this share of the weight.
pub(super) fn weighted_quantile(y: &[f64], weights: Option<&[f64]>, level: f64) -> f64 {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let mut order: Vec<usize> = (0..y.len()).filter(|row| weight(*row) > 0.0).collect();
    order.sort_unstable_by(|a, b| y[*a].total_cmp(&y[*b]).then(a.cmp(b)));
    let total: f64 = order.iter().map(|row| weight(*row)).sum();
    let mut below = 0.0;
    for row in &order {
        below += weight(*row);
        if below >= level * total {
            return y[*row];
        }
    }
    order.last().map_or(f64::NAN, |row| y[*row])
}
