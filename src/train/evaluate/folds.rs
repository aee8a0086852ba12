//! Cross-validation: every training row is answered by a pipeline that was not fitted on it. The answers give the
//! k-fold figures, the calibration, and the errors by subgroup.

use crate::model::artifact::{Figures, KFoldFigures};
use crate::model::calibration::{Calibration, Scores};
use crate::model::prediction::Prediction;
use crate::train::data::target::Observed;
use crate::train::data::training_data::TrainingData;
use crate::train::error::TrainError;
use crate::train::evaluate::metrics;
use crate::train::fit::plan::{FitPlan, FittedModel};

/// What one fold gave.
#[derive(Debug)]
pub(crate) struct FoldResult {
    /// The places of the rows held out among all that some fold holds out, ascending.
    places: Vec<usize>,
    answers: Prediction,
    /// Spread of the trees, where the method has it.
    difficulty: Option<Vec<f64>>,
    pub(crate) figures: Figures,
}

/// Out-of-fold answers for the training rows that some fold holds out, in row order.
#[derive(Debug)]
pub(crate) struct OutOfFold {
    pub(crate) answers: Prediction,
    pub(crate) figures: KFoldFigures,
    pub(crate) calibration: Calibration,
}

/// Answers the rows that a fold holds out by a model that was fitted without them.
pub(crate) fn evaluate_fold(plan: &FitPlan<'_>, fold: u32, fitted: &FittedModel) -> Result<FoldResult, TrainError> {
    let train = &plan.data.split.train;
    let (rows, _) = plan.data.folds.split(fold);
    let (places, _) = plan.data.folds.split_scored(fold);
    let (answers, difficulty) = plan.answer_rows(fitted, &rows)?;
    let figures = plan.data.scoring().figures(&train.observed.of_rows(&rows), &answers);
    Ok(FoldResult { places, answers, difficulty, figures })
}

/// The answers for some rows, in that order.
pub(crate) fn subset(answers: &Prediction, rows: &[usize], n_classes: usize) -> Prediction {
    match answers {
        Prediction::Regression { values, .. } => {
            Prediction::Regression { values: rows.iter().map(|row| values[*row]).collect(), n_outputs: 1 }
        }
        Prediction::Classification { classes, probability } => Prediction::Classification {
            classes: rows.iter().map(|row| classes[*row]).collect(),
            probability: probability.as_ref().map(|p| {
                rows.iter().flat_map(|row| p[row * n_classes..(row + 1) * n_classes].iter().copied()).collect()
            }),
        },
    }
}

/// Each fold's figures, in order, from out-of-fold answers in row order.
pub(crate) fn of_folds(answers: &Prediction, data: &TrainingData) -> Vec<Figures> {
    let (observed, n_classes) = (data.scored(), data.n_classes());
    let of_fold = |fold: u32| {
        let (held, _) = data.folds.split_scored(fold);
        data.scoring().figures(&observed.of_rows(&held), &subset(answers, &held, n_classes))
    };
    (0..data.folds.n()).map(of_fold).collect()
}

/// Joins the folds, which are in order.
pub(crate) fn join(held: &[FoldResult], data: &TrainingData) -> OutOfFold {
    let per_fold: Vec<Figures> = held.iter().map(|h| h.figures.clone()).collect();
    let (mean, sd) = metrics::over_folds(&per_fold);
    let folds = u32::try_from(held.len()).unwrap_or(u32::MAX);
    let (answers, scores) = match data.scored() {
        Observed::Values(y) => {
            let values = scattered(held, |h| match &h.answers {
                Prediction::Regression { values, .. } => Some(values),
                Prediction::Classification { .. } => None,
            });
            let residual = y.iter().zip(&values).map(|(y, p)| y - p).collect();
            let difficulty = scattered(held, |h| h.difficulty.as_ref());
            (Prediction::Regression { values, n_outputs: 1 }, Scores::Residuals { residual, difficulty })
        }
        Observed::Classes(y) => {
            let (classes, p) = scattered_classes(held, y.len(), data.n_classes());
            let scores = Scores::Probabilities { observed: y, probability: p.clone() };
            (Prediction::Classification { classes, probability: Some(p) }, scores)
        }
    };
    let calibration = Calibration { folds, fold: data.folds.of_scored(), scores };
    OutOfFold { figures: KFoldFigures { folds, mean, sd }, calibration, answers }
}

/// Puts one number a row from every fold in row order; empty when a fold has none.
fn scattered(held: &[FoldResult], pick: impl Fn(&FoldResult) -> Option<&Vec<f64>>) -> Vec<f64> {
    let mut all = vec![0.0; held.iter().map(|h| h.places.len()).sum()];
    for h in held {
        let Some(values) = pick(h) else { return Vec::new() };
        h.places.iter().zip(values).for_each(|(at, value)| all[*at] = *value);
    }
    all
}

/// Puts classes and probabilities in row order.
fn scattered_classes(held: &[FoldResult], n_rows: usize, n_classes: usize) -> (Vec<u32>, Vec<f64>) {
    let (mut all, mut all_probability) = (vec![0; n_rows], vec![0.0; n_rows * n_classes]);
    for h in held {
        let Prediction::Classification { classes, probability } = &h.answers else { continue };
        let probability = probabilities(classes, probability.as_deref(), n_classes);
        for ((at, class), of_row) in h.places.iter().zip(classes).zip(probability.chunks_exact(n_classes)) {
            all[*at] = *class;
            all_probability[at * n_classes..(at + 1) * n_classes].copy_from_slice(of_row);
        }
    }
    (all, all_probability)
}

/// A classifier's probabilities; a method without them gives its class 1 and the others 0.
pub(crate) fn probabilities(classes: &[u32], probability: Option<&[f64]>, n_classes: usize) -> Vec<f64> {
    if let Some(probability) = probability {
        return probability.to_vec();
    }
    let mut all = vec![0.0; classes.len() * n_classes];
    all.chunks_exact_mut(n_classes).zip(classes).for_each(|(of_row, class)| of_row[*class as usize] = 1.0);
    all
}
