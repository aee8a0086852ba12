//! What contributions are compared with: of trees how many training rows reach each node, of linear models the mean of
//! each column.

use crate::model::ir::Form;
use crate::model::{column_means, cover};
use crate::train::data::split_data::LabeledBatch;
use crate::train::error::TrainError;
use crate::train::evaluate::schedule::RunOutcome;
use crate::train::fit::plan::Section;

/// The section of a model that was fitted on these rows; `None` for other models.
pub(super) fn section(outcome: &RunOutcome, train: &LabeledBatch) -> Result<Option<Section>, TrainError> {
    let fitted = &outcome.fitted;
    let section = match (&fitted.form, &fitted.cover) {
        (Form::Trees(_), Some(cover)) => cover::counted_section(cover).map(|bytes| Some(("cover", bytes))),
        (Form::Trees(trees), None) => {
            cover::section(trees, fitted.matrices(&train.batch)).map(|bytes| Some(("cover", bytes)))
        }
        (Form::Linear(_), _) => column_means::section(&fitted.matrix(&train.batch), fitted.form.n_columns())
            .map(|means| means.map(|bytes| (column_means::SECTION, bytes))),
        (Form::Neighbors(_) | Form::Svm(_) | Form::Bayes(_), _) => Ok(None),
    };
    Ok(section.map_err(TrainError::Broken)?.map(|(name, bytes)| (name, bytes, false)))
}
