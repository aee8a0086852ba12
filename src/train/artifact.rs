//! Writes the artifact and its report: holdout figures, golden rows, cover, calibration; then loads it as a server
//! would.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use crate::model::algorithm::Estimator;
use crate::model::artifact::{
    CalibrationInfo, Coverage, Evaluation, FORMAT, FORMAT_NEUTRAL, Figures, Header, Payload, SMARTCORE, Setting,
    Threshold,
};
use crate::model::out_of_fold;
use crate::model::postprocessing::Postprocessing;
use crate::model::prediction::{Prediction, Probabilities};
use crate::model::schema::Schema;
use crate::model::statistics::Stats;
use crate::train::background;
use crate::train::data::split_data::{LabeledBatch, SplitData};
use crate::train::data::target::{Observed, class_sizes};
use crate::train::data::training_data::TrainingData;
use crate::train::error::TrainError;
use crate::train::evaluate::baseline::Baseline;
use crate::train::evaluate::coverage;
use crate::train::evaluate::metrics::class_counts;
use crate::train::evaluate::schedule::RunOutcome;
use crate::train::evaluate::subgroup_errors;
use crate::train::evaluate::thresholds::{self, TradeOff};
use crate::train::feature_effects::FeatureEffects;
use crate::train::fit::plan::{FitPlan, Section};
use crate::train::golden;
use crate::train::options::ThresholdChoice;
use crate::train::report::{ClassReport, DataReport, Report};
use crate::train::spec::TrainSpec;
use crate::train::verified::{self, Verified};

/// With fewer training rows the report says that they are few for boosting.
const FEW_ROWS: usize = 100;
/// The same of the rarest class.
const FEW_ROWS_OF_A_CLASS: usize = 50;

/// A trained model.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The artifact, ready to be written to a file.
    pub artifact: Vec<u8>,
    /// What the run found.
    pub report: Report,
}

/// Evaluates on the test rows, writes the artifact's bytes and checks that they load.
/// Importance is measured where it is asked for.
pub(crate) fn build(plan: &FitPlan<'_>, outcome: &RunOutcome, with_importance: bool) -> Result<Trained, TrainError> {
    let (FitPlan { spec, data, .. }, schema) = (*plan, plan.schema());
    let split = &data.split;
    let tested = match &split.test {
        Some(test) => Some((test, plan.answer(&outcome.fitted, &test.batch)?)),
        None => None,
    };
    let evaluation = Evaluation {
        seed: spec.seed,
        split: how_split(spec),
        holdout: tested.as_ref().map(|(test, answers)| data.scoring().figures(&test.observed, answers)),
        k_fold: outcome.k_fold().cloned(),
        best_of: outcome.best_of.map(|n| n as u64),
    };
    let effects = FeatureEffects::find(plan, outcome, with_importance);
    let intervals = coverage::of_test(outcome, data.n_classes(), tested.as_ref());
    let header = header(plan, outcome, (evaluation.clone(), intervals.clone()), &effects);
    let rows = split.test.as_ref().map_or(&split.train.batch, |test| &test.batch);
    let Verified { artifact, version, importance } = verified::write(header, &sections(split, outcome)?, rows)?;
    let scored = data.scored_rows()?;
    let detail = match (&outcome.out_of_fold, &tested) {
        (Some(o), _) => Some(("k-fold", scored.as_ref().unwrap_or(&split.train), &o.answers)),
        (None, Some((test, answers))) => Some(("holdout", *test, answers)),
        (None, None) => None,
    };
    let after = outcome.fitted.pipeline.postprocessing();
    let has_probability = outcome.fitted.pipeline.predictor().has_probability();
    let trade_off = detail.filter(|_| has_probability).map_or_else(Vec::new, |(_, part, answers)| {
        let own = after.threshold.unwrap_or(0.5);
        trade_off(&part.observed, answers, own)
    });
    let report = Report {
        model: spec.name.clone(),
        version,
        algorithm: spec.algorithm,
        task: schema.task(),
        target: spec.target.clone(),
        data: data_report(data, outcome.fitted.form.n_columns()),
        probability: outcome.fitted.pipeline.predictor().probabilities().map(Probabilities::as_str),
        calibrator: after.calibrator.as_ref().map(|calibrator| calibrator.method().to_owned()),
        threshold: threshold(plan, after),
        hyperparameters: settings(plan, outcome),
        rounds: outcome.fitted.rounds,
        tuning: None,
        baseline: baseline(data, outcome, evaluation.holdout.as_ref()),
        evaluation,
        intervals,
        detail_on: detail.map(|(on, ..)| on),
        classes: detail.map_or_else(Vec::new, |(_, part, answers)| classes(schema, part, answers)),
        positive_class: (!trade_off.is_empty()).then(|| schema.target().classes[1].clone()),
        trade_off,
        groups: detail.map_or_else(Vec::new, |(_, part, answers)| {
            subgroup_errors::errors(schema, &part.batch, &part.observed, answers)
        }),
        importance,
        coefficients: effects.coefficients,
        warnings: split.warnings.iter().cloned().chain(few_rows(plan)).chain(effects.not_found).collect(),
        artifact_bytes: artifact.len(),
        seconds: 0.0,
    };
    Ok(Trained { artifact, report })
}

/// How rows were set aside and folds drawn, where not at random.
fn how_split(spec: &TrainSpec) -> Option<String> {
    let named = [("group", &spec.group), ("time", &spec.time)];
    named.into_iter().find_map(|(by, column)| column.as_ref().map(|column| format!("{by} {column}")))
}

/// Says where boosting has few rows to learn from.
fn few_rows(plan: &FitPlan<'_>) -> Option<String> {
    let (algorithm, observed) = (plan.spec.algorithm, plan.data.observed());
    if !algorithm.takes_raw_cells() {
        return None;
    }
    let classes = &plan.schema().target().classes;
    let rarest = |y: &[u32]| class_sizes(y, classes.len()).into_iter().zip(classes).min_by_key(|(n, _)| *n);
    match observed.classes().and_then(rarest) {
        Some((n, class)) if n < FEW_ROWS_OF_A_CLASS => Some(format!(
            "{n} training rows of class {class:?} are few for {algorithm}: random-forest or logistic may do better, as \
             --compare shows"
        )),
        None if observed.len() < FEW_ROWS => Some(format!(
            "{} training rows are few for {algorithm}: random-forest or ridge may do better, as --compare shows",
            observed.len()
        )),
        _ => None,
    }
}

fn header(
    plan: &FitPlan<'_>,
    outcome: &RunOutcome,
    (evaluation, intervals): (Evaluation, Vec<Coverage>),
    effects: &FeatureEffects,
) -> Header {
    let (FitPlan { spec, data, .. }, schema) = (*plan, plan.schema());
    let train = &data.split.train;
    let after = outcome.fitted.pipeline.postprocessing();
    let chosen = golden::choose(&train.batch, train.observed.classes(), &outcome.answers);
    let is_neutral = spec.algorithm.takes_raw_cells();
    Header {
        format: if is_neutral { FORMAT_NEUTRAL } else { FORMAT }.to_owned(),
        name: spec.name.clone(),
        description: spec.description.clone(),
        created: spec.source_date_epoch.and_then(rfc3339),
        smartcore: (!is_neutral).then(|| SMARTCORE.to_owned()),
        source: None,
        task: schema.task(),
        algorithm: Estimator::Own(spec.algorithm),
        hyperparameters: settings(plan, outcome),
        target: schema.target().clone(),
        features: schema.features().to_vec(),
        preprocessing: outcome.fitted.preprocessing.clone(),
        evaluation: Some(evaluation),
        intervals,
        importance: effects.importance.clone(),
        coefficients: effects.coefficients.clone(),
        calibration: outcome
            .out_of_fold
            .as_ref()
            .map(|o| CalibrationInfo { n: o.calibration.fold.len() as u64, folds: o.calibration.folds }),
        calibrator: after.calibrator.as_ref().map(|calibrator| calibrator.method().to_owned()),
        threshold: threshold(plan, after),
        golden: golden::rows(schema, &train.batch, &outcome.answers, &chosen),
        prediction_stats: Some(prediction_stats(&outcome.expected_answers(), schema)),
        payload: Payload::default(),
    }
}

/// The threshold and how it was chosen.
fn threshold(plan: &FitPlan<'_>, after: &Postprocessing) -> Option<Threshold> {
    let chosen_by = match plan.spec.threshold {
        None | Some(ThresholdChoice::Value(_)) => None,
        Some(choice) => Some(choice.to_string()),
    };
    after.threshold.map(|above| Threshold { above, chosen_by })
}

/// The hyperparameters, and what else the fit was told: `scale` and `min-frequency`; of boosting the rounds kept, the
/// weights' column and the constraints.
fn settings(plan: &FitPlan<'_>, outcome: &RunOutcome) -> BTreeMap<String, Setting> {
    let mut settings = plan.parameters.to_map();
    let Some(rounds) = outcome.fitted.rounds else {
        settings.insert("scale".to_owned(), Setting::Switch(plan.spec.scales()));
        if let Some(n) = plan.spec.min_frequency {
            settings.insert("min-frequency".to_owned(), Setting::Count(n.into()));
        }
        return settings;
    };
    settings.insert("rounds".to_owned(), Setting::Count(rounds.kept as u64));
    if let Some(weight) = &plan.spec.weight {
        settings.insert("weight".to_owned(), Setting::Word(weight.clone()));
    }
    if !plan.spec.monotone.is_empty() {
        let all: Vec<String> = plan.spec.monotone.iter().map(ToString::to_string).collect();
        settings.insert("monotone".to_owned(), Setting::Word(all.join(",")));
    }
    settings
}

fn sections(split: &SplitData, outcome: &RunOutcome) -> Result<Vec<Section>, TrainError> {
    let fitted = &outcome.fitted;
    let mut sections = fitted.sections.clone();
    sections.extend(background::section(outcome, &split.train)?);
    if let Some(o) = &outcome.out_of_fold {
        sections.push(("calibration", o.calibration.to_section().map_err(TrainError::Broken)?, false));
        // Classes have their probabilities in the calibration already.
        if let Prediction::Regression { values, .. } = &o.answers {
            sections.push((out_of_fold::SECTION, out_of_fold::to_section(values).map_err(TrainError::Broken)?, false));
        }
    }
    // What does not know these would answer otherwise: they are required.
    let after = fitted.pipeline.postprocessing();
    if let Some(calibrator) = &after.calibrator {
        sections.push(("calibrator", calibrator.to_section().map_err(TrainError::Broken)?, true));
    }
    if after.threshold.is_some() {
        sections.push(("threshold", Vec::new(), true));
    }
    Ok(sections)
}

/// Statistics of answers, as the header keeps them.
pub(crate) fn prediction_stats(answers: &Prediction, schema: &Schema) -> Stats {
    match answers {
        Prediction::Regression { values, .. } => Stats::numeric(values),
        Prediction::Classification { classes, .. } => {
            let positions: Vec<f64> = classes.iter().map(|c| f64::from(*c)).collect();
            Stats::categorical(&positions, schema.target().classes.len())
        }
    }
}

/// The baseline beside the model; `None` where nothing was scored.
fn baseline(data: &TrainingData, outcome: &RunOutcome, holdout: Option<&Figures>) -> Option<Baseline> {
    let out_of_fold = outcome.out_of_fold.as_ref().map(|o| &o.answers);
    let has_probability = outcome.fitted.pipeline.predictor().has_probability();
    (out_of_fold.is_some() || holdout.is_some()).then(|| Baseline::new(data, out_of_fold, holdout, has_probability))
}

/// The table as it was used.
fn data_report(data: &TrainingData, encoded_columns: usize) -> DataReport {
    DataReport {
        file: data.file.clone(),
        test_file: data.test_file.clone(),
        rows: data.n_rows,
        training_rows: data.observed().len(),
        test_rows: data.n_test,
        features: data.split.schema.features().iter().map(|f| f.name.clone()).collect(),
        encoded_columns,
        notes: data.notes.clone(),
    }
}

/// The trade-off at some thresholds, of two classes; of others none.
fn trade_off(observed: &Observed, answers: &Prediction, own: f64) -> Vec<TradeOff> {
    match (observed, answers) {
        (Observed::Classes(observed), Prediction::Classification { probability: Some(p), .. })
            if p.len() == 2 * observed.len() =>
        {
            thresholds::trade_off(observed, p, own)
        }
        _ => Vec::new(),
    }
}

fn classes(schema: &Schema, part: &LabeledBatch, answers: &Prediction) -> Vec<ClassReport> {
    match (&part.observed, answers) {
        (Observed::Classes(observed), Prediction::Classification { classes, .. }) => {
            let labels = &schema.target().classes;
            let counts = class_counts(observed, classes, labels.len());
            labels.iter().zip(&counts).map(|(label, counts)| ClassReport::new(label, counts)).collect()
        }
        _ => Vec::new(),
    }
}

/// Seconds since 1970 as RFC 3339; `None` past the year 9999, the last that the format can write.
fn rfc3339(seconds: u64) -> Option<String> {
    const LAST: u64 = 253_402_300_799;
    let time = (seconds <= LAST).then(|| UNIX_EPOCH + Duration::from_secs(seconds))?;
    Some(humantime::format_rfc3339_seconds(time).to_string())
}
