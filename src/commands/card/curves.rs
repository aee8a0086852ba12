//! The curves of a classifier's probabilities: what is found, at what cost, and whether they are what was observed.

/// Points of a curve at most.
const MAX_POINTS: usize = 200;

/// Bins of a calibration curve.
const BINS: usize = 10;

/// The curves of one class against the others.
#[derive(Debug)]
pub(super) struct Curves {
    /// False alarms and recall, from (0, 0) to (1, 1).
    pub(super) roc: Vec<(f64, f64)>,
    /// Recall and precision, from few rows to all.
    pub(super) precision_recall: Vec<(f64, f64)>,
    /// Thresholds with precision and recall, ascending.
    pub(super) trade_off: Vec<(f64, f64, f64)>,
    /// Mean probability and share observed, of up to ten bins with as many rows.
    pub(super) calibration: Vec<(f64, f64)>,
    /// The share of rows that are of the class.
    pub(super) prevalence: f64,
}

impl Curves {
    /// Of each row's probability and whether it was of the class; none where all rows are, or no row is.
    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    pub(super) fn new(mut rows: Vec<(f64, bool)>) -> Option<Self> {
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (n, positive) = (rows.len(), rows.iter().filter(|row| row.1).count());
        if positive == 0 || positive == n {
            return None;
        }
        let negative = n - positive;
        let (mut hits, mut alarms) = (0_usize, 0_usize);
        // One point a distinct probability: rows with the same one are answered alike.
        let mut points: Vec<(f64, usize, usize)> = Vec::new();
        for (place, (probability, is_positive)) in rows.iter().enumerate() {
            if *is_positive {
                hits += 1;
            } else {
                alarms += 1;
            }
            if rows.get(place + 1).is_none_or(|next| next.0 < *probability) {
                points.push((*probability, hits, alarms));
            }
        }
        let step = points.len().div_ceil(MAX_POINTS).max(1);
        let last = points.len() - 1;
        let points: Vec<(f64, usize, usize)> =
            points.into_iter().enumerate().filter(|(i, _)| i % step == 0 || *i == last).map(|(_, p)| p).collect();
        let recall = |hits: usize| hits as f64 / positive as f64;
        let precision = |hits: usize, alarms: usize| hits as f64 / (hits + alarms) as f64;
        let roc = points.iter().map(|(_, hits, alarms)| (*alarms as f64 / negative as f64, recall(*hits)));
        let trade_off = points.iter().rev().map(|(p, hits, alarms)| (*p, precision(*hits, *alarms), recall(*hits)));
        let size = n.div_ceil(BINS);
        let bin = |bin: &[(f64, bool)]| {
            let observed = bin.iter().filter(|row| row.1).count();
            (bin.iter().map(|row| row.0).sum::<f64>() / bin.len() as f64, observed as f64 / bin.len() as f64)
        };
        Some(Self {
            roc: std::iter::once((0.0, 0.0)).chain(roc).collect(),
            precision_recall: points.iter().map(|(_, h, a)| (recall(*h), precision(*h, *a))).collect(),
            trade_off: trade_off.collect(),
            calibration: rows.chunks(size).rev().map(bin).collect(),
            prevalence: positive as f64 / n as f64,
        })
    }
}
