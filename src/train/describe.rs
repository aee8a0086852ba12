//! What training finds out beside a fit, for a model that was fitted elsewhere: statistics, golden rows, figures and
//! calibration on rows that are given with it.

use crate::model::Model;
use crate::model::artifact::Evaluation;
use crate::model::batch::Batch;
use crate::model::calibration::{Calibration, Scores};
use crate::model::prediction::Prediction;
use crate::model::schema::FeatureKind;
use crate::model::statistics::Stats;
use crate::train::artifact::prediction_stats;
use crate::train::data::target::Observed;
use crate::train::evaluate::folds::probabilities;
use crate::train::evaluate::scoring::Scoring;
use crate::train::golden;

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
        FeatureKind::Numeric => Stats::numeric(&column(at)),
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
        calibration: observed.and_then(calibration),
    }
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
