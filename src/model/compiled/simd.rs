//! The widest vector instructions that this CPU has, for loops that the compiler vectorizes.
//!
//! The choice is made when the program runs: the binary is built for any x86-64, whose vectors are a quarter as wide as
//! those of a server's CPU. No answer depends on it: every lane computes what a scalar would, in
//! the same order, and Rust never fuses a multiplication with an addition on its own.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u64x8};

/// Runs `work` compiled for this CPU's vectors. It must be an `#[inline(always)]` closure, and so must be what it calls
/// and is to profit.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
pub(super) fn widest<R>(work: impl FnOnce() -> R) -> R {
    match Level::new() {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512(simd) => simd.vectorize(work),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2(simd) => simd.vectorize(work),
        _ => work(),
    }
}

/// Mask work with explicit SIMD. Autovectorization fails here: the short loops are unrolled first, and at this crate's
/// optimization level LLVM does not vectorize them afterwards.
pub(super) trait OnMasks {
    /// Runs the work. Implementations must be `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S);
}

/// Runs `work` with this CPU's vectors.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
pub(super) fn on_masks(work: impl OnMasks) {
    dispatch!(Level::new(), simd => work.run(simd));
}

/// `a | b & !c`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
pub(super) fn or_except<S: Simd, const W: usize>(simd: S, a: &[u64; W], b: &[u64; W], c: &[u64; W]) -> [u64; W] {
    let mut all = [0; W];
    let ((wide, rest), (a, a_rest), (b, b_rest), (c, c_rest)) =
        (all.as_chunks_mut::<8>(), a.as_chunks::<8>(), b.as_chunks::<8>(), c.as_chunks::<8>());
    for ((to, a), (b, c)) in wide.iter_mut().zip(a).zip(b.iter().zip(c)) {
        let [a, b, c] = [a, b, c].map(|words| u64x8::load_array_ref(simd, words));
        (a | (b & !c)).store_array(to);
    }
    for ((to, a), (b, c)) in rest.iter_mut().zip(a_rest).zip(b_rest.iter().zip(c_rest)) {
        *to = a | (b & !c);
    }
    all
}

/// `a ^ b`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
pub(super) fn xor<S: Simd, const W: usize>(simd: S, a: &[u64; W], b: &[u64; W]) -> [u64; W] {
    let mut all = [0; W];
    let ((wide, rest), (a, a_rest), (b, b_rest)) = (all.as_chunks_mut::<8>(), a.as_chunks::<8>(), b.as_chunks::<8>());
    for (to, (a, b)) in wide.iter_mut().zip(a.iter().zip(b)) {
        (u64x8::load_array_ref(simd, a) ^ u64x8::load_array_ref(simd, b)).store_array(to);
    }
    for (to, (a, b)) in rest.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *to = a ^ b;
    }
    all
}
