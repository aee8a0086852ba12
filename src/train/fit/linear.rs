//! Fits ridge, lasso and elastic net with penalties in scikit-learn's units and the right intercept. smartcore scales
//! some penalties differently and computes some intercepts wrongly: then the data is centred first, and the intercept
//! is computed here.

use smartcore::linalg::basic::arrays::{Array, ArrayView2};
use smartcore::linear::elastic_net::ElasticNetParameters;
use smartcore::linear::lasso::LassoParameters;
use smartcore::linear::ridge_regression::RidgeRegressionParameters;

use crate::model::ir::{Decision, Linear, LinearRule, Link};
use crate::model::smartcore::{ElasticNet, Lasso, Matrix, RidgeRegression};
use crate::train::fit::task::sentence;
use crate::train::moments::mean;

/// Minimizes ‖y − Xw‖² + α ‖w‖². smartcore's own ridge centres nothing unless it scales, and its intercept is 0 then.
/// So: columns that are `scaled` go through its `normalize` (which finds them scaled, and gives the intercept); others
/// are centred here, with y, and the intercept is ȳ − Σ w·x̄.
///
/// # Errors
/// smartcore's sentence: no solution.
pub fn ridge(x: &Matrix, y: &Vec<f64>, alpha: f64, scaled: bool) -> Result<Linear, String> {
    let parameters = |normalize| RidgeRegressionParameters { alpha, normalize, ..Default::default() };
    if scaled {
        let fitted = RidgeRegression::fit(x, y, parameters(true)).map_err(|e| sentence(&e))?;
        return line(fitted.coefficients(), *fitted.intercept());
    }
    let ((n_rows, n_columns), means) = (x.shape(), x.mean_by(0));
    let cells = x.iterator(0).zip(means.iter().cycle()).map(|(cell, mean)| cell - mean).collect();
    let centred = Matrix::new(n_rows, n_columns, cells, false).map_err(|e| sentence(&e))?;
    let (y_centred, y_mean) = centre(y);
    let fitted = RidgeRegression::fit(&centred, &y_centred, parameters(false)).map_err(|e| sentence(&e))?;
    let moved: f64 = fitted.coefficients().iterator(0).zip(&means).map(|(w, m)| w * m).sum();
    line(fitted.coefficients(), y_mean - moved)
}

/// Minimizes ‖y − Xw‖² / (2n) + α ‖w‖₁ over columns scaled to standard deviation 1, as scikit-learn's `Lasso` does.
/// smartcore's α is of ‖y − Xw‖² / n: twice as large. With its `normalize`, without which its intercept is the
/// target's mean whatever the columns' means are.
///
/// # Errors
/// smartcore's sentence: fewer rows than columns, or no convergence.
pub fn lasso(x: &Matrix, y: &Vec<f64>, alpha: f64) -> Result<Lasso, String> {
    Lasso::fit(x, y, LassoParameters::default().with_alpha(2.0 * alpha)).map_err(|e| sentence(&e))
}

/// Minimizes ‖y − Xw‖² / (2n) + α ρ ‖w‖₁ + α (1 − ρ) ‖w‖² / 2 over columns scaled to standard deviation 1, ρ being
/// `l1_ratio` (0 < ρ ≤ 1), as scikit-learn's `ElasticNet` does. Doubled, that is smartcore's
/// ‖y − Xw‖² / n + A R ‖w‖₁ + A (1 − R) ‖w‖² with A = α (1 + ρ) and R = 2ρ / (1 + ρ).
/// Its elastic net is wrong unless the target's mean is 0: it appends zeros to the target and centres the whole, which
/// pulls every coefficient the same way. So the target is centred first.
///
/// # Errors
/// smartcore's sentence: no convergence.
pub fn elastic_net(x: &Matrix, y: &[f64], alpha: f64, l1_ratio: f64) -> Result<Linear, String> {
    let (centred, mean) = centre(y);
    let parameters = ElasticNetParameters::default()
        .with_alpha(alpha * (1.0 + l1_ratio))
        .with_l1_ratio(2.0 * l1_ratio / (1.0 + l1_ratio));
    let fitted = ElasticNet::fit(x, &centred, parameters).map_err(|e| sentence(&e))?;
    line(fitted.coefficients(), fitted.intercept() + mean)
}

/// The values less their mean, and the mean.
fn centre(y: &[f64]) -> (Vec<f64>, f64) {
    let mean = mean(y);
    (y.iter().map(|v| v - mean).collect(), mean)
}

/// A column of coefficients and an intercept.
fn line(coefficients: &Matrix, intercept: f64) -> Result<Linear, String> {
    let weights: Vec<f64> = coefficients.iterator(0).copied().collect();
    let rule = LinearRule::plain(Decision::Probability);
    Linear::new(weights.len(), weights, vec![intercept], Link::Identity, rule)
}
