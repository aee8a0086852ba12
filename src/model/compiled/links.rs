//! Links over rows of margins, and what classes are chosen by.

use super::rounding::{rounded_to_f32, to_f32};
use crate::model::ir::{Decision, Link, Width};

/// From margins to an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnswerRule {
    /// What margins go through.
    pub(super) link: Link,
    /// Their width.
    pub(super) width: Width,
    /// How a class is chosen.
    pub(super) decision: Decision,
}

/// Puts margins, row-major `[n_rows, n_outputs]`, through a link in place.
pub(super) fn apply(link: Link, width: Width, margins: &mut [f64], n_outputs: usize) {
    match (link, width) {
        (Link::Identity, _) => {}
        (Link::Exp, Width::F64) => margins.iter_mut().for_each(|m| *m = m.exp()),
        (Link::Exp, Width::F32) => margins.iter_mut().for_each(|m| *m = f64::from(to_f32(*m).exp())),
        (Link::WideExp, _) => margins.iter_mut().for_each(|m| *m = rounded_to_f32(m.exp())),
        (Link::Hinge, _) => margins.iter_mut().for_each(|m| *m = f64::from(u8::from(*m > 0.0))),
        (Link::Logistic { slope }, Width::F64) => {
            for m in margins {
                *m = 1.0 / (1.0 + (-slope * *m).exp());
            }
        }
        (Link::Logistic { .. }, Width::F32) => {
            for m in margins {
                *m = f64::from(logistic_f32(to_f32(*m)));
            }
        }
        (Link::CutLogistic, _) => margins.iter_mut().for_each(|m| *m = cut_logistic(*m)),
        (Link::Softmax, Width::F64) => margins.chunks_mut(n_outputs).for_each(softmax),
        (Link::Softmax, Width::F32) => margins.chunks_mut(n_outputs).for_each(softmax_f32),
        (Link::SignedSquare, _) => margins.iter_mut().for_each(|m| *m *= m.abs()),
        (Link::SoftPlus, _) => margins.iter_mut().for_each(|m| *m = m.exp().ln_1p()),
        (Link::LogisticShare, _) => margins.chunks_mut(n_outputs).for_each(logistic_share),
    }
}

/// 1 − p, rounded as margins are.
pub(super) fn complement(p: f64, width: Width) -> f64 {
    match width {
        Width::F64 => 1.0 - p,
        Width::F32 => rounded_to_f32(1.0 - p),
    }
}

/// The logistic function with smartcore's cut-offs.
fn cut_logistic(score: f64) -> f64 {
    if score < -40.0 {
        0.0
    } else if score > 40.0 {
        1.0
    } else {
        1.0 / (1.0 + (-score).exp())
    }
}

/// `XGBoost`'s logistic function.
fn logistic_f32(margin: f32) -> f32 {
    1.0 / (((-margin).min(88.7).exp() + 1.0) + 1e-16)
}

/// Logistic functions in place, divided by their sum.
fn logistic_share(margins: &mut [f64]) {
    let mut sum = 0.0;
    for margin in margins.iter_mut() {
        *margin = 1.0 / (1.0 + (-*margin).exp());
        sum += *margin;
    }
    if sum == 0.0 {
        margins.fill(1.0);
        sum = margins.iter().sum();
    }
    for margin in margins.iter_mut() {
        *margin /= sum;
    }
}

/// Softmax in place, shifted by the largest score so that nothing overflows.
pub(crate) fn softmax(scores: &mut [f64]) {
    let largest = scores.iter().copied().fold(f64::MIN, f64::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
}

/// `XGBoost`'s softmax in place: f32 but for the sum.
fn softmax_f32(margins: &mut [f64]) {
    let largest = margins.iter().copied().fold(f64::MIN, f64::max);
    let mut sum = 0.0;
    for margin in margins.iter_mut() {
        *margin = f64::from(to_f32(*margin - largest).exp());
        sum += *margin;
    }
    let sum = rounded_to_f32(sum);
    for margin in margins.iter_mut() {
        *margin = rounded_to_f32(*margin / sum);
    }
}

/// The position of the largest score; ties: the first, as smartcore's `argmax`.
pub(super) fn argmax(scores: &[f64]) -> usize {
    let mut best = (f64::MIN, 0);
    for (i, score) in scores.iter().enumerate() {
        if *score > best.0 {
            best = (*score, i);
        }
    }
    best.1
}
