//! The widest vector instructions that this CPU has, for loops that the compiler vectorizes.
//!
//! Stands apart because the choice is made when the program runs: the binary is built for any x86-64, whose vectors are
//! a quarter as wide as those of a server's CPU. No answer depends on it: every lane computes what a scalar would, in
//! the same order, and Rust never fuses a multiplication with an addition on its own.

use fearless_simd::{Level, Simd};

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
