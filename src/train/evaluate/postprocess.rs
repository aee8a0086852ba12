//! Calibrates a run's probabilities and chooses its threshold, both on out-of-fold scores; then figures and answers are
//! those of the model that is written.

use crate::model::artifact::KFoldFigures;
use crate::model::calibration::Scores;
use crate::model::calibrator::Calibrator;
use crate::model::postprocessing::Postprocessing;
use crate::model::prediction::Prediction;
use crate::train::data::target::Observed;
use crate::train::data::training_data::TrainingData;
use crate::train::error::TrainError;
use crate::train::evaluate::calibrate;
use crate::train::evaluate::folds::{OutOfFold, of_folds};
use crate::train::evaluate::metrics::over_folds;
use crate::train::evaluate::schedule::RunOutcome;
use crate::train::evaluate::thresholds;
use crate::train::fit::plan::FitPlan;
use crate::train::options::{CalibrationMethod, ThresholdChoice};

/// Does what the specification asks for, if anything.
///
/// # Errors
/// [`TrainError::Usage`]: the method has no probabilities.
pub(crate) fn apply(plan: &FitPlan<'_>, outcome: &mut RunOutcome) -> Result<(), TrainError> {
    let (spec, data) = (plan.spec, plan.data);
    let Observed::Classes(observed) = data.scored() else { return Ok(()) };
    if spec.calibrate.is_none() && spec.threshold.is_none() {
        return Ok(());
    }
    if !outcome.fitted.pipeline.predictor().has_probability() {
        let algorithm = spec.algorithm;
        let what = if spec.calibrate.is_some() { "--calibrate" } else { "--threshold" };
        return Err(TrainError::Usage(format!("{algorithm} has no probabilities: {what} needs an algorithm that has")));
    }
    let mut after = Postprocessing::default();
    if let (Some(method), Some(scored)) = (spec.calibrate, &mut outcome.out_of_fold) {
        after.calibrator = Some(calibrator(method, scored, data, &observed));
    }
    after.threshold = spec.threshold.map(|choice| match (choice, &outcome.out_of_fold) {
        (ThresholdChoice::Value(value), _) => value,
        (choice, Some(scored)) => thresholds::choose(choice, &observed, probability_of(scored)),
        // The specification was checked: a choice has folds.
        (_, None) => 0.5,
    });
    if let Some(scored) = &mut outcome.out_of_fold {
        // They are calibrated already, each fold by a map that did not see it.
        Postprocessing { calibrator: None, ..after.clone() }.choose(&mut scored.answers);
        let per_fold = of_folds(&scored.answers, data);
        let (mean, sd) = over_folds(&per_fold);
        scored.figures = KFoldFigures { mean, sd, ..scored.figures };
    }
    after.apply(&mut outcome.answers);
    outcome.fitted.pipeline = outcome.fitted.pipeline.clone().with_postprocessing(after);
    Ok(())
}

/// Fits the calibrator on all out-of-fold scores, and calibrates each fold's by one that is fitted on the other folds'.
fn calibrator(method: CalibrationMethod, scored: &mut OutOfFold, data: &TrainingData, observed: &[u32]) -> Calibrator {
    let n_classes = data.n_classes();
    let before = probability_of(scored).to_vec();
    let mut calibrated = before.clone();
    let of_rows = |rows: &[usize]| -> Vec<f64> {
        rows.iter().flat_map(|row| before[row * n_classes..][..n_classes].iter().copied()).collect()
    };
    for fold in 0..scored.figures.folds {
        let (held, others) = data.folds.split_scored(fold);
        let classes: Vec<u32> = others.iter().map(|row| observed[*row]).collect();
        let of_others = calibrate::calibrator(method, &classes, &of_rows(&others), n_classes);
        let mut of_held = of_rows(&held);
        of_others.apply(&mut of_held);
        for (row, of_row) in held.iter().zip(of_held.chunks_exact(n_classes)) {
            calibrated[row * n_classes..][..n_classes].copy_from_slice(of_row);
        }
    }
    if let Prediction::Classification { probability, .. } = &mut scored.answers {
        *probability = Some(calibrated.clone());
    }
    scored.calibration.scores = Scores::Probabilities { observed: observed.to_vec(), probability: calibrated };
    calibrate::calibrator(method, observed, &before, n_classes)
}

/// Row-major out-of-fold probabilities.
pub(crate) fn probability_of(scored: &OutOfFold) -> &[f64] {
    match &scored.answers {
        Prediction::Classification { probability: Some(probability), .. } => probability,
        _ => &[],
    }
}
