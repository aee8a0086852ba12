//! `XGBoost`'s and `LightGBM`'s own estimators: an object around that library's format.

use std::borrow::Cow;

use super::fitted::classes;
use crate::import::error::ImportError;
use crate::import::imported::Imported;
use crate::import::lightgbm::{self, Around};
use crate::import::options::{Answers, ImportOptions, Iterations};
use crate::import::sklearn::arena::{Arena, Id, Object};
use crate::import::sklearn::array::{Label, Values, position};
use crate::import::xgboost;

/// True for an estimator of another library that is read.
pub(in crate::import::sklearn) fn is_read(object: &Object<'_>) -> bool {
    is_xgboost(object) || is_lightgbm(object)
}

fn is_lightgbm(object: &Object<'_>) -> bool {
    let names = ["Booster", "LGBMModel", "LGBMClassifier", "LGBMRegressor", "LGBMRanker"];
    object.is_of("lightgbm") && names.contains(&object.name())
}

fn is_xgboost(object: &Object<'_>) -> bool {
    let names =
        ["Booster", "XGBModel", "XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor"];
    object.is_of("xgboost") && names.contains(&object.name())
}

/// The model inside, with the labels that the object has for its classes, and the number that stands for a missing
/// cell.
pub(in crate::import::sklearn) fn read(
    object: &Object<'_>,
    options: &ImportOptions,
) -> Result<(Imported, Option<f64>), ImportError> {
    let read =
        if is_xgboost(object) { xgb(object, options) } else { lgb(object, options).map(|inside| (inside, None)) };
    read.map_err(|e| e.within(object.name()))
}

/// The bytes or text that a booster holds.
fn held<'a>(booster: &Object<'a>, attributes: &[&str]) -> Result<Cow<'a, [u8]>, ImportError> {
    for attribute in attributes {
        let Some(id) = booster.get(attribute)? else { continue };
        if let Some(bytes) = booster.arena.bytes(id)? {
            return Ok(bytes);
        }
        if let Some(text) = booster.arena.text(id) {
            return Ok(match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            });
        }
    }
    Err(ImportError::new(format_args!("{} holds no model: it is not fitted", booster.class)))
}

fn xgb(object: &Object<'_>, options: &ImportOptions) -> Result<(Imported, Option<f64>), ImportError> {
    let arena = object.arena;
    let is_booster = object.name() == "Booster";
    let booster = if is_booster { object.clone() } else { Object::at(arena, object.need("_Booster")?)? };
    let bytes = held(&booster, &["handle"])?;
    if bytes.first() != Some(&b'{') {
        return Err(ImportError::new(xgboost::BINARY));
    }
    let is_classifier = object.name().ends_with("Classifier");
    // The estimator's own predict stops at the best iteration, and answers with labels.
    let mut inner = options.clone();
    if !is_booster {
        inner.iterations = options.iterations.or(Some(Iterations::Best));
        inner.answers = Answers::Label;
    }
    let mut inside = xgboost::ubjson(&bytes, &inner, arena.room)?;
    if options.iterations.is_none() {
        inside.origin.notes.retain(|note| !note.contains("notes no best iteration"));
    }
    let missing = match object.get("missing")? {
        Some(id) => Values::number(arena, id)?.filter(|missing| !missing.is_nan()),
        None => None,
    };
    if is_classifier {
        if inside.target.outputs.is_some() && options.answers == Answers::Library {
            return Err(ImportError::new(xgboost::SEVERAL_LABELS));
        }
        label(object, &mut inside, options.answers)?;
    }
    Ok((inside, missing))
}

fn lgb(object: &Object<'_>, options: &ImportOptions) -> Result<Imported, ImportError> {
    let arena = object.arena;
    let is_booster = object.name() == "Booster";
    let booster = if is_booster { object.clone() } else { Object::at(arena, object.need("_Booster")?)? };
    let text = held(&booster, &["_handle", "handle", "_model_str"])?;
    let labels = match (object.get("_le")?, object.get("_classes")?) {
        (Some(encoder), _) => labels_of(arena, encoder)?,
        (None, Some(classes)) => Some(Label::all(arena, classes)?.iter().map(Label::to_text).collect()),
        (None, None) => None,
    };
    let rounds = |object: &Object<'_>, attribute| {
        let number = object.get(attribute)?.map(|id| Values::number(arena, id)).transpose()?.flatten();
        Ok::<_, ImportError>(number.and_then(position).filter(|rounds| *rounds > 0))
    };
    let best_iteration = rounds(&booster, "best_iteration")?.or(rounds(object, "_best_iteration")?);
    lightgbm::booster(&text, Around { names: None, labels, best_iteration }, options, arena.room)
}

/// Gives the classes their labels, if the object has some.
fn label(object: &Object<'_>, inside: &mut Imported, answers: Answers) -> Result<(), ImportError> {
    let labels = match (object.get("classes_")?, object.get("_le")?) {
        (Some(_), _) => Some(classes(object)?),
        (None, Some(encoder)) => labels_of(object.arena, encoder)?,
        (None, None) => None,
    };
    if let Some(labels) = labels {
        let (n, expected) = (labels.len(), inside.target.classes.len());
        if n != expected {
            return Err(ImportError::new(format_args!("{n} labels for {expected} classes")));
        }
        inside.target.classes = labels;
    }
    inside.neutral.has_probability &= answers == Answers::Label;
    Ok(())
}

/// The labels of a `LabelEncoder`.
fn labels_of<'a>(arena: &'a Arena<'a>, encoder: Id) -> Result<Option<Vec<String>>, ImportError> {
    let Some(classes) = Object::at(arena, encoder)?.get("classes_")? else { return Ok(None) };
    let labels = Label::all(arena, classes).map_err(|e| e.within("_le.classes_"))?;
    Ok(Some(labels.iter().map(Label::to_text).collect()))
}
