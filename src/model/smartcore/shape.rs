//! What a reader of the `estimator` section must know besides the bytes, and what several objects repeat of it.

use super::postcard::PostcardReader;
use crate::model::algorithm::Algorithm;
use crate::model::schema::Task;

/// What a model's header says of its estimator.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Which estimator the bytes hold.
    pub algorithm: Algorithm,
    /// What it predicts.
    pub task: Task,
    /// Encoded columns.
    pub n_columns: usize,
    /// Classes; 0 for regression.
    pub n_classes: usize,
}

impl Shape {
    /// Reads the class list of an estimator fitted on class positions: 0, 1, … in order.
    pub(super) fn read_classes(self, reader: &mut PostcardReader<'_>) -> Result<(), String> {
        let n = reader.length(1, "classes")?;
        if n != self.n_classes {
            return reader.fault(format_args!("{n} classes, the header lists {}", self.n_classes));
        }
        for expected in 0..n {
            if reader.u64()? != expected as u64 {
                return reader.fault("the classes are not 0, 1, … in order");
            }
        }
        Ok(())
    }

    /// Reads the number of columns that an estimator was fitted on.
    pub(super) fn read_columns(self, reader: &mut PostcardReader<'_>) -> Result<(), String> {
        let (declared, given) = (reader.u64()?, self.n_columns);
        if declared == given as u64 {
            return Ok(());
        }
        reader.fault(format_args!("the estimator was fitted on {declared} columns, preprocessing gives {given}"))
    }
}
