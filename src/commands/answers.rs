//! A model's answers for a chunk of a table, and how far one answer is from another.

use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::labels;
use crate::model::prediction::{PredictError, Prediction};
use crate::table::TableRows;

use super::failure::{Exit, Failure};

/// Answers a batch, which holds rows of the reader's last chunk: `place_of` gives a row's place in the chunk.
///
/// # Errors
/// 65 a row with a number that the model cannot take, 1 a row without a finite answer.
pub(super) fn answers(
    model: &Model,
    batch: &Batch,
    scratch: &mut Scratch,
    rows: &TableRows<'_>,
    place_of: impl Fn(usize) -> usize,
) -> Result<Prediction, Failure> {
    model.predict(batch, scratch).map_err(|PredictError { row, cells }| {
        let row = place_of(row);
        if cells.is_empty() {
            let what = format_args!("{}: the model's answer is not a finite number", rows.place(row));
            return Failure::new(Exit::Failed, what);
        }
        rows.refuse(row, cells.into_iter().map(|cell| (cell.feature, cell.detail))).into()
    })
}

/// How a row is answered by one model and by another, or before and after a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RowDifference {
    /// The greatest of its answers' differences: of numbers, of a classifier of the probabilities, and 1 for another
    /// label where there are none.
    pub(super) size: f64,
    /// New minus old, of a model of one number.
    pub(super) change: Option<f64>,
    /// True where the label is another.
    pub(super) is_other_label: bool,
}

/// The classes of a new model in terms of an old one's.
#[derive(Debug)]
pub(super) struct ClassMap {
    /// For each class of the new model its place in the old one.
    old: Vec<Option<usize>>,
    /// The places in the old model of classes that the new one does not have.
    gone: Vec<usize>,
    n_old: usize,
}

impl ClassMap {
    /// Matches classes by their labels.
    pub(super) fn new(new: &[String], old: &[String]) -> Self {
        let place: Vec<Option<usize>> = new.iter().map(|label| labels::position(old, label)).collect();
        let gone = (0..old.len()).filter(|at| !place.contains(&Some(*at))).collect();
        Self { old: place, gone, n_old: old.len() }
    }

    /// The difference of each row. Both are numbers, as many a row, or both classes.
    pub(super) fn differences(&self, new: &Prediction, old: &Prediction) -> Vec<RowDifference> {
        match (new, old) {
            (Prediction::Regression { values: new, n_outputs }, Prediction::Regression { values: old, .. }) => {
                let rows = new.chunks_exact(*n_outputs).zip(old.chunks_exact(*n_outputs));
                rows.map(|(new, old)| numbers(new, old)).collect()
            }
            (
                Prediction::Classification { classes: new, probability: p },
                Prediction::Classification { classes: old, probability: q },
            ) => {
                let pairs = p.as_deref().zip(q.as_deref());
                (0..new.len()).map(|row| self.classes(row, new[row] as usize, old[row] as usize, pairs)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn classes(&self, row: usize, new: usize, old: usize, probabilities: Option<(&[f64], &[f64])>) -> RowDifference {
        let is_other_label = self.old[new] != Some(old);
        let size = probabilities.map_or(f64::from(u8::from(is_other_label)), |(p, q)| {
            let (p, q) = (&p[row * self.old.len()..], &q[row * self.n_old..]);
            let kept = self.old.iter().zip(p).map(|(old, p)| (p - old.map_or(0.0, |old| q[old])).abs());
            kept.chain(self.gone.iter().map(|old| q[*old])).fold(0.0, f64::max)
        });
        RowDifference { size, change: None, is_other_label }
    }
}

fn numbers(new: &[f64], old: &[f64]) -> RowDifference {
    let size = new.iter().zip(old).map(|(new, old)| (new - old).abs()).fold(0.0, f64::max);
    let change = (new.len() == 1).then(|| new[0] - old[0]);
    RowDifference { size, change, is_other_label: false }
}
