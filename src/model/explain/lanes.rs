//! Numbers at the points of a quadrature, four together, on this CPU's vectors.
//!
//! Loops over blocks are written out with their index: of iterators and closures not all are inlined, and what is not
//! inlined is compiled for the smallest CPU.
#![expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]

use fearless_simd::f64x4;
use fearless_simd::prelude::*;

/// Points that are computed together.
pub(super) const LANES: usize = 4;

/// A number at each of `B` times [`LANES`] points.
pub(super) type Numbers<const B: usize> = [[f64; LANES]; B];

/// Numbers as vectors of this CPU.
#[inline(always)]
pub(super) fn load<S: Simd, const B: usize>(simd: S, from: &Numbers<B>) -> [f64x4<S>; B] {
    let mut numbers = [f64x4::splat(simd, 0.0); B];
    for b in 0..B {
        numbers[b] = f64x4::load_array_ref(simd, &from[b]);
    }
    numbers
}

/// Vectors as numbers.
#[inline(always)]
pub(super) fn store<S: Simd, const B: usize>(numbers: &[f64x4<S>; B], to: &mut Numbers<B>) {
    for b in 0..B {
        numbers[b].store_array(&mut to[b]);
    }
}

/// The products a · b of all blocks, added up.
#[inline(always)]
pub(super) fn dot<S: Simd, const B: usize>(a: &[f64x4<S>; B], b: &[f64x4<S>; B]) -> f64x4<S> {
    let mut terms = a[0] * b[0];
    for i in 1..B {
        terms += a[i] * b[i];
    }
    terms
}

/// Four numbers, added up in the same order on every CPU.
pub(super) fn sum(four: &[f64; LANES]) -> f64 {
    (four[0] + four[2]) + (four[1] + four[3])
}
