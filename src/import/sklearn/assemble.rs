//! The whole: a pipeline's transformers, its estimator, and what it answers.

use super::arena::{Arena, Id, Object};
use super::columns::{ColumnsBuilder, PendingColumn, feature_names, n_inputs, steps, transform};
use super::library;
use super::model::{Answer, Fitted, is_booster, reader};
use crate::import::error::ImportError;
use crate::import::imported::Imported;
use crate::import::options::{Answers, ImportOptions};
use crate::import::room::FEATURE;
use crate::model::artifact::{Origin, Setting};
use crate::model::neutral::Neutral;

/// What the model predicts, whose name no file has.
const TARGET: &str = "target";

/// The largest depth of pipelines inside pipelines.
const MAX_DEPTH: usize = 16;

/// The versions whose files are compared with the library's own answers.
const TESTED: ((u32, u32), (u32, u32)) = ((1, 1), (1, 9));

/// Makes a model of the object at a node.
pub(super) fn imported(
    arena: &Arena<'_>,
    root: Id,
    format: &str,
    options: &ImportOptions,
) -> Result<Imported, ImportError> {
    let whole = Object::at(arena, root)?;
    if is_booster(&whole) {
        return library::alone(&whole, format, options);
    }
    if !is_pipeline(&whole) && reader(&whole).is_none() {
        return Err(unread(&whole));
    }
    let (mut columns, pending) = ColumnsBuilder::new(names(&whole, options)?)?;
    let mut passed = Vec::new();
    let (object, pending) = through_pipelines(whole.clone(), &mut columns, pending, &mut passed)?;
    let (fitted, outputs) = if is_booster(&object) {
        library::over(&object, &mut columns, &pending, options)?
    } else {
        fit(&object, &mut columns, &pending, options)?
    };
    let (features, steps, unused) = columns.finish(outputs)?;
    let (target, task) = match fitted.answer {
        Answer::Numbers(n) => Imported::numbers(TARGET, n),
        Answer::Class(labels) => Imported::classes(TARGET, labels),
    };
    let mut hyperparameters = fitted.hyperparameters;
    if !passed.is_empty() {
        hyperparameters.insert("steps".to_owned(), Setting::Word(passed.join(", ")));
    }
    let mut notes = fitted.notes;
    notes.extend(unused);
    let version = whole.version()?;
    notes.extend(version_note(version));
    Ok(Imported {
        algorithm: format!("{}.{}", object.class.module.split('.').next().unwrap_or_default(), object.name()),
        origin: Origin {
            library: "scikit-learn".to_owned(),
            version: whole.word("_sklearn_version")?.map(std::borrow::Cow::into_owned),
            format: format.to_owned(),
            notes,
        },
        hyperparameters,
        features,
        target,
        task,
        neutral: Neutral {
            steps,
            predictor: fitted.predictor,
            has_probability: fitted.has_probability && options.answers == Answers::Label,
        },
        name: None,
    })
}

fn unread(object: &Object<'_>) -> ImportError {
    let is_search = matches!(object.class.name.as_ref(), "GridSearchCV" | "RandomizedSearchCV");
    let hint = if is_search { ": save its best_estimator_" } else { "" };
    ImportError::new(format_args!("{} is not an estimator that is read{hint}", object.class))
}

fn is_pipeline(object: &Object<'_>) -> bool {
    object.name() == "Pipeline" && object.is_of("sklearn")
}

/// The estimator at the end of pipelines, and the columns that it gets.
fn through_pipelines<'a>(
    mut object: Object<'a>,
    columns: &mut ColumnsBuilder,
    mut pending: Vec<PendingColumn>,
    passed: &mut Vec<String>,
) -> Result<(Object<'a>, Vec<PendingColumn>), ImportError> {
    let mut place = Vec::new();
    for _ in 0..MAX_DEPTH {
        if !is_pipeline(&object) {
            return Ok((object, pending));
        }
        let arena = object.arena;
        let steps = steps(&object)?;
        let Some(((name, last), before)) = steps.split_last() else {
            return Err(ImportError::new("the pipeline has no steps"));
        };
        for (name, step) in before {
            pending = transform(arena, *step, columns, &pending, 0).map_err(|e| e.within(name))?;
            if let Some(class) = arena.class(*step)? {
                passed.push(class.name.into_owned());
            }
        }
        place.push(name.clone());
        object = Object::at(arena, *last).map_err(|e| e.within(place.join(".")))?;
    }
    Err(ImportError::new(format_args!("pipelines are nested deeper than {MAX_DEPTH}")))
}

/// Reads the estimator, with the columns that it takes: those of its own preprocessing, where it has one.
fn fit(
    object: &Object<'_>,
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
    options: &ImportOptions,
) -> Result<(Fitted, Vec<u32>), ImportError> {
    if options.zero_as_missing {
        let why = "scikit-learn's estimators take a 0 for a 0: leave --zero-as-missing out";
        return Err(ImportError::of_choice(why));
    }
    if options.chooses_rounds() {
        return Err(ImportError::of_choice("scikit-learn's estimators have no best round: leave --iterations out"));
    }
    let read = reader(object).ok_or_else(|| unread(object))?;
    if let Some(n) = n_inputs(object)?
        && n != pending.len()
    {
        return Err(ImportError::new(format_args!("{} takes {n} columns of {}", object.class, pending.len())));
    }
    let pending = match object.get("_preprocessor")? {
        Some(own) if object.name().starts_with("Hist") => {
            transform(object.arena, own, columns, pending, 0).map_err(|e| e.within("_preprocessor"))?
        }
        _ => pending.to_vec(),
    };
    let fitted = read(object, pending.len()).map_err(|e| e.within(object.name()))?;
    let outputs = columns.take(&pending, fitted.demands.takes_missing, fitted.demands.takes_any_number)?;
    Ok((fitted, outputs))
}

/// The names of the columns that a whole is fitted with; `f0`, `f1`, … where they have none.
fn names(whole: &Object<'_>, options: &ImportOptions) -> Result<Vec<String>, ImportError> {
    let mut object = whole.clone();
    let mut depth = 0;
    // A pipeline's columns are those of the first of its steps that notes them.
    while is_pipeline(&object) && depth < MAX_DEPTH {
        depth += 1;
        let arena = object.arena;
        let mut first = None;
        for (_, step) in steps(&object)? {
            let Ok(step) = Object::at(arena, step) else { continue };
            let notes = is_pipeline(&step)
                || is_booster(&step)
                || n_inputs(&step)?.is_some()
                || feature_names(&step)?.is_some();
            // A function of each number takes as many columns as it gives.
            if notes || step.name() != "FunctionTransformer" {
                first = Some(step);
                break;
            }
        }
        object = first.ok_or_else(|| ImportError::new("no step of the pipeline says how many columns it takes"))?;
    }
    if let Some(names) = feature_names(&object)? {
        whole.arena.room.take(names.len(), FEATURE);
        return Ok(names);
    }
    if is_booster(&object) {
        return library::names(&object, options);
    }
    let n = n_inputs(&object)?.ok_or_else(|| {
        if !object.is_of("sklearn") || object.name() == "FeatureUnion" {
            return ImportError::new(format_args!(
                "{} is not a transformer or an estimator that is read",
                object.class
            ));
        }
        ImportError::new(format_args!(
            "{} does not say how many columns it takes: it is not fitted, or not read",
            object.class
        ))
    })?;
    whole.arena.room.take(n, FEATURE);
    Ok((0..n).map(|i| format!("f{i}")).collect())
}

fn version_note(version: (u32, u32)) -> Option<String> {
    let (from, to) = TESTED;
    let (major, minor) = version;
    if version == (0, 0) {
        return Some("The file does not note scikit-learn's version: read as one before 0.24.".to_owned());
    }
    let tested = format!("{}.{} to {}.{}", from.0, from.1, to.0, to.1);
    (version < from || version > to)
        .then(|| format!("Read, not tested against scikit-learn {major}.{minor}: tested are {tested}."))
}
