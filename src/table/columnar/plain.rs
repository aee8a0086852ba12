//! Columns of numbers that need no judging one by one: whole columns are put into a batch as they are.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use super::value::as_f64;
use crate::model::cell::all_bounded;
use crate::model::schema::{Feature, FeatureKind};

/// The numbers of a column.
#[derive(Debug, Clone, Copy)]
enum Numbers<'a> {
    F64(&'a [f64]),
    F32(&'a [f32]),
    I64(&'a [i64]),
    I32(&'a [i32]),
}

/// The numbers of a column, each of which its feature takes as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainColumn<'a> {
    /// The feature's place in the schema.
    pub(super) feature: usize,
    numbers: Numbers<'a>,
}

impl<'a> PlainColumn<'a> {
    /// The column `at` of `batch` for the numeric feature at the place `place`: one without nulls, whose numbers are
    /// within bounds, or missing where the feature accepts that. `None` for any other.
    pub(super) fn of(place: usize, feature: &Feature, batch: &'a RecordBatch, at: usize) -> Option<Self> {
        let array: &'a dyn Array = batch.column(at);
        if feature.kind != FeatureKind::Numeric || array.null_count() > 0 {
            return None;
        }
        let takes_missing = feature.accepts_missing();
        // 64-bit integers and 32-bit floats are within the bounds of a cell, but for infinities.
        let numbers = match array.data_type() {
            DataType::Float64 => {
                let values: &[f64] = array.as_primitive::<Float64Type>().values();
                Numbers::F64(values).where_true(all_bounded(values, takes_missing))
            }
            DataType::Float32 => {
                let values: &[f32] = array.as_primitive::<Float32Type>().values();
                let fits = |value: &f32| value.is_finite() || value.is_nan() && takes_missing;
                Numbers::F32(values).where_true(values.iter().all(fits))
            }
            DataType::Int64 => Some(Numbers::I64(array.as_primitive::<Int64Type>().values())),
            DataType::Int32 => Some(Numbers::I32(array.as_primitive::<Int32Type>().values())),
            _ => None,
        };
        Some(Self { feature: place, numbers: numbers? })
    }

    /// Puts `rows` of it into every `step`-th cell.
    pub(super) fn put(&self, rows: Range<usize>, cells: &mut [f64], step: usize) {
        match self.numbers {
            Numbers::F64(values) => put(&values[rows], cells, step, |value| value),
            Numbers::F32(values) => put(&values[rows], cells, step, f64::from),
            Numbers::I64(values) => put(&values[rows], cells, step, as_f64),
            Numbers::I32(values) => put(&values[rows], cells, step, f64::from),
        }
    }
}

/// The numbers of a column of 64-bit floats without nulls, each of which is within the bounds of a cell, or a NaN: what
/// is missing.
pub(crate) fn plain_floats(array: &dyn Array) -> Option<&[f64]> {
    if array.data_type() != &DataType::Float64 || array.null_count() > 0 {
        return None;
    }
    let values: &[f64] = array.as_primitive::<Float64Type>().values();
    all_bounded(values, true).then_some(values)
}

impl Numbers<'_> {
    fn where_true(self, fits: bool) -> Option<Self> {
        fits.then_some(self)
    }
}

fn put<T: Copy>(values: &[T], cells: &mut [f64], step: usize, widened: impl Fn(T) -> f64) {
    cells.iter_mut().step_by(step).zip(values).for_each(|(cell, value)| *cell = widened(*value));
}
