//! Fits the maps that calibrate probabilities, on out-of-fold scores: scikit-learn's `IsotonicRegression` and sigmoid,
//! of several classes each against the rest.

use crate::model::calibrator::{CalibrationMap, Calibrator};
use crate::train::options::CalibrationMethod;

/// Newton's steps at most; it takes under ten.
const STEPS: usize = 100;

/// Fits a calibrator to class positions and their row-major probabilities `[n_rows, n_classes]`.
pub fn calibrator(method: CalibrationMethod, observed: &[u32], probability: &[f64], n_classes: usize) -> Calibrator {
    let map = |class: usize| {
        let scores: Vec<f64> = probability.iter().skip(class).step_by(n_classes).copied().collect();
        let positive: Vec<bool> = observed.iter().map(|y| *y as usize == class).collect();
        match method {
            CalibrationMethod::Isotonic => isotonic(&positive, &scores),
            CalibrationMethod::Sigmoid => sigmoid(&positive, &scores),
        }
    };
    let first = usize::from(n_classes == 2);
    Calibrator { maps: (first..n_classes).map(map).collect() }
}

/// Rows of one value or more: the values' ends, the rows and the share of them that are positive.
#[derive(Debug, Clone, Copy)]
struct Block {
    first: f64,
    last: f64,
    rows: f64,
    positive: f64,
}

impl Block {
    fn share(&self) -> f64 {
        self.positive / self.rows
    }
}

/// Least squares among functions that never descend: neighbours that do are pooled. At least one row.
pub fn isotonic(positive: &[bool], scores: &[f64]) -> CalibrationMap {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let mut blocks: Vec<Block> = Vec::new();
    // Sorted: not below the next means equal to it.
    for tied in order.chunk_by(|a, b| scores[*a] >= scores[*b]) {
        let hits = tied.iter().filter(|row| positive[**row]).count();
        let at = scores[tied[0]];
        let mut block = Block { first: at, last: at, rows: count(tied.len()), positive: count(hits) };
        while let Some(before) = blocks.pop_if(|before| before.share() >= block.share()) {
            block = Block {
                first: before.first,
                rows: before.rows + block.rows,
                positive: before.positive + block.positive,
                ..block
            };
        }
        blocks.push(block);
    }
    let (mut from, mut to) = (Vec::new(), Vec::new());
    for block in blocks {
        from.push(block.first);
        to.push(block.share());
        if block.last > block.first {
            from.push(block.last);
            to.push(block.share());
        }
    }
    CalibrationMap::Isotonic { from, to }
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn count(rows: usize) -> f64 {
    rows as f64
}

/// The logistic function of the scores that is likeliest where a row of the n₁ positive ones counts as (n₁ + 1)/(n₁ +
/// 2), one of the n₀ others as 1/(n₀ + 2) (Platt 1999), by Newton's method (Lin, Lin and Weng 2007).
pub fn sigmoid(positive: &[bool], scores: &[f64]) -> CalibrationMap {
    let hits = positive.iter().filter(|p| **p).count();
    let (n_positive, n_other) = (count(hits), count(positive.len() - hits));
    let wanted: Vec<f64> = positive
        .iter()
        .map(|p| if *p { (n_positive + 1.0) / (n_positive + 2.0) } else { 1.0 / (n_other + 2.0) })
        .collect();
    let loss = |slope: f64, intercept: f64| -> f64 {
        let of = |(score, wanted): (&f64, &f64)| {
            let margin = slope * score + intercept;
            // ln(1 + e^m) − t · m, without overflow.
            margin.max(0.0) + (-margin.abs()).exp().ln_1p() - wanted * margin
        };
        scores.iter().zip(&wanted).map(of).sum()
    };
    let (mut slope, mut intercept) = (0.0, ((n_positive + 1.0) / (n_other + 1.0)).ln());
    let mut best = loss(slope, intercept);
    for _ in 0..STEPS {
        let step = newton(scores, &wanted, slope, intercept);
        let mut size = 1.0;
        let next = loop {
            let next = (slope + size * step.0, intercept + size * step.1);
            let loss = loss(next.0, next.1);
            if loss < best {
                break Some((next, loss));
            }
            size /= 2.0;
            if size < 1e-10 {
                break None;
            }
        };
        let Some(((a, b), loss)) = next else { break };
        (slope, intercept) = (a, b);
        let gained = best - loss;
        best = loss;
        if gained < 1e-13 * best.abs() {
            break;
        }
    }
    CalibrationMap::Sigmoid { slope, intercept }
}

/// Newton's step of the two numbers.
fn newton(scores: &[f64], wanted: &[f64], slope: f64, intercept: f64) -> (f64, f64) {
    // Kept from being singular where all scores are the same.
    let (mut aa, mut ab, mut bb) = (1e-12, 0.0, 1e-12);
    let (mut a, mut b) = (0.0, 0.0);
    for (score, wanted) in scores.iter().zip(wanted) {
        let p = 1.0 / (1.0 + (-(slope * score + intercept)).exp());
        let weight = p * (1.0 - p);
        aa += score * score * weight;
        ab += score * weight;
        bb += weight;
        a += score * (p - wanted);
        b += p - wanted;
    }
    let determinant = aa * bb - ab * ab;
    (-(bb * a - ab * b) / determinant, -(aa * b - ab * a) / determinant)
}
