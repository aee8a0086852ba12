//! Support vector machines: smartcore's `SVR`, and its `SVC` for each pair of classes.
//!
//! Stands apart because both solvers need help. `SVR` takes the diagonal of the kernel matrix from the wrong cells; `SVC`
//! may never end; both cut rows short when there are fewer rows than columns, and both keep a number for every pair of
//! rows. What cannot be helped is refused here in a sentence.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use smartcore::error::{Failed, FailedError};
use smartcore::linalg::basic::arrays::Array;
use smartcore::svm::svc::SVCParameters;
use smartcore::svm::svr::SVRParameters;

use super::guard::caught;
use crate::model::estimator::Matrix;
use crate::model::support::{Kernel, Parts, SmartcoreSvc, SmartcoreSvr, SupportMachines};

/// Rows that `SVR` is fitted on at most: it keeps a kernel value for every pair of rows it has met, 800 MB.
pub const MAX_SVR_ROWS: usize = 10_000;

/// Rows of a pair of classes that `SVC` is fitted on at most: a minute or more, and up to a gigabyte of kernel values.
pub const MAX_SVC_ROWS: usize = 5_000;

/// Classes at most: each pair has its machine.
pub const MAX_SVC_CLASSES: usize = 100;

/// Kernel evaluations of one `SVC` fit at most. Fits that end take some 20 to 100 for each pair of rows; this is 10,000,
/// and not over ten minutes' worth.
fn budget(n_rows: usize) -> u64 {
    let pairs = u64::try_from(n_rows.saturating_mul(n_rows)).unwrap_or(u64::MAX);
    pairs.saturating_mul(10_000).clamp(10_000_000, 10_000_000_000)
}

/// Regression: minimizes ‖w‖²/2 + C Σ max(0, |y − f(x)| − ε). `x` is `[n_rows, n_columns]`.
///
/// smartcore 0.7.0 (`svr.rs`, `Optimizer::new`) gives every row the same K(x, x): the kernel of the matrix's first
/// `n_rows` cells with themselves. For rbf that is 1, as it should be. For the others its steps are then far too small
/// or too large, and it stops unfinished; so the matrix is given leading rows that hold the row of the largest K(x, x)
/// and then zeros, which makes every step a safe one. Their targets are NaN: no comparison of the solver's takes such a
/// row, so that they never become support vectors and change no other row's gradient.
///
/// # Errors
/// One sentence: too many rows, fewer rows than columns, or smartcore's own.
pub fn regression(x: &Matrix, y: &[f64], kernel: Kernel, c: f64, epsilon: f64) -> Result<SupportMachines, String> {
    let (n_rows, n_columns) = x.shape();
    check_regression(n_rows, n_columns)?;
    let parameters = SVRParameters::default().with_c(c).with_eps(epsilon).with_kernel(kernel.to_smartcore());
    let parts = if matches!(kernel, Kernel::Rbf { .. }) {
        let y = y.to_vec();
        Parts::of_svr(&SmartcoreSvr::fit(x, &y, &parameters).map_err(|e| sentence(&e))?)?
    } else {
        let (x, y) = with_leading_rows(x, y, kernel)?;
        Parts::of_svr(&SmartcoreSvr::fit(&x, &y, &parameters).map_err(|e| sentence(&e))?)?
    };
    SupportMachines::join(kernel, n_columns, &[parts])
}

/// The matrix behind leading rows, and at least 8 columns wide (of zeros, which no dot product sees) so that few rows
/// have room for `n_rows` cells.
fn with_leading_rows(x: &Matrix, y: &[f64], kernel: Kernel) -> Result<(Matrix, Vec<f64>), String> {
    let (n_rows, n_columns) = x.shape();
    let width = n_columns.max(8);
    let leading = n_rows.div_ceil(width - 1) + 1;
    let row = |r: usize| (0..n_columns).map(move |c| *x.get((r, c))).collect::<Vec<f64>>();
    let largest = (0..n_rows)
        .map(|r| (kernel.value(&row(r), &row(r)), r))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(0, |(_, r)| r);
    let mut cells = vec![0.0; (leading + n_rows) * width];
    cells[..n_columns].copy_from_slice(&row(largest));
    for (r, cells) in cells.chunks_exact_mut(width).skip(leading).enumerate() {
        cells[..n_columns].copy_from_slice(&row(r));
    }
    let mut targets = vec![f64::NAN; leading];
    targets.extend_from_slice(y);
    let matrix = Matrix::new(leading + n_rows, width, cells, false).map_err(|e| sentence(&e))?;
    Ok((matrix, targets))
}

/// Classification: one machine for two classes, for more one a pair of classes (one-vs-one). That is how scikit-learn
/// and libsvm do it: pairs are small, so that all of them are fitted faster than as many machines on all rows, and each
/// is balanced as the data is. smartcore's `MultiClassSVC` is also one-vs-one, but cannot be written to a file and
/// breaks ties at random. `y` holds a class position for each row of row-major `rows`.
///
/// # Errors
/// One sentence: too many rows, classes, fewer rows than columns, a solver that does not end, or smartcore's own.
pub fn classification(
    rows: &[f64],
    n_columns: usize,
    y: &[u32],
    n_classes: usize,
    task: ClassTask,
) -> Result<SupportMachines, String> {
    check_classification(n_columns, y, n_classes)?;
    let one = |position| of_pair(rows, n_columns, y, nth_pair(n_classes, position), task);
    let parts = (0..n_pairs(n_classes)).map(one).collect::<Result<Vec<Parts>, String>>()?;
    SupportMachines::join(task.kernel, n_columns, &parts)
}

/// Pairs of classes.
pub(super) fn n_pairs(n_classes: usize) -> usize {
    n_classes * n_classes.saturating_sub(1) / 2
}

/// The pair at a position of (0, 1), (0, 2), …, (k−2, k−1).
pub(super) fn nth_pair(n_classes: usize, position: usize) -> (usize, usize) {
    let mut pairs = (0..n_classes).flat_map(|i| (i + 1..n_classes).map(move |j| (i, j)));
    pairs.nth(position).unwrap_or_default()
}

/// The machine of one pair, fitted on the rows of its classes.
pub(super) fn of_pair(
    rows: &[f64],
    n_columns: usize,
    y: &[u32],
    (first, second): (usize, usize),
    task: ClassTask,
) -> Result<Parts, String> {
    let is_of_pair = |class: &u32| *class as usize == first || *class as usize == second;
    let labels: Vec<u32> = y.iter().copied().filter(is_of_pair).collect();
    let of_pair = rows.chunks_exact(n_columns).zip(y).filter(|(_, class)| is_of_pair(class));
    let cells: Vec<f64> = of_pair.flat_map(|(row, _)| row.iter().copied()).collect();
    pair(cells, n_columns, &labels, task)
}

/// What every pair is fitted with.
#[derive(Debug, Clone, Copy)]
pub struct ClassTask {
    /// The kernel.
    pub kernel: Kernel,
    /// What a row on the wrong side costs, above 0.
    pub c: f64,
    /// Shuffles the rows.
    pub seed: u64,
}

fn pair(cells: Vec<f64>, n_columns: usize, labels: &Vec<u32>, task: ClassTask) -> Result<Parts, String> {
    let n_rows = labels.len();
    let x = Matrix::new(n_rows, n_columns, cells, false).map_err(|e| sentence(&e))?;
    let left = Arc::new(AtomicU64::new(budget(n_rows)));
    let kernel = Counted { kernel: task.kernel, left: Arc::clone(&left) };
    let parameters = SVCParameters::default().with_c(task.c).with_seed(Some(task.seed)).with_kernel(kernel);
    match caught(|| SmartcoreSvc::fit(&x, labels, &parameters)) {
        Ok(fitted) => Parts::of_svc(&fitted.map_err(|e| sentence(&e))?),
        Err(_) if left.load(Ordering::Relaxed) == 0 => {
            Err("its solver does not come to an end; try --scale, a smaller --c or another --kernel".to_owned())
        }
        Err(panic) => Err(format!("smartcore gave up ({panic})")),
    }
}

/// What [`regression`] asks of the rows.
///
/// # Errors
/// One sentence: too many rows, or fewer than columns (both solvers copy `n_rows` cells of a row at most).
pub(super) fn check_regression(n_rows: usize, n_columns: usize) -> Result<(), String> {
    if n_rows < n_columns {
        return Err(format!(
            "{n_rows} rows to fit on are too few for {n_columns} encoded columns: svr needs as many rows as columns; \
             --drop columns, add rows, or use random-forest"
        ));
    }
    if n_rows > MAX_SVR_ROWS {
        return Err(format!(
            "{n_rows} rows to fit on are more than {MAX_SVR_ROWS}: svr keeps a number for every two rows; use fewer \
             rows, or gradient-boosting"
        ));
    }
    Ok(())
}

/// What [`classification`] asks of the rows.
///
/// # Errors
/// One sentence: too many classes, too many rows of two classes, or fewer than columns.
pub(super) fn check_classification(n_columns: usize, y: &[u32], n_classes: usize) -> Result<(), String> {
    if n_classes > MAX_SVC_CLASSES {
        return Err(format!(
            "{n_classes} classes are more than {MAX_SVC_CLASSES}: svc fits a machine for every two; use random-forest"
        ));
    }
    let mut counts = vec![0; n_classes];
    for class in y {
        counts[*class as usize] += 1;
    }
    counts.sort_unstable();
    let fewest: usize = counts.iter().take(2).sum();
    let most: usize = counts.iter().rev().take(2).sum();
    if fewest < n_columns {
        return Err(format!(
            "{fewest} rows of two classes to fit on are too few for {n_columns} encoded columns: svc needs as many rows \
             as columns; --drop columns, add rows, or use random-forest"
        ));
    }
    if most > MAX_SVC_ROWS {
        return Err(format!(
            "{most} rows of two classes to fit on are more than {MAX_SVC_ROWS}: svc takes minutes from there; use fewer \
             rows, or random-forest"
        ));
    }
    Ok(())
}

/// A kernel that counts down: `SVC` loops until its gradients are near each other, which they may never be. A value
/// that is not finite ends it too, for NaN is near nothing.
#[derive(Debug, Serialize, Deserialize)]
struct Counted {
    kernel: Kernel,
    #[serde(skip)]
    left: Arc<AtomicU64>,
}

#[typetag::serde(name = "smartserve-counted")]
impl smartcore::svm::Kernel for Counted {
    fn apply(&self, a: &Vec<f64>, b: &Vec<f64>) -> Result<f64, Failed> {
        let left = self.left.load(Ordering::Relaxed);
        let value = self.kernel.value(a, b);
        if left == 0 || !value.is_finite() {
            self.left.store(0, Ordering::Relaxed);
            return Err(Failed::because(FailedError::ParametersError, "no end is near"));
        }
        self.left.store(left - 1, Ordering::Relaxed);
        Ok(value)
    }
}

fn sentence(error: &Failed) -> String {
    format!("smartcore says: {error}")
}
