//! Steps at work: a row of features into a row of the predictor's columns.

use super::steps::{Operation, Step, Steps};

impl Steps {
    /// Encodes a row of features into `out`, `[n_outputs]`; `columns` is a buffer. The steps are checked.
    pub(in crate::model) fn encode(&self, row: &[f64], columns: &mut Vec<f64>, out: &mut [f64]) {
        columns.clear();
        columns.extend_from_slice(row);
        for step in &self.steps {
            let x = columns[step.input as usize];
            if let Operation::OneHot(values) = &step.operation {
                columns.extend(values.iter().map(|value| f64::from(u8::from(is_same(x, *value)))));
            } else {
                columns.push(step.operation.apply(x));
            }
        }
        for (cell, column) in out.iter_mut().zip(&self.outputs) {
            *cell = columns[*column as usize];
        }
    }
}

/// A step, and what it makes of a feature's cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) struct Stop {
    /// The position of the feature that it reads, at the end.
    pub(in crate::model) feature: usize,
    /// What it is called.
    pub(in crate::model) operation: &'static str,
    /// What it makes.
    pub(in crate::model) made: f64,
}

/// The largest number that the predictor is given of a feature's cell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::model) struct Given {
    /// Its size.
    pub(in crate::model) size: f64,
    /// The function that made it, and what it made, if one did.
    pub(in crate::model) function: Option<(&'static str, f64)>,
}

impl Steps {
    /// The steps that leave the predictor without a finite number for a row, though they were given one. A feature is
    /// told once, in schema order.
    pub(in crate::model) fn stops(&self, row: &[f64]) -> Vec<Stop> {
        let mut columns = Vec::new();
        self.encode(row, &mut columns, &mut []);
        let made = self.steps_of_columns();
        let mut stops: Vec<Stop> = Vec::new();
        for output in &self.outputs {
            let mut column = *output as usize;
            let mut stop = None;
            while let Some(step) = column.checked_sub(row.len()).map(|at| made[at]) {
                let input = step.input as usize;
                if !columns[column].is_finite() && columns[input].is_finite() {
                    stop = step.operation.overflowing().map(|operation| (operation, columns[column]));
                }
                column = input;
            }
            if let Some((operation, made)) = stop {
                stops.push(Stop { feature: column, operation, made });
            }
        }
        stops.sort_by_key(|stop| stop.feature);
        stops.dedup_by_key(|stop| stop.feature);
        stops
    }

    /// The largest number that the predictor is given of each feature's cell.
    pub(in crate::model) fn given(&self, row: &[f64]) -> Vec<Given> {
        let mut columns = Vec::new();
        self.encode(row, &mut columns, &mut []);
        let made = self.steps_of_columns();
        let mut given = vec![Given::default(); row.len()];
        for output in &self.outputs {
            let (mut column, mut function) = (*output as usize, None);
            let size = columns[column].abs();
            while let Some(step) = column.checked_sub(row.len()).map(|at| made[at]) {
                if let Operation::Function(own) = &step.operation {
                    function = Some((own.name(), columns[column]));
                }
                column = step.input as usize;
            }
            if size > given[column].size {
                given[column] = Given { size, function };
            }
        }
        given
    }

    /// Of each output the position of the feature that it is made from; rows are of `n_features`.
    pub(in crate::model) fn features_of_outputs(&self, n_features: usize) -> Vec<u32> {
        let made = self.steps_of_columns();
        let feature = |output: &u32| {
            let mut column = *output;
            while let Some(step) = (column as usize).checked_sub(n_features).map(|at| made[at]) {
                column = step.input;
            }
            column
        };
        self.outputs.iter().map(feature).collect()
    }

    /// The step of each column after the features; one-hot columns are all the same step's.
    fn steps_of_columns(&self) -> Vec<&Step> {
        self.steps.iter().flat_map(|step| std::iter::repeat_n(step, step.operation.n_made())).collect()
    }
}

impl Operation {
    /// What it is called, if it can make something that is not finite of a number.
    fn overflowing(&self) -> Option<&'static str> {
        match self {
            Self::Standardize { .. } | Self::Affine { .. } => Some("its scaling"),
            Self::Narrow => Some("rounding to 32 bits"),
            Self::Function(function) => Some(function.name()),
            _ => None,
        }
    }

    /// The value of an operation that makes one column.
    pub(crate) fn apply(&self, x: f64) -> f64 {
        match self {
            Self::Codes { codes, unknown } => {
                if x.is_nan() {
                    return x;
                }
                codes.get(position(x)).copied().unwrap_or(*unknown)
            }
            Self::AsMissing(value) if x == *value => f64::NAN,
            Self::Fill(value) if x.is_nan() => *value,
            Self::AsMissing(_) | Self::Fill(_) => x,
            Self::IsMissing => f64::from(u8::from(x.is_nan())),
            Self::OneHot(_) => f64::NAN,
            Self::Standardize { offset, divisor } => (x - offset) / divisor,
            Self::Affine { factor, offset } => x * factor + offset,
            Self::Clip { low, high } => x.clamp(*low, *high),
            Self::Function(function) => function.of(x),
            Self::Narrow => narrow(x),
            Self::DatePart(part) => part.of(x),
        }
    }
}

fn is_same(x: f64, value: f64) -> bool {
    x == value || x.is_nan() && value.is_nan()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a batch holds positions")]
fn position(x: f64) -> usize {
    x as usize
}

#[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn narrow(x: f64) -> f64 {
    f64::from(x as f32)
}
