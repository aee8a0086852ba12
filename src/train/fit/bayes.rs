//! Fits Gaussian naive Bayes with two sums a column, hundreds of times faster than smartcore's own fit, which copies
//! every class through chains of iterators. The numbers are added in smartcore's order (`mean_by`, `variance` and
//! `GaussianNBDistribution::fit`), so that the object is the same, bit for bit; it is filled through its serialized
//! form because its fields are private.

use crate::model::smartcore::GaussianNb;

/// Means and variances by class.
struct Moments {
    counts: Vec<usize>,
    /// `[n_classes][n_columns]`.
    means: Vec<Vec<f64>>,
    /// Population variances, E\[x²\] − E\[x\]², `[n_classes][n_columns]`.
    variances: Vec<Vec<f64>>,
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn moments(matrix: &[f64], n_columns: usize, y: &[u32], n_classes: usize) -> Moments {
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
    for (count, (means, squares)) in counts.iter().zip(means.iter_mut().zip(&mut variances)) {
        let n = *count as f64;
        for (mean, square) in means.iter_mut().zip(squares) {
            *mean /= n;
            *square = *square / n - *mean * *mean;
        }
    }
    Moments { counts, means, variances }
}

/// The first class and column without spread, if there is one: all cells of the class are the same, or so near to each
/// other for their size that the difference of squares is lost. smartcore divides by it, and answers nothing. `matrix`
/// is row-major `[n_rows, n_columns]`; `y` holds `n_rows` class positions below `n_classes`.
pub fn without_spread(matrix: &[f64], n_columns: usize, y: &[u32], n_classes: usize) -> Option<(usize, usize)> {
    let variances = moments(matrix, n_columns, y, n_classes).variances;
    let flat = |v: &f64| v.is_nan() || *v <= 0.0;
    variances.iter().enumerate().find_map(|(class, of)| of.iter().position(flat).map(|column| (class, column)))
}

/// smartcore's object; priors are the classes' shares of the rows. Arguments as for [`without_spread`].
///
/// # Errors
/// One sentence when the object cannot be filled.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
pub fn fit(matrix: &[f64], n_columns: usize, y: &[u32], n_classes: usize) -> Result<GaussianNb, String> {
    let Moments { counts, means, variances } = moments(matrix, n_columns, y, n_classes);
    let labels: Vec<u32> = (0..).take(n_classes).collect();
    let priors: Vec<f64> = counts.iter().map(|n| *n as f64 / y.len() as f64).collect();
    let fields = Some((labels, counts, priors, variances, means));
    let object = postcard::to_allocvec(&fields).and_then(|bytes| postcard::from_bytes(&bytes));
    object.map_err(|e| e.to_string())
}
