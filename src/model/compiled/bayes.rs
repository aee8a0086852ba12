//! Gaussian naive Bayes: joint log-likelihoods in smartcore's own order and formula.
//!
//! The score of a class is
//! Σ over columns of −(x − μ)² / (2σ²) − ln(2π)/2 − ln(σ²)/2, then + ln(prior) (smartcore's `naive_bayes::gaussian`);
//! the classes are summed side by side.

use crate::model::ir::Bayes;

/// One class and column.
#[derive(Debug, Clone, Copy)]
struct Normal {
    mean: f64,
    /// 2σ².
    twice_variance: f64,
    /// ln(σ²)/2.
    half_log: f64,
}

/// A normal distribution a class and column.
#[derive(Debug, Clone)]
pub(super) struct LogLikelihoods {
    n_columns: usize,
    /// `[n_columns, n_classes]`.
    normals: Vec<Normal>,
    /// ln(prior), `[n_classes]`.
    log_priors: Vec<f64>,
}

impl LogLikelihoods {
    pub(super) fn new(bayes: &Bayes) -> Self {
        let (n_columns, n_classes) = (bayes.n_columns(), bayes.priors.len());
        let mut normals = Vec::with_capacity(n_columns * n_classes);
        for column in 0..n_columns {
            for class in 0..n_classes {
                let at = class * n_columns + column;
                let (mean, variance) = (bayes.means[at], bayes.variances[at]);
                normals.push(Normal { mean, twice_variance: 2.0 * variance, half_log: variance.ln() / 2.0 });
            }
        }
        Self { n_columns, normals, log_priors: bayes.priors.iter().map(|p| p.ln()).collect() }
    }

    pub(super) fn n_classes(&self) -> usize {
        self.log_priors.len()
    }

    /// Joint log-likelihoods, row-major `[n_rows, n_classes]`, appended to `out`. Never NaN; −∞ where a distance
    /// overflows.
    pub(super) fn scores(&self, matrix: &[f64], out: &mut Vec<f64>) {
        let log_two_pi = half_log_two_pi();
        self.sum(matrix, out, |x, n| {
            let difference = x - n.mean;
            -(difference * difference / n.twice_variance) - log_two_pi - n.half_log
        });
        for row in out.chunks_mut(self.n_classes()) {
            row.iter_mut().zip(&self.log_priors).for_each(|(score, prior)| *score += prior);
        }
    }

    /// Σ|terms| of the joint log-likelihoods, row-major `[n_rows, n_classes]`, appended to `out`: what another CPU's
    /// `ln` may move them by is a share of this.
    pub(super) fn magnitudes(&self, matrix: &[f64], out: &mut Vec<f64>) {
        let log_two_pi = half_log_two_pi();
        self.sum(matrix, out, |x, n| {
            let difference = x - n.mean;
            difference * difference / n.twice_variance + log_two_pi + n.half_log.abs()
        });
        for row in out.chunks_mut(self.n_classes()) {
            row.iter_mut().zip(&self.log_priors).for_each(|(sum, prior)| *sum += prior.abs());
        }
    }

    /// Σ of `term` over a row's columns, for every class at once.
    #[inline]
    fn sum(&self, matrix: &[f64], out: &mut Vec<f64>, term: impl Fn(f64, &Normal) -> f64) {
        let n_classes = self.n_classes();
        for row in matrix.chunks(self.n_columns) {
            let from = out.len();
            out.resize(from + n_classes, 0.0);
            let sums = &mut out[from..];
            let mut rest = self.normals.as_slice();
            for x in row {
                let (normals, after) = rest.split_at(n_classes);
                rest = after;
                for (sum, normal) in sums.iter_mut().zip(normals) {
                    *sum += term(*x, normal);
                }
            }
        }
    }
}

/// ln(2π)/2, computed as smartcore does.
fn half_log_two_pi() -> f64 {
    (2.0 * std::f64::consts::PI).ln() / 2.0
}
