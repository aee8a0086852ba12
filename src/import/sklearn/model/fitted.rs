//! An estimator as it was read.

use std::collections::BTreeMap;

use crate::import::error::ImportError;
use crate::import::sklearn::arena::Object;
use crate::import::sklearn::array::{Label, Values};
use crate::model::artifact::Setting;
use crate::model::neutral::Predictor;
use crate::model::schema::MAX_CLASSES;

/// What an estimator predicts.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import::sklearn) enum Answer {
    /// So many numbers a row.
    Numbers(usize),
    /// One of these labels.
    Class(Vec<String>),
}

/// What an estimator demands of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import::sklearn) struct Demands {
    /// It has a rule for missing cells.
    pub(in crate::import::sklearn) takes_missing: bool,
    /// Any number gives a finite answer.
    pub(in crate::import::sklearn) takes_any_number: bool,
}

/// An estimator, read.
#[derive(Debug, Clone)]
pub(in crate::import::sklearn) struct Fitted {
    pub(in crate::import::sklearn) predictor: Predictor,
    pub(in crate::import::sklearn) answer: Answer,
    pub(in crate::import::sklearn) has_probability: bool,
    pub(in crate::import::sklearn) demands: Demands,
    /// For people.
    pub(in crate::import::sklearn) hyperparameters: BTreeMap<String, Setting>,
    pub(in crate::import::sklearn) notes: Vec<String>,
}

/// The labels of a classifier's classes.
pub(super) fn classes(object: &Object<'_>) -> Result<Vec<String>, ImportError> {
    let n_targets = object.get("n_outputs_")?.map(|id| Values::number(object.arena, id)).transpose()?.flatten();
    if let Some(n) = n_targets.filter(|n| *n > 1.0) {
        return Err(ImportError::new(format_args!(
            "it classifies {n} targets at once, which is not read: fit one a target"
        )));
    }
    let labels = Label::all(object.arena, object.need("classes_")?).map_err(|e| e.within("classes_"))?;
    if labels.len() < 2 || labels.len() > MAX_CLASSES {
        let n = labels.len();
        return Err(
            ImportError::new(format_args!("it has {n} classes, and models have 2 to {MAX_CLASSES}")).within("classes_")
        );
    }
    Ok(labels.iter().map(Label::to_text).collect())
}

/// A hyperparameter that is a word, for people.
pub(super) fn word(object: &Object<'_>, attribute: &str) -> Result<Option<(String, Setting)>, ImportError> {
    Ok(object.word(attribute)?.map(|word| (attribute.to_owned(), Setting::Word(word.into_owned()))))
}

/// A number of trees, for people.
pub(super) fn trees(n: usize) -> (String, Setting) {
    ("trees".to_owned(), Setting::Count(n as u64))
}
