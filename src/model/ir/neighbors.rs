//! Nearest neighbours: the training rows with their targets.

use super::finite::check_finite;

/// The k nearest of the rows by Euclidean distance, all weighing the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbors {
    /// Columns of a row.
    pub(in crate::model) n_columns: usize,
    /// Row-major `[n_rows, n_columns]`.
    pub(in crate::model) rows: Vec<f64>,
    /// A row's value, or the position of its class: `[n_rows]`.
    pub(in crate::model) targets: Vec<f64>,
    /// Classes; 0 where targets are values.
    pub(in crate::model) n_classes: usize,
    /// How many neighbours answer: 1 to the number of rows.
    pub(in crate::model) k: usize,
}

impl Neighbors {
    /// Checks row-major `rows`, `[n_rows, n_columns]`, with a target each: a value where `n_classes` is 0, else the
    /// position of a class.
    ///
    /// # Errors
    /// One sentence: the dimensions do not agree, a number is not finite, a class or k is out of range.
    pub fn new(
        n_columns: usize,
        rows: Vec<f64>,
        targets: Vec<f64>,
        n_classes: usize,
        k: usize,
    ) -> Result<Self, String> {
        let n = targets.len();
        if n_columns == 0 || rows.len() != n * n_columns || u32::try_from(n).map_or(true, |n| n == u32::MAX) {
            return Err(format!("{} cells in rows of {n_columns} have {n} targets", rows.len()));
        }
        if !(1..=n).contains(&k) {
            return Err(format!("{k} neighbours of {n} rows"));
        }
        check_finite("a cell of a row", &rows)?;
        let limit = f64::from(u32::try_from(n_classes).map_err(|_| format!("{n_classes} classes are too many"))?);
        let fits = |t: &f64| if n_classes == 0 { t.is_finite() } else { *t >= 0.0 && *t < limit && t.fract() == 0.0 };
        if let Some(target) = targets.iter().find(|t| !fits(t)) {
            return Err(format!("a row has the target {target}"));
        }
        Ok(Self { n_columns, rows, targets, n_classes, k })
    }
}
