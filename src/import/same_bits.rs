//! Raw scores of the kernels beside those of the plain walk.

use super::error::ImportError;

/// Cells of the rows that are asked together.
pub(super) const TOGETHER: usize = 1 << 18;

/// Compares the raw scores of rows, row-major `[n_rows, n_outputs]`, with those that `walk` gives.
///
/// # Errors
/// The first row that has others.
pub(super) fn compare<'a>(
    rows: impl Iterator<Item = &'a [f64]>,
    got: Option<&[f64]>,
    n_outputs: usize,
    mut walk: impl FnMut(&'a [f64]) -> Vec<f64>,
) -> Result<(), ImportError> {
    let is_same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    let got = got.ok_or_else(|| ImportError::new("it has no raw scores"))?;
    for (row, got) in rows.zip(got.chunks_exact(n_outputs)) {
        let walked = walk(row);
        if !walked.iter().zip(got).all(is_same) {
            let problem = format_args!("the row {row:?} has the raw scores {got:?}, a plain walk gives {walked:?}");
            return Err(ImportError::new(problem));
        }
    }
    Ok(())
}
