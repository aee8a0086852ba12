//! What training finds out beside a fit, for a model that was fitted elsewhere: statistics, golden rows, figures and
//! calibration on rows that are given with it.

use std::num::NonZeroUsize;

use crate::model::Model;
use crate::model::artifact::{Evaluation, Importance};
use crate::model::batch::Batch;
use crate::model::calibration::{Calibration, Scores};
use crate::model::compiled::Scratch;
use crate::model::prediction::Prediction;
use crate::model::schema::FeatureKind;
use crate::model::statistics::Stats;
use crate::train::artifact::prediction_stats;
use crate::train::contribution_sizes;
use crate::train::data::target::Observed;
use crate::train::evaluate::folds::probabilities;
use crate::train::evaluate::importance::ImportanceTask;
use crate::train::evaluate::scoring::Scoring;
use crate::train::golden;
use crate::train::options::DEFAULT_SEED;

/// What rows say of a model.
#[derive(Debug, Clone)]
pub struct Description {
    /// Of each feature, in schema order.
    pub stats: Vec<Stats>,
    /// Of the answers, of a classifier of the classes' positions.
    pub prediction_stats: Stats,
    /// The rows that are chosen to be golden, ascending.
    pub golden: Vec<usize>,
    /// Figures on the rows, where there are targets.
    pub evaluation: Option<Evaluation>,
    /// How much each feature matters to the figures, or why it was not measured, where there are targets.
    pub importance: Option<Result<Importance, String>>,
    /// The predictions beside the scores of a regression.
    pub out_of_fold: Option<Vec<f64>>,
    /// Scores of the rows, where there are targets: in one fold, because no row was fitted on by assumption.
    pub calibration: Option<Calibration>,
}

/// Describes a model by rows, its answers for them, and what was observed, of as many rows. Of a model of several
/// outputs nothing can be observed.
pub fn describe(model: &Model, rows: &Batch, answers: &Prediction, observed: Option<&Observed>) -> Description {
    let schema = model.schema();
    let n_classes = schema.target().classes.len();
    let column = |feature: usize| -> Vec<f64> { rows.rows().map(|row| row[feature]).collect() };
    let stats = schema.features().iter().enumerate().map(|(at, feature)| match feature.kind {
        FeatureKind::Numeric | FeatureKind::Date(_) => Stats::numeric(&column(at)),
        FeatureKind::Categorical => Stats::categorical(&column(at), feature.categories.len()),
    });
    let calibration = |observed: &Observed| {
        let scores = scores(model, rows, answers, observed)?;
        Some(Calibration { folds: 1, fold: vec![0; rows.n_rows()], scores })
    };
    Description {
        stats: stats.collect(),
        prediction_stats: prediction_stats(answers, schema),
        golden: golden::choose(rows, observed.and_then(Observed::classes), answers),
        evaluation: observed.map(|observed| Evaluation {
            holdout: Some(Scoring::of_classes(n_classes).figures(observed, answers)),
            ..Evaluation::default()
        }),
        importance: observed.map(|observed| importance(model, rows, observed)),
        out_of_fold: match (observed, answers) {
            (Some(Observed::Values(_)), Prediction::Regression { values, n_outputs: 1 }) => Some(values.clone()),
            _ => None,
        },
        calibration: observed.and_then(calibration),
    }
}

fn importance(model: &Model, rows: &Batch, observed: &Observed) -> Result<Importance, String> {
    let schema = model.schema();
    ImportanceTask {
        predict: &|batch| model.predict(batch, &mut Scratch::default()).ok(),
        steps_per_row: model.steps_per_row(),
        schema,
        scoring: Scoring::of_classes(schema.target().classes.len()),
        on: "data",
        batch: rows,
        observed,
        seed: DEFAULT_SEED,
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    }
    .measure()
    .map(|mut importance| {
        contribution_sizes::measure(model, rows, &mut importance);
        importance
    })
}

fn scores(model: &Model, rows: &Batch, answers: &Prediction, observed: &Observed) -> Option<Scores> {
    match (observed, answers) {
        (Observed::Values(y), Prediction::Regression { values, n_outputs: 1 }) => {
            let residual = y.iter().zip(values).map(|(y, p)| y - p).collect();
            Some(Scores::Residuals { residual, difficulty: model.spread(rows).unwrap_or_default() })
        }
        (Observed::Classes(y), Prediction::Classification { classes, probability }) => {
            let n_classes = model.schema().target().classes.len();
            let probability = probabilities(classes, probability.as_deref(), n_classes);
            Some(Scores::Probabilities { observed: y.clone(), probability })
        }
        _ => None,
    }
}
