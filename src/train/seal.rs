//! The last steps: holdout figures, golden rows, cover and calibration into an artifact, and the report beside it.

use super::created::rfc3339;
use super::encode::{Encoded, Part};
use super::error::TrainError;
use super::fitting::Recipe;
use super::folds::score;
use super::groups;
use super::metrics::class_counts;
use super::report::{ClassReport, DataReport, Report};
use super::spec::TrainSpec;
use super::target::Observed;
use super::{Outcome, Trained, golden};
use crate::model::Model;
use crate::model::artifact::{CalibrationInfo, Evaluation, FORMAT, Header, Payload, SMARTCORE, Setting, seal as write};
use crate::model::compiled::Predictor;
use crate::model::prediction::Prediction;
use crate::model::schema::Schema;
use crate::model::statistics::Stats;

/// Evaluates on the rows set aside, writes the artifact's bytes and proves that they load.
pub(super) fn seal(
    spec: &TrainSpec,
    recipe: &Recipe<'_>,
    encoded: &Encoded,
    outcome: &Outcome,
) -> Result<Trained, TrainError> {
    let schema = recipe.schema;
    let n_classes = schema.target().classes.len();
    let tested = match &encoded.test {
        Some(test) => Some((test, recipe.answer(&outcome.fitted, &test.batch)?)),
        None => None,
    };
    let evaluation = Evaluation {
        seed: spec.seed,
        holdout: tested.as_ref().map(|(test, answers)| score(&test.observed, answers, n_classes)),
        k_fold: outcome.out_of_fold.as_ref().map(|o| o.figures.clone()),
        best_of: outcome.best_of.map(|n| n as u64),
    };
    let header = header(spec, recipe, encoded, outcome, evaluation.clone());
    let artifact = write(header, &sections(encoded, outcome)?).map_err(|e| TrainError::Data(e.to_string()))?;
    let version = prove(&artifact)?;
    let detail = match (&outcome.out_of_fold, &tested) {
        (Some(o), _) => Some(("k-fold", &encoded.train, &o.answers)),
        (None, Some((test, answers))) => Some(("holdout", *test, answers)),
        (None, None) => None,
    };
    let report = Report {
        model: spec.name.clone(),
        version,
        algorithm: spec.algorithm,
        task: schema.task(),
        target: spec.target.clone(),
        data: data(schema, outcome.fitted.shape.n_columns),
        hyperparameters: settings(recipe),
        tuning: None,
        evaluation,
        detail_on: detail.map(|(on, ..)| on),
        classes: detail.map_or_else(Vec::new, |(_, part, answers)| classes(schema, part, answers)),
        groups: detail
            .map_or_else(Vec::new, |(_, part, answers)| groups::errors(schema, &part.batch, &part.observed, answers)),
        warnings: encoded.warnings.clone(),
        artifact_bytes: artifact.len(),
        seconds: 0.0,
    };
    Ok(Trained { artifact, report })
}

fn header(
    spec: &TrainSpec,
    recipe: &Recipe<'_>,
    encoded: &Encoded,
    outcome: &Outcome,
    evaluation: Evaluation,
) -> Header {
    let (schema, train) = (recipe.schema, &encoded.train);
    let chosen = golden::choose(&train.batch, train.observed.classes(), &outcome.answers);
    Header {
        format: FORMAT.to_owned(),
        name: spec.name.clone(),
        description: spec.description.clone(),
        created: spec.source_date_epoch.and_then(rfc3339),
        smartcore: SMARTCORE.to_owned(),
        task: schema.task(),
        algorithm: spec.algorithm,
        hyperparameters: settings(recipe),
        target: schema.target().clone(),
        features: schema.features().to_vec(),
        preprocessing: outcome.fitted.pipeline.preprocessing().clone(),
        evaluation,
        calibration: outcome
            .out_of_fold
            .as_ref()
            .map(|o| CalibrationInfo { n: train.observed.len() as u64, folds: o.calibration.folds }),
        golden: golden::rows(schema, &train.batch, &outcome.answers, &chosen),
        prediction_stats: prediction_stats(&outcome.answers, schema),
        payload: Payload::default(),
    }
}

/// The hyperparameters with `scale`, which is one too.
pub(super) fn settings(recipe: &Recipe<'_>) -> std::collections::BTreeMap<String, Setting> {
    let mut settings = recipe.parameters.to_map();
    settings.insert("scale".to_owned(), Setting::Switch(recipe.scale));
    settings
}

/// Name, bytes, and whether a reader must know it.
type Section = (&'static str, Vec<u8>, bool);

fn sections(encoded: &Encoded, outcome: &Outcome) -> Result<Vec<Section>, TrainError> {
    let fitted = &outcome.fitted;
    let mut sections = vec![("estimator", fitted.section.clone(), true)];
    let matrix = fitted.matrix(&encoded.train.batch);
    let cover = Predictor::cover(&fitted.section, fitted.shape, &matrix).map_err(TrainError::Broken)?;
    sections.extend(cover.map(|bytes| ("cover", bytes, false)));
    if let Some(o) = &outcome.out_of_fold {
        sections.push(("calibration", o.calibration.to_section().map_err(TrainError::Broken)?, false));
    }
    Ok(sections)
}

/// Loads the artifact as a server would; gives its version.
fn prove(artifact: &[u8]) -> Result<String, TrainError> {
    let model = Model::load(artifact).map_err(|e| TrainError::Broken(e.to_string()))?;
    match model.check_golden() {
        Ok(()) => Ok(model.version().to_owned()),
        Err(differences) => Err(TrainError::Broken(differences.first().map_or_else(String::new, ToString::to_string))),
    }
}

fn prediction_stats(answers: &Prediction, schema: &Schema) -> Stats {
    match answers {
        Prediction::Regression { values } => Stats::numeric(values),
        Prediction::Classification { classes, .. } => {
            let positions: Vec<f64> = classes.iter().map(|c| f64::from(*c)).collect();
            Stats::categorical(&positions, schema.target().classes.len())
        }
    }
}

/// What the report tells of the data from here; the caller knows the file and the rows.
fn data(schema: &Schema, encoded_columns: usize) -> DataReport {
    DataReport {
        file: String::new(),
        rows: 0,
        training_rows: 0,
        test_rows: 0,
        features: schema.features().iter().map(|f| f.name.clone()).collect(),
        encoded_columns,
    }
}

fn classes(schema: &Schema, part: &Part, answers: &Prediction) -> Vec<ClassReport> {
    match (&part.observed, answers) {
        (Observed::Classes(observed), Prediction::Classification { classes, .. }) => {
            let labels = &schema.target().classes;
            let counts = class_counts(observed, classes, labels.len());
            labels.iter().zip(&counts).map(|(label, counts)| ClassReport::new(label, counts)).collect()
        }
        _ => Vec::new(),
    }
}
