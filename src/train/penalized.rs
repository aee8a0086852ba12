//! Lasso and elastic net, in scikit-learn's units and with the intercept that the data asks for.
//!
//! Stands apart because smartcore counts the penalties otherwise and its elastic net is wrong unless the target's mean
//! is 0: it appends rows of zeros to the target and centres the whole, which pulls every coefficient the same way. So
//! the target is centred first and its mean put back into the intercept, through the serialized form.

use smartcore::linear::elastic_net::ElasticNetParameters;
use smartcore::linear::lasso::LassoParameters;

use crate::model::estimator::{ElasticNet, Lasso, Matrix};

/// Minimizes ‖y − Xw‖² / (2n) + α ‖w‖₁ over columns scaled to standard deviation 1, as scikit-learn's `Lasso` does.
/// smartcore's α is of ‖y − Xw‖² / n: twice as large. With its `normalize`, without which its intercept is the
/// target's mean whatever the columns' means are.
///
/// # Errors
/// smartcore's sentence: fewer rows than columns, or no convergence.
pub fn lasso(x: &Matrix, y: &Vec<f64>, alpha: f64) -> Result<Lasso, String> {
    Lasso::fit(x, y, LassoParameters::default().with_alpha(2.0 * alpha)).map_err(|e| format!("smartcore says: {e}"))
}

/// Minimizes ‖y − Xw‖² / (2n) + α ρ ‖w‖₁ + α (1 − ρ) ‖w‖² / 2 over columns scaled to standard deviation 1, ρ being
/// `l1_ratio` (0 < ρ ≤ 1), as scikit-learn's `ElasticNet` does. Doubled, that is smartcore's
/// ‖y − Xw‖² / n + A R ‖w‖₁ + A (1 − R) ‖w‖² with A = α (1 + ρ) and R = 2ρ / (1 + ρ).
///
/// # Errors
/// smartcore's sentence: no convergence.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
pub fn elastic_net(x: &Matrix, y: &[f64], alpha: f64, l1_ratio: f64) -> Result<ElasticNet, String> {
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let centred: Vec<f64> = y.iter().map(|v| v - mean).collect();
    let parameters = ElasticNetParameters::default()
        .with_alpha(alpha * (1.0 + l1_ratio))
        .with_l1_ratio(2.0 * l1_ratio / (1.0 + l1_ratio));
    let fitted = ElasticNet::fit(x, &centred, parameters).map_err(|e| format!("smartcore says: {e}"))?;
    let fields = (Some(fitted.coefficients()), Some(fitted.intercept() + mean));
    let bytes = postcard::to_allocvec(&fields).map_err(|e| e.to_string())?;
    postcard::from_bytes(&bytes).map_err(|e| e.to_string())
}
