//! The element types of tensors: their names, ranges and bytes.
//!
//! A JSON element and a binary one of the same type read as the same number: what the type cannot hold is refused, what
//! it holds only nearly (`FP32`, `FP16`) is rounded to it.

use std::fmt;

use crate::model::labels::LabelKind;
use crate::text::number::half_to_f64;

/// An element's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its name")]
pub enum Datatype {
    Bool,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Int8,
    Int16,
    Int32,
    Int64,
    Fp16,
    Fp32,
    Fp64,
    Bytes,
}

/// One more than the largest `i64`.
const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// The least and the greatest whole number of a type.
type Range = (i128, i128);

impl Datatype {
    /// All of them, in the protocol's order.
    pub const ALL: [Self; 13] = [
        Self::Bool,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::Uint64,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Fp16,
        Self::Fp32,
        Self::Fp64,
        Self::Bytes,
    ];

    /// The protocol's name.
    pub fn as_str(self) -> &'static str {
        const NAMES: [&str; 13] = [
            "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64",
            "BYTES",
        ];
        NAMES[self as usize]
    }

    /// The type called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|datatype| datatype.as_str() == name)
    }

    /// The type of an output that holds labels of this kind.
    pub fn of_labels(kind: LabelKind) -> Self {
        match kind {
            LabelKind::Integers => Self::Int64,
            LabelKind::Numbers => Self::Fp64,
            LabelKind::Text => Self::Bytes,
        }
    }

    /// Bytes of an element in binary; none for `BYTES`, whose elements tell their length.
    pub fn size(self) -> Option<usize> {
        match self {
            Self::Bool | Self::Uint8 | Self::Int8 => Some(1),
            Self::Uint16 | Self::Int16 | Self::Fp16 => Some(2),
            Self::Uint32 | Self::Int32 | Self::Fp32 => Some(4),
            Self::Uint64 | Self::Int64 | Self::Fp64 => Some(8),
            Self::Bytes => None,
        }
    }

    /// The values of the type, for error texts.
    pub fn holds(self) -> String {
        match (self, self.range()) {
            (Self::Bool, _) => "true or false (1 or 0)".to_owned(),
            (Self::Bytes, _) => "text".to_owned(),
            (_, Some((min, max))) => format!("whole numbers from {min} to {max}"),
            (_, None) => "numbers".to_owned(),
        }
    }

    /// A JSON number as an element of this type; none when the type cannot hold it. `text` spells the number: at the
    /// ends of 64 bits its `f64` alone does not tell.
    #[inline]
    pub fn number(self, value: f64, text: impl FnOnce() -> String) -> Option<f64> {
        if self == Self::Fp64 { Some(value) } else { self.narrow(value, text) }
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounding to the type is what is asked")]
    fn narrow(self, value: f64, text: impl FnOnce() -> String) -> Option<f64> {
        let (least, most) = match self {
            Self::Fp32 => return Some(f64::from(value as f32)).filter(|v| v.is_finite()),
            Self::Fp16 => return to_half(value),
            Self::Bool => (0.0, 1.0),
            Self::Uint8 => (0.0, f64::from(u8::MAX)),
            Self::Int8 => (f64::from(i8::MIN), f64::from(i8::MAX)),
            Self::Uint16 => (0.0, f64::from(u16::MAX)),
            Self::Int16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
            Self::Uint32 => (0.0, f64::from(u32::MAX)),
            Self::Int32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
            Self::Uint64 => (0.0, TWO_TO_63 * 2.0),
            Self::Int64 => (-TWO_TO_63, TWO_TO_63),
            Self::Fp64 | Self::Bytes => return None,
        };
        let mut fits = value.fract() == 0.0 && (least..=most).contains(&value);
        if fits && value.abs() >= TWO_TO_63 && (value == least || value == most) {
            let exact = text().trim().parse::<i128>();
            fits = self.range().is_some_and(|(min, max)| exact.is_ok_and(|exact| (min..=max).contains(&exact)));
        }
        // Integers have one zero.
        fits.then_some(value + 0.0)
    }

    /// An element of [`Datatype::size`] little-endian bytes as a number; none for a `BOOL` that is neither 0 nor 1,
    /// for `BYTES`, and for another number of bytes.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "64-bit integers are rounded as JSON's are")]
    pub fn decode(self, bytes: &[u8]) -> Option<f64> {
        Some(match self {
            Self::Fp64 => f64::from_le_bytes(bytes.try_into().ok()?),
            Self::Fp32 => f32::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::Fp16 => half_to_f64(u16::from_le_bytes(bytes.try_into().ok()?)),
            Self::Int64 => i64::from_le_bytes(bytes.try_into().ok()?) as f64,
            Self::Int32 => i32::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::Int16 => i16::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::Int8 => i8::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::Uint64 => u64::from_le_bytes(bytes.try_into().ok()?) as f64,
            Self::Uint32 => u32::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::Uint16 => u16::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::Uint8 => u8::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::Bool => match bytes {
                [0] => 0.0,
                [1] => 1.0,
                _ => return None,
            },
            Self::Bytes => return None,
        })
    }

    /// True for the types of numbers that are not whole.
    pub fn is_float(self) -> bool {
        matches!(self, Self::Fp16 | Self::Fp32 | Self::Fp64)
    }

    /// An element of [`Datatype::size`] little-endian bytes as people spell it: an integer's digits, all of them, or
    /// the shortest text of a float (`1.0`); none where [`Datatype::decode`] gives none.
    pub fn text(self, bytes: &[u8]) -> Option<String> {
        Some(match self {
            Self::Int64 => i64::from_le_bytes(bytes.try_into().ok()?).to_string(),
            Self::Uint64 => u64::from_le_bytes(bytes.try_into().ok()?).to_string(),
            Self::Fp32 => format!("{:?}", f32::from_le_bytes(bytes.try_into().ok()?)),
            Self::Fp16 | Self::Fp64 => format!("{:?}", self.decode(bytes)?),
            _ => self.decode(bytes)?.to_string(),
        })
    }

    fn range(self) -> Option<Range> {
        match self {
            Self::Uint8 => Some((0, u8::MAX.into())),
            Self::Uint16 => Some((0, u16::MAX.into())),
            Self::Uint32 => Some((0, u32::MAX.into())),
            Self::Uint64 => Some((0, u64::MAX.into())),
            Self::Int8 => Some((i8::MIN.into(), i8::MAX.into())),
            Self::Int16 => Some((i16::MIN.into(), i16::MAX.into())),
            Self::Int32 => Some((i32::MIN.into(), i32::MAX.into())),
            Self::Int64 => Some((i64::MIN.into(), i64::MAX.into())),
            Self::Bool | Self::Fp16 | Self::Fp32 | Self::Fp64 | Self::Bytes => None,
        }
    }
}

impl fmt::Display for Datatype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The nearest number that half precision holds (ties to even); none beyond its range.
fn to_half(value: f64) -> Option<f64> {
    const MOST: f64 = 65_504.0;
    // The exponent's bits; below half's normal range the spacing of its numbers stays the same.
    let exponent = i32::try_from(value.to_bits() >> 52 & 0x7FF).unwrap_or_default() - 1023;
    let spacing = 2_f64.powi(exponent.clamp(-14, 16) - 10);
    let rounded = (value / spacing).round_ties_even() * spacing;
    (rounded.abs() <= MOST).then_some(rounded)
}
