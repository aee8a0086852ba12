//! The flip test: what changing a sensitive feature alone does to the answers.

use serde::Serialize;

use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::prediction::{PredictError, Prediction};
use crate::model::schema::{Feature, FeatureKind};
use crate::model::statistics::{QUANTILE_LEVELS, quantile};
use crate::text::shorten::brief;

use super::answers::ClassMap;
use super::failure::{Exit, Failure};

/// The levels of a numeric feature's values, of [`QUANTILE_LEVELS`]: the smallest, 5 %, the median, 95 %, the largest.
const LEVELS: [usize; 5] = [0, 1, 10, 19, 20];

/// Most categories that are tried: the first ones.
const MAX_CATEGORIES: usize = 20;

/// What the answers are when a feature has one value in every row.
#[derive(Debug, Serialize)]
pub(super) struct Flip {
    /// The feature.
    pub(super) feature: String,
    /// Its value in every row.
    pub(super) value: String,
    /// The mean prediction then, of a model of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mean_prediction: Option<f64>,
    /// The mean of the change, of a model of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mean_change: Option<f64>,
    /// The mean size of a row's change: of numbers, or the greatest of the probabilities.
    pub(super) mean_difference: f64,
    /// The greatest.
    pub(super) greatest_difference: f64,
    /// The line of the row that has it.
    pub(super) line: u64,
    /// Rows that get another label, of a classifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) other_labels: Option<u64>,
}

/// Changes each sensitive feature to each of its values, or to those of [`LEVELS`], in all rows; `lines` are those of
/// the file.
///
/// # Errors
/// 1 a row without a finite answer.
pub(super) fn flips(model: &Model, batch: &Batch, lines: &[u64], answers: &Prediction) -> Result<Vec<Flip>, Failure> {
    let schema = model.schema();
    let same = ClassMap::new(&schema.target().classes, &schema.target().classes);
    let mut scratch = Scratch::default();
    let mut flips = Vec::new();
    for (place, feature) in schema.features().iter().enumerate().filter(|(_, feature)| feature.sensitive) {
        for (name, value) in values(feature, batch.rows().map(|row| row[place])) {
            let mut cells = batch.values().to_vec();
            cells.iter_mut().skip(place).step_by(batch.n_features()).for_each(|cell| *cell = value);
            let changed = Batch::from_rows(schema, cells).expect("the same rows with another value of the schema");
            let after = model.predict(&changed, &mut scratch).map_err(|PredictError { row, .. }| {
                let (line, feature) = (lines[row], &feature.name);
                let what = format_args!("line {line} with {feature} {name}: the model's answer is not a finite number");
                Failure::new(Exit::Failed, what)
            })?;
            let differences = same.differences(&after, answers);
            let greatest = (0..differences.len()).max_by(|a, b| differences[*a].size.total_cmp(&differences[*b].size));
            let Some(greatest) = greatest else { continue };
            let others = differences.iter().filter(|row| row.is_other_label).count() as u64;
            let change: Option<f64> = differences.iter().map(|row| row.change).sum();
            flips.push(Flip {
                feature: feature.name.clone(),
                value: name,
                mean_prediction: match &after {
                    Prediction::Regression { values, n_outputs: 1 } => Some(mean(values.iter().sum(), lines.len())),
                    _ => None,
                },
                mean_change: change.map(|sum| mean(sum, lines.len())),
                mean_difference: mean(differences.iter().map(|row| row.size).sum(), lines.len()),
                greatest_difference: differences[greatest].size,
                line: lines[greatest],
                other_labels: matches!(after, Prediction::Classification { .. }).then_some(others),
            });
        }
    }
    Ok(flips)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn mean(sum: f64, n: usize) -> f64 {
    sum / n as f64
}

/// The values that a feature is changed to: names and cells. Of numbers those of training, or where there are no
/// statistics of these rows.
fn values(feature: &Feature, cells: impl Iterator<Item = f64>) -> Vec<(String, f64)> {
    if feature.kind == FeatureKind::Categorical {
        let categories = feature.categories.iter().zip(0_u32..).take(MAX_CATEGORIES);
        return categories.map(|(name, place)| (brief(name).into_owned(), f64::from(place))).collect();
    }
    let trained = &feature.stats().quantiles;
    let mut values: Vec<f64> = if trained.len() == QUANTILE_LEVELS {
        LEVELS.iter().map(|level| trained[*level]).collect()
    } else {
        let mut sorted: Vec<f64> = cells.filter(|cell| !cell.is_nan()).collect();
        sorted.sort_by(f64::total_cmp);
        let levels = if sorted.is_empty() { [].as_slice() } else { LEVELS.as_slice() };
        levels.iter().map(|level| quantile(&sorted, f64::from(u8::try_from(*level).unwrap_or(0)) / 20.0)).collect()
    };
    values.dedup();
    values.into_iter().map(|value| (feature.shown(value), value)).collect()
}
