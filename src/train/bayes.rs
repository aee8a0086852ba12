//! Gaussian naive Bayes, fitted by our own sums into smartcore's object.
//!
//! Stands apart because smartcore's own fit copies every class through chains of iterators, hundreds of times slower
//! than the two sums a column that are needed. The numbers here are added in its order (`mean_by`, `variance` and
//! `GaussianNBDistribution::fit`), so that the object is the one smartcore would have made, bit for bit; it is filled
//! through its serialized form, its fields being private.

use crate::model::estimator::GaussianNb;

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BayesError {
    /// A class and a column without spread: smartcore divides by it, and answers nothing.
    NoSpread {
        /// Position of the class.
        class: usize,
        /// Position of the encoded column.
        column: usize,
    },
    /// smartcore's object could not be filled.
    Broken(String),
}

/// Means and population variances (E\[x²\] − E\[x\]²) of every class and column of a row-major `matrix`
/// `[n_rows, n_columns]`; `y` holds `n_rows` class positions below `n_classes`. Priors are the classes' shares.
///
/// # Errors
/// [`BayesError::NoSpread`] for the first class and column whose variance is not above 0: all cells are the same, or
/// so near to each other for their size that the difference of squares is lost.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
pub fn fit(matrix: &[f64], n_columns: usize, y: &[u32], n_classes: usize) -> Result<GaussianNb, BayesError> {
    let mut counts = vec![0_usize; n_classes];
    let mut means = vec![vec![0.0_f64; n_columns]; n_classes];
    let mut variances = means.clone();
    for (row, class) in matrix.chunks_exact(n_columns).zip(y) {
        let class = *class as usize;
        counts[class] += 1;
        let sums = means[class].iter_mut().zip(&mut variances[class]);
        for (x, (sum, squares)) in row.iter().zip(sums) {
            *sum += x;
            *squares += x * x;
        }
    }
    for (class, count) in counts.iter().enumerate() {
        let n = *count as f64;
        for column in 0..n_columns {
            means[class][column] /= n;
            let mean = means[class][column];
            let variance = variances[class][column] / n - mean * mean;
            if variance.is_nan() || variance <= 0.0 {
                return Err(BayesError::NoSpread { class, column });
            }
            variances[class][column] = variance;
        }
    }
    let labels: Vec<u32> = (0..).take(n_classes).collect();
    let priors: Vec<f64> = counts.iter().map(|n| *n as f64 / y.len() as f64).collect();
    let fields = Some((labels, counts, priors, variances, means));
    let object = postcard::to_allocvec(&fields).and_then(|bytes| postcard::from_bytes(&bytes));
    object.map_err(|e| BayesError::Broken(e.to_string()))
}
