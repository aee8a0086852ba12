//! Fits support vector machines: smartcore's `SVR`, and its `SVC` for each pair of classes.
//!
//! `SVR` takes the diagonal of the kernel matrix from the wrong cells and cuts rows short when there are fewer rows
//! than columns: [`regression`] works around both. `SVC` is fitted by `lasvm`. Both keep a number for every two rows,
//! so the number of rows is limited.

mod lasvm;

use smartcore::linalg::basic::arrays::Array;
use smartcore::svm::svr::SVRParameters;

use crate::model::ir::Kernel;
use crate::model::smartcore::Matrix;
use crate::model::smartcore::{Parts, SmartcoreSvr, SupportMachines};
use crate::train::data::target::class_sizes;
use crate::train::fit::task::sentence;

/// Most rows that a machine is fitted on: 800 MB of kernel values.
pub const MAX_ROWS: usize = 10_000;

/// Most classes: each pair has its machine.
pub const MAX_CLASSES: usize = 100;

/// Regression: minimizes ‖w‖²/2 + C Σ max(0, |y − f(x)| − ε). `x` is `[n_rows, n_columns]`.
///
/// smartcore 0.7.0 (`svr.rs`, `Optimizer::new`) gives every row the same K(x, x): the kernel of the matrix's first
/// `n_rows` cells with themselves. For rbf that is 1, as it should be. For the others its steps are then far too small
/// or too large, and it stops unfinished; so the matrix is given leading rows that hold the row of the largest K(x, x)
/// and then zeros, which makes every step a safe one. Their targets are NaN: no comparison of the solver's takes such a
/// row, so that they never become support vectors and change no other row's gradient. They also make up for fewer rows
/// than columns, where it would cut every row to `n_rows` cells.
///
/// # Errors
/// One sentence: too many rows, or smartcore's own.
pub fn regression(x: &Matrix, y: &[f64], kernel: Kernel, c: f64, epsilon: f64) -> Result<SupportMachines, String> {
    let (n_rows, n_columns) = x.shape();
    check_regression(n_rows)?;
    let parameters = SVRParameters::default().with_c(c).with_eps(epsilon).with_kernel(kernel.to_smartcore());
    let parts = if matches!(kernel, Kernel::Rbf { .. }) && n_rows >= n_columns {
        let y = y.to_vec();
        Parts::of_svr(&SmartcoreSvr::fit(x, &y, &parameters).map_err(|e| sentence(&e))?)?
    } else {
        let (x, y) = with_leading_rows(x, y, kernel)?;
        Parts::of_svr(&SmartcoreSvr::fit(&x, &y, &parameters).map_err(|e| sentence(&e))?)?
    };
    SupportMachines::join(kernel, n_columns, &[parts])
}

/// The matrix behind leading rows, and at least 8 columns wide (of zeros, which no dot product sees) so that few rows
/// have `n_rows` cells.
fn with_leading_rows(x: &Matrix, y: &[f64], kernel: Kernel) -> Result<(Matrix, Vec<f64>), String> {
    let (n_rows, n_columns) = x.shape();
    let width = n_columns.max(8);
    let leading = (n_rows.div_ceil(width - 1) + 1).max(width.saturating_sub(n_rows));
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

/// Classification: one machine for two classes, for more one per pair of classes (one-vs-one). That is how scikit-learn
/// and libsvm do it: pairs are small, so that all of them are fitted faster than as many machines on all rows, and each
/// is balanced as the data is. smartcore's `MultiClassSVC` is also one-vs-one, but cannot be written to a file and
/// breaks ties at random. `y` holds a class position for each row of row-major `rows`.
///
/// # Errors
/// One sentence: too many rows or classes, a kernel that overflows, a solver that does not come to an end.
pub fn classification(
    rows: &[f64],
    n_columns: usize,
    y: &[u32],
    n_classes: usize,
    task: ClassTask,
) -> Result<SupportMachines, String> {
    check_classification(y, n_classes)?;
    let one = |position| of_pair(rows, n_columns, y, nth_pair(n_classes, position), task);
    let parts = (0..n_pairs(n_classes)).map(one).collect::<Result<Vec<Parts>, String>>()?;
    SupportMachines::join(task.kernel, n_columns, &parts)
}

/// Pairs of classes.
pub(crate) fn n_pairs(n_classes: usize) -> usize {
    n_classes * n_classes.saturating_sub(1) / 2
}

/// The pair at a position of (0, 1), (0, 2), …, (k−2, k−1).
pub(crate) fn nth_pair(n_classes: usize, position: usize) -> (usize, usize) {
    let mut pairs = (0..n_classes).flat_map(|i| (i + 1..n_classes).map(move |j| (i, j)));
    pairs.nth(position).unwrap_or_default()
}

/// The machine of one pair, fitted on the rows of its classes.
pub(crate) fn of_pair(
    rows: &[f64],
    n_columns: usize,
    y: &[u32],
    (first, second): (usize, usize),
    task: ClassTask,
) -> Result<Parts, String> {
    let (mut cells, mut signs) = (Vec::new(), Vec::new());
    for (row, class) in rows.chunks_exact(n_columns).zip(y) {
        let class = *class as usize;
        if class == first || class == second {
            cells.extend_from_slice(row);
            signs.push(if class == second { 1.0 } else { -1.0 });
        }
    }
    let fitted = lasvm::fit(&cells, n_columns, &signs, task.kernel, task.c, task.seed)?;
    let vectors = fitted.rows.iter().map(|row| cells[row * n_columns..][..n_columns].to_vec()).collect();
    Ok(Parts { instances: vectors, weights: fitted.weights, intercept: fitted.intercept })
}

/// The settings of every pair's fit.
#[derive(Debug, Clone, Copy)]
pub struct ClassTask {
    /// The kernel.
    pub kernel: Kernel,
    /// What a row on the wrong side costs, above 0.
    pub c: f64,
    /// Shuffles the rows.
    pub seed: u64,
}

/// Checks what [`regression`] needs of the rows.
pub(crate) fn check_regression(n_rows: usize) -> Result<(), String> {
    if n_rows <= MAX_ROWS {
        return Ok(());
    }
    Err(format!(
        "{n_rows} rows to fit on are more than {MAX_ROWS}: svr keeps a number for every two rows; use fewer rows, or \
         gradient-boosting"
    ))
}

/// Checks what [`classification`] needs of the rows.
pub(crate) fn check_classification(y: &[u32], n_classes: usize) -> Result<(), String> {
    if n_classes > MAX_CLASSES {
        return Err(format!(
            "{n_classes} classes are more than {MAX_CLASSES}: svc fits a machine for every two; use random-forest"
        ));
    }
    let mut counts = class_sizes(y, n_classes);
    counts.sort_unstable();
    let most: usize = counts.iter().rev().take(2).sum();
    if most <= MAX_ROWS {
        return Ok(());
    }
    Err(format!(
        "{most} rows of two classes to fit on are more than {MAX_ROWS}: svc keeps a number for every two rows; use fewer \
         rows, or random-forest"
    ))
}
