//! Estimators of other libraries, at the end of a pipeline or alone.

use super::arena::Object;
use super::columns::{ColumnsBuilder, PendingColumn};
use super::model::{Answer, Demands, Fitted, read_booster};
use crate::import::error::ImportError;
use crate::import::imported::Imported;
use crate::import::options::ImportOptions;
use crate::model::neutral::{Operation, Step, Steps};
use crate::model::schema::FeatureKind;

/// The estimator's own model, with no pipeline around it.
pub(super) fn alone(object: &Object<'_>, format: &str, options: &ImportOptions) -> Result<Imported, ImportError> {
    let (mut inside, missing) = read_booster(object, options)?;
    if let Some(missing) = missing {
        take_for_missing(&mut inside.neutral.steps, missing);
        inside.origin.notes.push(format!("{missing} is a missing cell, as the estimator's parameter says."));
    }
    format.clone_into(&mut inside.origin.format);
    Ok(inside)
}

/// The names of the columns that the estimator's own model has.
pub(super) fn names(object: &Object<'_>, options: &ImportOptions) -> Result<Vec<String>, ImportError> {
    Ok(read_booster(object, options)?.0.features.into_iter().map(|feature| feature.name).collect())
}

/// Makes a number stand for a missing cell in every column of the predictor.
fn take_for_missing(steps: &mut Steps, missing: f64) {
    let made = u32::try_from(steps.n_slots()).unwrap_or(u32::MAX);
    let mut made = made..;
    for output in &mut steps.outputs {
        for (operation, made) in as_missing(missing).into_iter().zip(&mut made) {
            steps.steps.push(Step { input: std::mem::replace(output, made), operation });
        }
    }
}

/// How `XGBoost` compares a cell with the number that stands for missing: both rounded to 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "rounding is the rule")]
fn as_missing(missing: f64) -> [Operation; 2] {
    [Operation::Narrow, Operation::AsMissing(f64::from(missing as f32))]
}

/// The estimator over columns that transformers made: its predictor, and the columns that it takes.
pub(super) fn over(
    object: &Object<'_>,
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
    options: &ImportOptions,
) -> Result<(Fitted, Vec<u32>), ImportError> {
    let (inside, missing) = read_booster(object, options)?;
    if inside.features.len() != pending.len() {
        let n = inside.features.len();
        return Err(ImportError::new(format_args!("{} takes {n} columns of {}", object.class, pending.len())));
    }
    let mut made = Vec::with_capacity(pending.len());
    for (pending, feature) in pending.iter().zip(&inside.features) {
        if feature.kind != FeatureKind::Numeric {
            let name = &feature.name;
            return Err(ImportError::new(format_args!(
                "the column {name:?} has named categories, which is not read in a pipeline"
            )));
        }
        made.extend(columns.take(std::slice::from_ref(pending), feature.missing, feature.unbounded)?);
    }
    for column in &mut made {
        for operation in missing.into_iter().flat_map(as_missing) {
            *column = columns.step(*column, operation)?;
        }
    }
    let beyond = || ImportError::new("its steps refer to columns that are not there");
    for step in inside.neutral.steps.steps {
        let input = *made.get(step.input as usize).ok_or_else(beyond)?;
        let n = u32::try_from(step.operation.n_made()).map_err(|_| beyond())?;
        let first = columns.step(input, step.operation)?;
        made.extend(first..first + n);
    }
    let taken =
        inside.neutral.steps.outputs.iter().map(|column| made.get(*column as usize).copied().ok_or_else(beyond));
    let taken = taken.collect::<Result<Vec<u32>, _>>()?;
    let answer = if inside.target.classes.is_empty() {
        Answer::Numbers(inside.target.n_outputs())
    } else {
        Answer::Class(inside.target.classes)
    };
    let mut notes = inside.origin.notes;
    let version = inside.origin.version.unwrap_or_default();
    notes.push(format!("The estimator is of {} {version}.", inside.origin.library));
    let fitted = Fitted {
        predictor: inside.neutral.predictor,
        answer,
        has_probability: inside.neutral.has_probability,
        demands: Demands { takes_missing: true, takes_any_number: true },
        hyperparameters: inside.hyperparameters,
        notes,
    };
    Ok((fitted, taken))
}
