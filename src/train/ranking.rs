//! Which of two evaluations is the better one: one rule for comparing algorithms and for tuning.

use std::cmp::Ordering;

use crate::model::artifact::Figures;
use crate::model::schema::Task;

/// The figure that ranks.
pub(super) fn ranked_by(task: Task) -> &'static str {
    if task.is_classification() { "accuracy" } else { "rmse" }
}

/// What is to be small: the RMSE, or the share of wrong classes, rounded so that the order of a sum makes no winner.
pub(super) fn loss(figures: &Figures) -> f64 {
    let wrong = |accuracy: f64| ((1.0 - accuracy) * 1e9).round() / 1e9;
    figures.rmse.or_else(|| figures.accuracy.map(wrong)).unwrap_or(f64::INFINITY)
}

/// The better one first: by [`loss`], of equals by log-loss, those without one last.
pub(super) fn order(a: &Figures, b: &Figures) -> Ordering {
    let log_loss = |f: &Figures| f.log_loss.unwrap_or(f64::INFINITY);
    loss(a).total_cmp(&loss(b)).then(log_loss(a).total_cmp(&log_loss(b)))
}
