//! From an artifact to what explains its answers.

use std::sync::Arc;

use super::explainer::{Explainer, Parts};
use crate::model::artifact::Opened;
use crate::model::batch::Batch;
use crate::model::column_means;
use crate::model::cover::{self, CheckedCover};
use crate::model::ir::Form;
use crate::model::pipeline::{Encoder, Pipeline};
use crate::model::schema::Schema;

/// What explains the answers of an artifact's model, or why nothing does.
///
/// # Errors
/// One sentence: a section does not agree with the estimator.
pub(in crate::model) fn of_opened(
    opened: &Opened<'_>,
    form: &Arc<Form>,
    pipeline: &Pipeline,
    schema: &Schema,
    golden: &Batch,
) -> Result<Result<Explainer, String>, String> {
    let (counts, weights) = (opened.section("cover"), opened.section(cover::WEIGHTS));
    let covers = match (counts.or(weights), form.trees()) {
        (Some(_), None) => return Err("there is a cover section but the estimator has no trees".to_owned()),
        (_, Some(trees)) => {
            let counts = counts.map(|section| CheckedCover::of_counts(section, trees)).transpose()?;
            // A file's own weights are those of the rows that it was fitted on.
            weights.map(|section| CheckedCover::of_weights(section, trees)).transpose()?.or(counts)
        }
        (None, None) => None,
    };
    let means = match (opened.section(column_means::SECTION), &**form) {
        (Some(section), Form::Linear(_)) => Some(column_means::read(section, form.n_columns())?),
        (Some(_), _) => return Err("there are column means but the estimator is not linear".to_owned()),
        // Scaled columns have the mean 0.
        (None, Form::Linear(_)) => match pipeline.encoder() {
            Encoder::Preprocessing(preprocessing) if preprocessing.scaled => Some(vec![0.0; form.n_columns()]),
            _ => None,
        },
        (None, _) => None,
    };
    let golden = Some(golden).filter(|_| opened.header.source.is_none());
    Ok(Explainer::new(Parts { form, pipeline, schema, cover: covers, means, golden }))
}
