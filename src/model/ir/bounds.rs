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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{at_most_f32, below_f32, rounded};

    /// Every f64 next to the bound, to the threshold and to what lies half way between its neighbours.
    fn around(t: f32) -> Vec<f64> {
        let bounds = [Some(at_most_f32(t)), below_f32(t)];
        let mut centres: Vec<f64> = bounds.into_iter().flatten().collect();
        for near in [t.next_down(), t, t.next_up()] {
            centres.push(f64::from(near));
            centres.push(f64::midpoint(f64::from(near), f64::from(near.next_up())));
        }
        let mut all = vec![0.0, -0.0, f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        for centre in centres {
            let (mut up, mut down) = (centre, centre);
            for _ in 0..5 {
                all.extend([up, down]);
                (up, down) = (up.next_up(), down.next_down());
            }
        }
        all
    }

    fn check(t: f32) {
        for x in around(t) {
            assert_eq!(x <= at_most_f32(t), rounded(x) <= t, "{x:e} <= {t:e}");
            assert_eq!(below_f32(t).is_some_and(|b| x <= b), rounded(x) < t, "{x:e} < {t:e}");
        }
    }

    #[test]
    fn bounds_are_exact_at_the_edges_of_f32() {
        let smallest = f32::from_bits(1);
        for t in [0.0, smallest, f32::MIN_POSITIVE, f32::MIN_POSITIVE.next_down(), 1.0, 0.1, 16_777_217.0, f32::MAX] {
            check(t);
            check(-t);
        }
        check(f32::INFINITY);
        check(f32::NEG_INFINITY);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn bounds_are_exact_around_any_threshold(bits: u32) {
            let t = f32::from_bits(bits);
            if !t.is_nan() {
                check(t);
            }
        }
    }
}
