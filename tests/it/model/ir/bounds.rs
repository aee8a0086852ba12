//! Comparisons made in f32 are exact as f64 bounds.

use proptest::prelude::*;
use smartserve::model::ir::bounds::{at_most_f32, below_f32};

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
        assert_eq!(x <= at_most_f32(t), (x as f32) <= t, "{x:e} <= {t:e}");
        assert_eq!(below_f32(t).is_some_and(|b| x <= b), (x as f32) < t, "{x:e} < {t:e}");
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
