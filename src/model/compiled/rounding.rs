//! Rounding to 32 bits, for models whose source computes in them.

/// The nearest f32. A sum, difference, product or quotient of two f32 numbers may be rounded to f64 before: it is the
/// same.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
pub(super) fn to_f32(v: f64) -> f32 {
    v as f32
}

/// The nearest f32, as an f64.
#[inline]
pub(super) fn rounded_to_f32(v: f64) -> f64 {
    f64::from(to_f32(v))
}
