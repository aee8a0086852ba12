//! The threshold of a classifier of two classes: chosen on out-of-fold scores, and what is traded for what at others.

use serde::Serialize;

use crate::train::evaluate::metrics::ratio;
use crate::train::options::ThresholdChoice;

/// The thresholds of a report.
pub(crate) const SHOWN: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];

/// What the second class's predictions are at a threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TradeOff {
    /// The second class is answered where its probability is above.
    pub threshold: f64,
    /// True at the model's own threshold.
    pub chosen: bool,
    /// Rows answered with the second class.
    pub predicted: u64,
    /// Share of them that are of it; 0 of none.
    pub precision: f64,
    /// Share of its rows that are found.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Share of the first class's rows that are taken for it.
    pub false_alarms: f64,
}

/// Rows of the second class and of the first that are above a threshold, and how many rows there are of each.
#[derive(Debug, Clone, Copy)]
struct Above {
    hits: u64,
    alarms: u64,
    positive: u64,
    negative: u64,
}

impl Above {
    fn predicted(self) -> u64 {
        self.hits + self.alarms
    }

    fn f1(self) -> f64 {
        ratio(2 * self.hits, self.predicted() + self.positive)
    }

    fn recall(self) -> f64 {
        ratio(self.hits, self.positive)
    }

    fn false_alarms(self) -> f64 {
        ratio(self.alarms, self.negative)
    }

    /// What a choice makes as great as it can.
    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    fn worth(self, choice: ThresholdChoice) -> f64 {
        match choice {
            ThresholdChoice::Value(_) => 0.0,
            ThresholdChoice::F1 => self.f1(),
            ThresholdChoice::Youden => self.recall() - self.false_alarms(),
            ThresholdChoice::Cost { miss, alarm } => {
                -(miss * (self.positive - self.hits) as f64 + alarm * self.alarms as f64)
            }
        }
    }
}

/// The threshold by a choice, from class positions and row-major probabilities `[n_rows, 2]`: between two neighbouring
/// scores, with as few digits as lie there; of equally good ones the nearest to 0.5.
pub fn choose(choice: ThresholdChoice, observed: &[u32], probability: &[f64]) -> f64 {
    if let ThresholdChoice::Value(value) = choice {
        return value;
    }
    let scores: Vec<f64> = probability.iter().skip(1).step_by(2).copied().collect();
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let positive = observed.iter().filter(|y| **y == 1).count() as u64;
    let mut above = Above { hits: 0, alarms: 0, positive, negative: observed.len() as u64 - positive };
    // Between the greatest score and 1 nothing is above.
    let mut high = 1.0;
    let mut best: Option<(f64, f64)> = None;
    let mut consider = |above: Above, low: f64, high: f64| {
        let (worth, threshold) = (above.worth(choice), short(low, high));
        let is_better = best
            .is_none_or(|(most, at)| worth > most || worth >= most && (threshold - 0.5).abs() < (at - 0.5_f64).abs());
        if is_better {
            best = Some((worth, threshold));
        }
    };
    // Sorted downwards: not above the next means equal to it.
    for tied in order.chunk_by(|a, b| scores[*a] <= scores[*b]) {
        let score = scores[tied[0]];
        consider(above, score, high);
        let hits = tied.iter().filter(|row| observed[**row] == 1).count() as u64;
        above.hits += hits;
        above.alarms += tied.len() as u64 - hits;
        high = score;
    }
    if high > 0.0 {
        consider(above, 0.0, high);
    }
    best.map_or(0.5, |(_, threshold)| threshold)
}

/// A number that is at least `low` and below `high` (or `low` where there is none), near their middle, of few digits.
fn short(low: f64, high: f64) -> f64 {
    let middle = f64::midpoint(low, high);
    let rounded = |digits: usize| format!("{middle:.digits$}").parse::<f64>().unwrap_or(middle);
    (1..17).map(rounded).find(|t| *t >= low && *t < high).unwrap_or(low)
}

/// The trade-off at some thresholds and the model's own, ascending.
pub(crate) fn trade_off(observed: &[u32], probability: &[f64], own: f64) -> Vec<TradeOff> {
    let mut thresholds: Vec<f64> = SHOWN.into_iter().filter(|t| t.total_cmp(&own).is_ne()).chain([own]).collect();
    thresholds.sort_unstable_by(f64::total_cmp);
    thresholds
        .into_iter()
        .map(|threshold| at(observed, probability, threshold, threshold.total_cmp(&own).is_eq()))
        .collect()
}

fn at(observed: &[u32], probability: &[f64], threshold: f64, chosen: bool) -> TradeOff {
    let mut above = Above { hits: 0, alarms: 0, positive: 0, negative: 0 };
    for (class, of_row) in observed.iter().zip(probability.chunks_exact(2)) {
        let (is_second, is_above) = (u64::from(*class == 1), u64::from(of_row[1] > threshold));
        above.positive += is_second;
        above.negative += 1 - is_second;
        above.hits += is_second * is_above;
        above.alarms += (1 - is_second) * is_above;
    }
    TradeOff {
        threshold,
        chosen,
        predicted: above.predicted(),
        precision: ratio(above.hits, above.predicted()),
        recall: above.recall(),
        f1: above.f1(),
        false_alarms: above.false_alarms(),
    }
}
