//! Steps at work: a row of features into a row of the predictor's columns.

use super::steps::{Operation, Steps};

impl Steps {
    /// Encodes a row of features into `out`, `[n_outputs]`; `slots` is a buffer. The steps are checked.
    pub(in crate::model) fn encode(&self, row: &[f64], slots: &mut Vec<f64>, out: &mut [f64]) {
        slots.clear();
        slots.extend_from_slice(row);
        for step in &self.steps {
            let x = slots[step.input as usize];
            if let Operation::OneHot(values) = &step.operation {
                slots.extend(values.iter().map(|value| f64::from(u8::from(is_same(x, *value)))));
            } else {
                slots.push(step.operation.apply(x));
            }
        }
        for (cell, column) in out.iter_mut().zip(&self.outputs) {
            *cell = slots[*column as usize];
        }
    }
}

impl Operation {
    /// The value of an operation that makes one column.
    fn apply(&self, x: f64) -> f64 {
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
