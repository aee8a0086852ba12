//! An imported model as an artifact, and with what data say of it.

use super::error::ImportError;
use super::golden;
use super::imported::Imported;
use super::options::ImportOptions;
use crate::model::algorithm::Estimator;
use crate::model::artifact::{
    CalibrationInfo, Evaluation, FORMAT_NEUTRAL, Header, Importance, Payload, open, to_bytes,
};
use crate::model::batch::Batch;
use crate::model::calibration::Calibration;
use crate::model::column_means;
use crate::model::cover;
use crate::model::neutral::{Neutral, Node, Predictor, Split, Test};
use crate::model::out_of_fold;
use crate::model::schema::{Feature, FeatureKind, Schema};
use crate::model::statistics::Stats;

/// The name of a model whose source has none.
const NAME: &str = "model";

/// What is said of a feature whose categories have no names in the source.
const CODE: &str = "A category by its code";

/// Checks a model, makes golden rows for it, and gives the artifact's bytes: the same for the same source and options.
///
/// # Errors
/// [`ImportError`]: the model contradicts itself, or exceeds what an artifact holds.
pub fn artifact(imported: Imported, options: &ImportOptions) -> Result<Vec<u8>, ImportError> {
    let Imported { algorithm, origin, hyperparameters, mut features, target, task, mut neutral, name } = imported;
    describe_codes(&neutral, &mut features);
    let schema = Schema::new(features, target, task)?;
    let n_categories: Vec<usize> = schema.features().iter().map(|feature| feature.categories.len()).collect();
    // Checks it, so that the plain walk cannot leave a tree; what is made is dropped before the bytes are.
    drop(neutral.to_form(&n_categories)?);
    let golden = golden::rows(&neutral, &schema)?;
    let header = Header {
        format: FORMAT_NEUTRAL.to_owned(),
        name: options.name.clone().or(name).unwrap_or_else(|| NAME.to_owned()),
        description: None,
        created: None,
        smartcore: None,
        source: Some(origin),
        task,
        algorithm: Estimator::Other(algorithm),
        hyperparameters,
        target: schema.target().clone(),
        features: schema.features().to_vec(),
        preprocessing: None,
        evaluation: None,
        intervals: Vec::new(),
        importance: None,
        coefficients: None,
        calibration: None,
        calibrator: None,
        threshold: None,
        golden,
        prediction_stats: None,
        payload: Payload::default(),
    };
    let mut sections = vec![("neutral", neutral.to_section()?, true)];
    let weights = match &mut neutral.predictor {
        Predictor::Forest(forest) => forest.take_cover(),
        Predictor::Linear(_) => None,
    };
    drop(neutral);
    if let Some(weights) = weights {
        sections.push((cover::WEIGHTS, cover::weights_section(&weights)?, false));
    }
    Ok(to_bytes(header, &sections)?)
}

/// Says of numeric features that they are codes of categories, where a split asks for a set of them.
fn describe_codes(neutral: &Neutral, features: &mut [Feature]) {
    let Predictor::Forest(forest) = &neutral.predictor else { return };
    for node in forest.trees.iter().flat_map(|tree| &tree.nodes) {
        let Node::Split(Split { column, test: Test::Set { .. }, .. }) = node else { continue };
        let Some(feature) = neutral.steps.outputs.get(usize::from(*column)) else { continue };
        if let Some(feature) =
            features.get_mut(*feature as usize).filter(|feature| feature.kind == FeatureKind::Numeric)
        {
            feature.description.get_or_insert_with(|| CODE.to_owned());
        }
    }
}

/// What data say of a model that was fitted elsewhere.
#[derive(Debug)]
pub struct DataFindings<'a> {
    /// The rows, which cover is counted over.
    pub rows: &'a Batch,
    /// Of each feature, in schema order.
    pub stats: Vec<Stats>,
    /// Of the model's answers for the rows.
    pub prediction_stats: Stats,
    /// The rows that are golden, by their places.
    pub golden: Vec<usize>,
    /// Figures, where there was a target.
    pub evaluation: Option<Evaluation>,
    /// How much each feature matters, or why it was not measured, where there was a target.
    pub importance: Option<Result<Importance, String>>,
    /// The predictions beside the scores of a regression.
    pub out_of_fold: Option<Vec<f64>>,
    /// Scores to make intervals from, where there was a target.
    pub calibration: Option<Calibration>,
}

/// The same model with what data say of it: `artifact` is what [`artifact`] made. The plain walk answers the golden
/// rows.
///
/// # Errors
/// [`ImportError`]: a golden row has no finite answer, or an artifact does not hold as much.
pub fn with_data(artifact: &[u8], data: DataFindings<'_>) -> Result<Vec<u8>, ImportError> {
    let opened = open(artifact)?;
    let section = opened.section("neutral").ok_or_else(|| ImportError::new("it has no neutral section"))?.to_vec();
    let neutral = Neutral::from_section(&section)?;
    let weights = opened.section(cover::WEIGHTS).map(<[u8]>::to_vec);
    let mut header = opened.header;
    header.features.iter_mut().zip(data.stats).for_each(|(feature, stats)| feature.stats = Some(stats));
    let schema = Schema::new(header.features.clone(), header.target.clone(), header.task)?;
    header.golden = golden::answered(&neutral, &schema, data.golden.iter().map(|row| data.rows.row(*row)))?;
    header.prediction_stats = Some(data.prediction_stats);
    let has_figures = data.evaluation.is_some();
    header.evaluation = data.evaluation;
    let n = data.rows.n_rows();
    let with_target = if has_figures { ", figures" } else { "" };
    let not_measured = match data.importance {
        Some(Ok(importance)) => {
            header.importance = Some(importance);
            None
        }
        Some(Err(reason)) => Some(format!("importance is not measured: {reason}")),
        None => None,
    };
    let note = format!("statistics{with_target} and golden rows are of {n} rows that --data gave");
    header
        .source
        .iter_mut()
        .for_each(|origin| origin.notes.extend([note.clone()].into_iter().chain(not_measured.clone())));
    let n_categories: Vec<usize> = schema.features().iter().map(|feature| feature.categories.len()).collect();
    let cover = cover::of_neutral(&neutral, &n_categories, data.rows)?;
    let means = column_means::of_neutral(&neutral, data.rows)?;
    drop(neutral);
    let mut sections = vec![("neutral", section, true)];
    sections.extend(cover.map(|cover| ("cover", cover, false)));
    sections.extend(weights.map(|weights| (cover::WEIGHTS, weights, false)));
    sections.extend(means.map(|means| (column_means::SECTION, means, false)));
    if let Some(calibration) = data.calibration {
        header.calibration = Some(CalibrationInfo { n: calibration.fold.len() as u64, folds: calibration.folds });
        sections.push(("calibration", calibration.to_section()?, false));
        if let Some(predictions) = data.out_of_fold {
            sections.push((out_of_fold::SECTION, out_of_fold::to_section(&predictions)?, false));
        }
    }
    Ok(to_bytes(header, &sections)?)
}
