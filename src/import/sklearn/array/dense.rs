//! An array of numbers, texts or records: its bytes, read element by element.

use std::borrow::Cow;

use super::dtype::{Dtype, Element, Field, Scalar};
use crate::import::error::ImportError;
use crate::text::number::half_to_f64;

/// Dimensions at most, as in numpy.
const MAX_DIMENSIONS: usize = 32;

/// An array whose bytes are as many as its shape and type need.
#[derive(Debug, Clone)]
pub(in crate::import::sklearn) struct Array<'a> {
    pub(in crate::import::sklearn) shape: Vec<usize>,
    pub(super) dtype: Dtype,
    data: Cow<'a, [u8]>,
    /// True where the first index runs fastest.
    is_fortran: bool,
}

/// A field of an array of records.
#[derive(Debug, Clone)]
pub(in crate::import::sklearn) struct Column<'a> {
    array: &'a Array<'a>,
    field: Field,
}

/// Elements of a shape.
pub(super) fn n_elements(shape: &[usize]) -> Option<usize> {
    if shape.len() > MAX_DIMENSIONS { None } else { shape.iter().try_fold(1_usize, |n, length| n.checked_mul(*length)) }
}

impl<'a> Array<'a> {
    pub(super) fn new(
        shape: Vec<usize>,
        dtype: Dtype,
        is_fortran: bool,
        data: Cow<'a, [u8]>,
    ) -> Result<Self, ImportError> {
        // Elements without bytes would be as many as a shape says, for nothing.
        let needed = n_elements(&shape).filter(|n| *n == 0 || dtype.size > 0).and_then(|n| n.checked_mul(dtype.size));
        if needed != Some(data.len()) {
            return Err(ImportError::new(format_args!("an array of the shape {shape:?} has {} bytes", data.len())));
        }
        Ok(Self { shape, dtype, data, is_fortran })
    }

    /// How many elements there are.
    pub(in crate::import::sklearn) fn len(&self) -> usize {
        n_elements(&self.shape).unwrap_or(0)
    }

    /// How many bytes they have.
    pub(super) fn n_bytes(&self) -> usize {
        self.data.len()
    }

    /// The numbers, the last index running fastest.
    pub(in crate::import::sklearn) fn numbers(&self) -> Result<Vec<f64>, ImportError> {
        let Element::Number(scalar) = self.dtype.element else {
            return Err(ImportError::new("an array that should be of numbers is not"));
        };
        Ok(self.in_order(|bytes| number(scalar, self.dtype.is_big, bytes)))
    }

    /// Each element's bytes made into something, the last index running fastest.
    pub(super) fn in_order<T>(&self, read: impl Fn(&[u8]) -> T) -> Vec<T> {
        let (n, size) = (self.len(), self.dtype.size);
        let element = |at: usize| read(&self.data[at * size..(at + 1) * size]);
        if !self.is_fortran || self.shape.len() < 2 {
            return (0..n).map(element).collect();
        }
        let mut made = Vec::with_capacity(n);
        let mut index = vec![0; self.shape.len()];
        for _ in 0..n {
            let at = index.iter().zip(&self.shape).rev().fold(0, |at, (i, length)| at * length + i);
            made.push(element(at));
            for (i, length) in index.iter_mut().zip(&self.shape).rev() {
                *i += 1;
                if *i < *length {
                    break;
                }
                *i = 0;
            }
        }
        made
    }

    /// A field of the records, by name; `None` where they have none of that name.
    pub(in crate::import::sklearn) fn column(&'a self, name: &str) -> Option<Column<'a>> {
        let Element::Record(fields) = &self.dtype.element else { return None };
        let field = fields.iter().find(|field| field.name == name)?.clone();
        Some(Column { array: self, field })
    }

    /// The same, where it must be there.
    pub(in crate::import::sklearn) fn need(&'a self, name: &str) -> Result<Column<'a>, ImportError> {
        self.column(name).ok_or_else(|| ImportError::new(format_args!("the nodes of a tree have no field {name}")))
    }
}

impl Column<'_> {
    fn bytes(&self, at: usize) -> &[u8] {
        let start = at * self.array.dtype.size + self.field.offset;
        &self.array.data[start..start + self.field.scalar.size()]
    }

    /// The number at a position.
    pub(in crate::import::sklearn) fn number(&self, at: usize) -> f64 {
        number(self.field.scalar, self.field.is_big, self.bytes(at))
    }

    /// The whole number at a position; −1 for what is none, or above 2^53.
    pub(in crate::import::sklearn) fn position(&self, at: usize) -> Option<usize> {
        match self.field.scalar {
            Scalar::Float(_) => None,
            scalar => integer(scalar, self.field.is_big, self.bytes(at)).and_then(|v| usize::try_from(v).ok()),
        }
    }

    /// True for a number other than 0.
    pub(in crate::import::sklearn) fn is_set(&self, at: usize) -> bool {
        self.number(at) != 0.0
    }
}

/// The position that a number is; `None` for one that is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is checked before")]
pub(in crate::import::sklearn) fn position(number: f64) -> Option<usize> {
    (number >= 0.0 && number.fract() == 0.0 && number < 9e15).then_some(number as usize)
}

/// The bytes in little-endian order, filled up to eight.
fn little(is_big: bool, bytes: &[u8], high: u8) -> [u8; 8] {
    let mut full = [high; 8];
    full[..bytes.len()].copy_from_slice(bytes);
    if is_big {
        full[..bytes.len()].reverse();
    }
    full
}

/// An integer; `None` for one above i64's range.
pub(super) fn integer(scalar: Scalar, is_big: bool, bytes: &[u8]) -> Option<i64> {
    let high = if is_big { bytes.first() } else { bytes.last() };
    let is_negative = matches!(scalar, Scalar::Int(_)) && high.is_some_and(|high| high & 0x80 != 0);
    let full = little(is_big, bytes, if is_negative { 0xff } else { 0 });
    match scalar {
        Scalar::Int(_) => Some(i64::from_le_bytes(full)),
        _ => i64::try_from(u64::from_le_bytes(full)).ok(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "as numpy does it")]
pub(super) fn number(scalar: Scalar, is_big: bool, bytes: &[u8]) -> f64 {
    let full = little(is_big, bytes, 0);
    match scalar {
        Scalar::Float(8) => f64::from_le_bytes(full),
        Scalar::Float(4) => f64::from(f32::from_le_bytes([full[0], full[1], full[2], full[3]])),
        Scalar::Float(_) => half_to_f64(u16::from_le_bytes([full[0], full[1]])),
        Scalar::Unsigned(_) | Scalar::Bool => u64::from_le_bytes(full) as f64,
        Scalar::Int(_) => integer(scalar, is_big, bytes).unwrap_or(0) as f64,
    }
}
