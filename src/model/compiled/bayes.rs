//! Gaussian naive Bayes: joint log-likelihoods in smartcore's own order and formula.
//!
//! Stands apart from `linear` because its scores are sums of squares with a variance each. For class c they are
//! Σ over columns of −(x − μ)² / (2σ²) − ln(2π)/2 − ln(σ²)/2, then + ln(prior) (smartcore's `naive_bayes::gaussian`);
//! the classes are summed side by side.

use crate::model::smartcore::postcard::{Fault, Reader};
use crate::model::smartcore::trees::classes;

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
pub(super) struct Bayes {
    /// `[n_columns, n_classes]`.
    normals: Vec<Normal>,
    /// ln(prior), `[n_classes]`.
    log_priors: Vec<f64>,
}

impl Bayes {
    /// smartcore's `GaussianNB`.
    pub(super) fn decode(reader: &mut Reader<'_>, n_columns: usize, n_classes: usize) -> Result<Self, Fault> {
        reader.some("the distribution")?;
        classes(reader, n_classes)?;
        if reader.length(1, "class counts")? != n_classes {
            return reader.fault("there is not one count a class");
        }
        (0..n_classes).try_for_each(|_| reader.u64().map(drop))?;
        let priors = reader.finites("prior")?;
        if priors.len() != n_classes || priors.iter().any(|p| *p <= 0.0 || *p > 1.0) {
            return reader.fault("there is not one prior above 0 a class");
        }
        let variances = table(reader, "variance", n_columns, n_classes)?;
        if variances.iter().any(|v| *v <= 0.0 || !(2.0 * v).is_finite()) {
            return reader.fault("a variance is not above 0");
        }
        let means = table(reader, "mean", n_columns, n_classes)?;
        let mut normals = Vec::with_capacity(means.len());
        for column in 0..n_columns {
            for class in 0..n_classes {
                let (mean, variance) = (means[class * n_columns + column], variances[class * n_columns + column]);
                normals.push(Normal { mean, twice_variance: 2.0 * variance, half_log: variance.ln() / 2.0 });
            }
        }
        Ok(Self { normals, log_priors: priors.into_iter().map(f64::ln).collect() })
    }

    pub(super) fn n_classes(&self) -> usize {
        self.log_priors.len()
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.normals.len() * size_of::<Normal>() + self.log_priors.len() * 8
    }

    /// Joint log-likelihoods, row-major `[n_rows, n_classes]`, appended to `out`. Never NaN; −∞ where a distance
    /// overflows.
    pub(super) fn scores(&self, matrix: &[f64], out: &mut Vec<f64>) {
        let log_two_pi = half_log_two_pi();
        self.sum(matrix, out, |x, n| {
            let difference = x - n.mean;
            -(difference * difference / n.twice_variance) - log_two_pi - n.half_log
        });
        for row in out.chunks_exact_mut(self.n_classes()) {
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
        for row in out.chunks_exact_mut(self.n_classes()) {
            row.iter_mut().zip(&self.log_priors).for_each(|(sum, prior)| *sum += prior.abs());
        }
    }

    /// Σ of `term` over a row's columns, for every class at once.
    #[inline]
    fn sum(&self, matrix: &[f64], out: &mut Vec<f64>, term: impl Fn(f64, &Normal) -> f64) {
        let n_classes = self.n_classes();
        for row in matrix.chunks_exact(self.normals.len() / n_classes) {
            let from = out.len();
            out.resize(from + n_classes, 0.0);
            let sums = &mut out[from..];
            for (x, normals) in row.iter().zip(self.normals.chunks_exact(n_classes)) {
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

/// One list of `n_columns` finite values a class, as `[n_classes, n_columns]`.
fn table(reader: &mut Reader<'_>, what: &str, n_columns: usize, n_classes: usize) -> Result<Vec<f64>, Fault> {
    if reader.length(1 + 8 * n_columns, what)? != n_classes {
        return reader.fault(format_args!("there is not one {what} a class"));
    }
    let mut values = Vec::with_capacity(n_classes * n_columns);
    for _ in 0..n_classes {
        let of_class = reader.finites(what)?;
        if of_class.len() != n_columns {
            return reader.fault(format_args!("there is not one {what} a column"));
        }
        values.extend(of_class);
    }
    Ok(values)
}
