//! Which training rows each fold of the cross-validation is fitted on, and which it holds out.

/// The folds of the training rows.
#[derive(Debug)]
pub(crate) struct Folds {
    n: u32,
    /// The fold that holds each training row out; `None` where no fold does.
    held_by: Vec<Option<u32>>,
    /// True where a fold is fitted on the rows of earlier folds, and on those that no fold holds out.
    is_forward: bool,
}

impl Folds {
    /// No cross-validation of `n_rows` training rows.
    pub(crate) fn none(n_rows: usize) -> Self {
        Self { n: 0, held_by: vec![None; n_rows], is_forward: false }
    }

    /// `n` folds, each of which holds some rows out and is fitted on all others; `fold` is that of each training row.
    pub(crate) fn of_rows(n: u32, fold: Vec<u32>) -> Self {
        Self { n, held_by: fold.into_iter().map(Some).collect(), is_forward: false }
    }

    /// `n` folds in order of time, each of which is fitted on the rows before it; `None` is before the first.
    pub(crate) fn forward(n: u32, held_by: Vec<Option<u32>>) -> Self {
        Self { n, held_by, is_forward: true }
    }

    /// How many there are; 0 without cross-validation.
    pub(crate) fn n(&self) -> u32 {
        self.n
    }

    /// The rows that a fold holds out and those that it is fitted on, both ascending.
    pub(crate) fn split(&self, fold: u32) -> (Vec<usize>, Vec<usize>) {
        let rows_where = |wanted: &dyn Fn(Option<u32>) -> bool| {
            (0..self.held_by.len()).filter(|row| wanted(self.held_by[*row])).collect::<Vec<usize>>()
        };
        // `None` is less than every fold.
        let is_fitted_on = |by: Option<u32>| if self.is_forward { by < Some(fold) } else { by != Some(fold) };
        (rows_where(&|by| by == Some(fold)), rows_where(&is_fitted_on))
    }

    /// How many fits on all training rows the fits of all folds are worth, by their rows.
    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    pub(crate) fn worth(&self) -> f64 {
        let rows: usize = (0..self.n).map(|fold| self.split(fold).1.len()).sum();
        rows as f64 / self.held_by.len().max(1) as f64
    }

    /// The rows that some fold holds out, ascending: those with an out-of-fold score.
    pub(crate) fn scored(&self) -> Vec<usize> {
        (0..self.held_by.len()).filter(|row| self.held_by[*row].is_some()).collect()
    }

    /// The fold that holds each row of [`Self::scored`] out.
    pub(crate) fn of_scored(&self) -> Vec<u32> {
        self.held_by.iter().flatten().copied().collect()
    }

    /// The places in [`Self::scored`] of the rows that a fold holds out, and those of the others, both ascending.
    pub(crate) fn split_scored(&self, fold: u32) -> (Vec<usize>, Vec<usize>) {
        let of_scored = self.of_scored();
        (0..of_scored.len()).partition(|at| of_scored[*at] == fold)
    }
}
