//! Comparisons made in f32, as exact f64 bounds.
//!
//! Rounding f64 → f32 is monotone, so the f64 numbers whose rounded value is at most `t` are exactly those at most one
//! number B: half way to the next f32, or one f64 below that where the tie rounds up. A kernel that compares f64 with B
//! answers as one that rounds first. NaN fails on both sides.

/// 2^103, half the distance from the largest f32 to 2^128: that far beyond it a number rounds to infinity.
const HALF_STEP_BEYOND_MAX: f64 = f64::from_bits((1023 + 103) << 52);

/// The B for which `x <= B` holds exactly when `x as f32 <= t`. `t` is no NaN.
pub fn at_most_f32(t: f32) -> f64 {
    if t == f32::INFINITY {
        return f64::INFINITY;
    }
    let middle = if t == f32::MAX {
        f64::from(t) + HALF_STEP_BEYOND_MAX
    } else if t == f32::NEG_INFINITY {
        f64::from(f32::MIN) - HALF_STEP_BEYOND_MAX
    } else {
        f64::midpoint(f64::from(t), f64::from(t.next_up()))
    };
    if rounded(middle) <= t { middle } else { middle.next_down() }
}

/// The B for which `x <= B` holds exactly when `(x as f32) < t`; `None` for −∞, below which nothing is. `t` is no NaN.
pub fn below_f32(t: f32) -> Option<f64> {
    (t > f32::NEG_INFINITY).then(|| at_most_f32(t.next_down()))
}

#[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn rounded(x: f64) -> f32 {
    x as f32
}
