//! Nearest neighbours: the training rows with their targets.

/// The k nearest of the rows by Euclidean distance, all weighing the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbors {
    n_columns: usize,
    rows: Vec<f64>,
    targets: Vec<f64>,
    n_classes: usize,
    k: usize,
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
        if rows.iter().any(|cell| !cell.is_finite()) {
            return Err("a cell of a row is not finite".to_owned());
        }
        let limit = f64::from(u32::try_from(n_classes).map_err(|_| format!("{n_classes} classes are too many"))?);
        let fits = |t: &f64| if n_classes == 0 { t.is_finite() } else { *t >= 0.0 && *t < limit && t.fract() == 0.0 };
        if let Some(target) = targets.iter().find(|t| !fits(t)) {
            return Err(format!("a row has the target {target}"));
        }
        Ok(Self { n_columns, rows, targets, n_classes, k })
    }

    /// Columns of a row.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Row-major `[n_rows, n_columns]`.
    pub fn rows(&self) -> &[f64] {
        &self.rows
    }

    /// A row's value, or the position of its class: `[n_rows]`.
    pub fn targets(&self) -> &[f64] {
        &self.targets
    }

    /// Classes; 0 where targets are values.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// How many neighbours answer: 1 to the number of rows.
    pub fn k(&self) -> usize {
        self.k
    }
}
