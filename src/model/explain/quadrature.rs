//! Gauss-Legendre quadrature on [0, 1]: points and weights that integrate a polynomial of degree below 2n exactly.

/// Points and weights.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quadrature {
    /// `[n]`, above 0 and below 1.
    pub(super) points: Vec<f64>,
    /// `[n]`, above 0; their sum is 1.
    pub(super) weights: Vec<f64>,
}

impl Quadrature {
    /// Of `n` points, at least 1: the roots of the Legendre polynomial Pₙ, found by Newton's method from their
    /// asymptotic places (Press et al., Numerical Recipes, §4.6).
    #[expect(clippy::cast_precision_loss, reason = "there are at most 64 points")]
    pub(super) fn new(n: usize) -> Self {
        const STEPS: usize = 10;
        let (mut points, mut weights) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for i in 0..n {
            let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
            for _ in 0..STEPS {
                let (value, slope) = legendre(n, x);
                let next = x - value / slope;
                // The steps after one that changes nothing change nothing either.
                if next == x {
                    break;
                }
                x = next;
            }
            let (_, slope) = legendre(n, x);
            points.push(0.5 - 0.5 * x);
            weights.push(1.0 / ((1.0 - x * x) * slope * slope));
        }
        Self { points, weights }
    }
}

/// Pₙ and its derivative at x, by the three-term recurrence.
#[expect(clippy::cast_precision_loss, reason = "there are at most 64 points")]
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut value, mut before) = (1.0, 0.0);
    for k in 0..n {
        let k = k as f64;
        (value, before) = (((2.0 * k + 1.0) * x * value - k * before) / (k + 1.0), value);
    }
    (value, n as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_below_twice_the_points_are_integrated_exactly() {
        for n in [1, 2, 4, 8, 16, 32, 64] {
            let Quadrature { points, weights } = Quadrature::new(n);
            for power in 0..2 * n {
                let power = i32::try_from(power).unwrap();
                let sum: f64 = points.iter().zip(&weights).map(|(t, w)| w * t.powi(power)).sum();
                let exact = 1.0 / f64::from(power + 1);
                assert!((sum - exact).abs() < 4e-15, "n {n}, t^{power}: {sum} is not {exact}");
            }
        }
    }
}
