//! The loss that boosting minimizes: gradients, hessians, leaf values, and the mean loss for early stopping.

use super::target::weighted_quantile;
use crate::model::compiled::softmax;
use crate::train::options::Loss;

/// The smallest step of a leaf with a logarithmic link: of a leaf of zeros alone it would be −∞.
const LEAST_STEP: f64 = -0.99;

/// The kind of target and its loss, for a scaled target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Objective {
    /// A number; the `delta` of Huber's loss is in units of the scaled target.
    Number(Loss, f64),
    /// The second of two classes.
    Binary,
    /// One of this many classes.
    Classes(usize),
}

impl Objective {
    /// Margins a row.
    pub(super) fn n_outputs(self) -> usize {
        if let Self::Classes(n) = self { n } else { 1 }
    }

    /// True where each row's hessian is its weight.
    pub(super) fn has_unit_hessians(self) -> bool {
        match self {
            Self::Number(loss, _) => {
                matches!(loss, Loss::Squared | Loss::Absolute | Loss::Quantile { .. } | Loss::Gamma)
            }
            Self::Binary | Self::Classes(_) => false,
        }
    }

    /// Each row's gradient and hessian at its margins (`[n_rows, n_outputs]`), by outputs.
    pub(super) fn gradients(
        self,
        margins: &[f64],
        labels: &[f64],
        weights: Option<&[f64]>,
        by_output: &mut [Vec<[f32; 2]>],
    ) {
        let n_outputs = self.n_outputs();
        let mut probabilities = vec![0.0; n_outputs];
        for (row, (margins, label)) in margins.chunks_exact(n_outputs).zip(labels).enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            if let Self::Classes(n) = self {
                probabilities.copy_from_slice(margins);
                softmax(&mut probabilities);
                for ((class, p), gradients) in probabilities.iter().enumerate().zip(by_output.iter_mut()) {
                    gradients[row] = weighted(weight, of_class(*p, is_class(*label, class), n));
                }
                continue;
            }
            by_output[0][row] = weighted(weight, self.of_one(margins[0], *label));
        }
    }

    /// The gradient and the hessian of a row with one margin.
    fn of_one(self, margin: f64, label: f64) -> (f64, f64) {
        let residual = margin - label;
        match self {
            Self::Binary => {
                let p = logistic(margin);
                (p - label, p * (1.0 - p))
            }
            Self::Number(Loss::Squared, _) => (residual, 1.0),
            Self::Number(Loss::Absolute, _) => (if residual > 0.0 { 1.0 } else { -1.0 }, 1.0),
            Self::Number(Loss::Quantile { level }, _) => (if residual > 0.0 { 1.0 - level } else { -level }, 1.0),
            Self::Number(Loss::Huber { .. }, delta) => {
                // The curvature of the parabola that touches the loss here and is nowhere below it.
                let curvature = 1.0 / (1.0 + (residual / delta) * (residual / delta)).sqrt();
                (residual * curvature, curvature)
            }
            Self::Number(loss, _) => {
                let power = variance_power(loss);
                // The expected hessian, which is never 0 as the observed one may be.
                let hessian = ((2.0 - power) * margin).exp();
                (hessian - label * ((1.0 - power) * margin).exp(), hessian)
            }
            Self::Classes(_) => (0.0, 0.0),
        }
    }

    /// The value of a leaf, whose Newton step is `step`, for its rows; scaled by nothing yet.
    pub(super) fn leaf(self, step: f64, rows: &[u32], margins: &[f64], labels: &[f64], weights: Option<&[f64]>) -> f64 {
        match self {
            Self::Number(loss, _) if loss.is_of_quantiles() => {
                let level = if let Loss::Quantile { level } = loss { level } else { 0.5 };
                let residuals: Vec<f64> = rows.iter().map(|r| labels[*r as usize] - margins[*r as usize]).collect();
                let weights: Option<Vec<f64>> = weights.map(|w| rows.iter().map(|r| w[*r as usize]).collect());
                let value = weighted_quantile(&residuals, weights.as_deref(), level);
                if value.is_finite() { value } else { 0.0 }
            }
            // Multiplying the answers of the leaf's rows by 1 + step makes their loss least.
            Self::Number(Loss::Poisson | Loss::Gamma | Loss::Tweedie { .. }, _) => step.max(LEAST_STEP).ln_1p(),
            _ => step,
        }
    }

    /// The loss of a row, up to what does not depend on its margins.
    pub(super) fn loss(self, margins: &[f64], label: f64) -> f64 {
        let margin = margins[0];
        let residual = label - margin;
        match self {
            Self::Binary => soft_plus(margin) - label * margin,
            Self::Classes(_) => {
                let largest = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = margins.iter().map(|m| (m - largest).exp()).sum();
                let own = margins.iter().enumerate().find(|(class, _)| is_class(label, *class));
                largest + sum.ln() - own.map_or(0.0, |(_, margin)| *margin)
            }
            Self::Number(Loss::Squared, _) => residual * residual,
            Self::Number(Loss::Absolute, _) => residual.abs(),
            Self::Number(Loss::Quantile { level }, _) => (level * residual).max((level - 1.0) * residual),
            Self::Number(Loss::Huber { .. }, delta) => (1.0 + (residual / delta) * (residual / delta)).sqrt(),
            Self::Number(Loss::Poisson, _) => margin.exp() - label * margin,
            Self::Number(Loss::Gamma, _) => label * (-margin).exp() + margin,
            Self::Number(loss, _) => {
                let power = variance_power(loss);
                ((2.0 - power) * margin).exp() / (2.0 - power) - label * ((1.0 - power) * margin).exp() / (1.0 - power)
            }
        }
    }

    /// The sum of the losses of rows, times their weights.
    pub(super) fn total_loss(self, rows: &[usize], margins: &[f64], labels: &[f64], weights: Option<&[f64]>) -> f64 {
        let n_outputs = self.n_outputs();
        let of_row = |row: &usize| {
            let weight = weights.map_or(1.0, |weights| weights[*row]);
            weight * self.loss(&margins[row * n_outputs..(row + 1) * n_outputs], labels[*row])
        };
        rows.iter().map(of_row).sum()
    }
}

fn variance_power(loss: Loss) -> f64 {
    match loss {
        Loss::Gamma => 2.0,
        Loss::Tweedie { power } => power,
        _ => 1.0,
    }
}

/// Labels of classes are their positions.
#[expect(clippy::cast_precision_loss, reason = "at most 1,000 classes")]
fn is_class(label: f64, class: usize) -> bool {
    label == class as f64
}

/// The gradient and the hessian of one of `n` classes; the hessian is that of the classes together, shared out.
#[expect(clippy::cast_precision_loss, reason = "at most 1,000 classes")]
fn of_class(p: f64, is_own: bool, n: usize) -> (f64, f64) {
    let share = n as f64 / (n as f64 - 1.0);
    (p - f64::from(u8::from(is_own)), share * p * (1.0 - p))
}

#[expect(clippy::cast_possible_truncation, reason = "sums of them are of 64 bits")]
fn weighted(weight: f64, (gradient, hessian): (f64, f64)) -> [f32; 2] {
    [(weight * gradient) as f32, (weight * hessian) as f32]
}

fn logistic(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}

/// ln(1 + e^m) without overflow.
fn soft_plus(margin: f64) -> f64 {
    margin.max(0.0) + (-margin.abs()).exp().ln_1p()
}
