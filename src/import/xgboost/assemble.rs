//! A model from the parts of `XGBoost`'s document.

use std::collections::BTreeMap;

use super::document::Document;
use super::features::{FeaturesAndSteps, columns};
use super::objective::{Answer, Base, Objective, SEVERAL_LABELS};
use super::version;
use crate::import::error::ImportError;
use crate::import::imported::Imported;
use crate::import::options::{Answers, ImportOptions, Iterations};
use crate::import::room::{FEATURE, Room};
use crate::model::artifact::{Origin, Setting};
use crate::model::ir::{LinearRule, Link, Width};
use crate::model::neutral::{Comparison, Forest, Leaves, LinearModel, Neutral, Predictor, Sum, Tree};
use crate::model::schema::MAX_COLUMNS;

/// The largest number of outputs.
const MAX_OUTPUTS: usize = 1_000;

/// From this version on `binary:logitraw` takes `base_score` as a margin.
const LOGITRAW_BASE_IS_MARGIN: [i32; 2] = [1, 3];

/// From this version on `survival:aft` takes the exponential in f64.
const AFT_IS_WIDE: [i32; 2] = [2, 1];

/// From this version on `reg:quantileerror` sorts the values of a row.
const SORTS_QUANTILES: [i32; 2] = [3, 5];

/// Joins the parts.
pub(super) fn assemble(
    mut document: Document,
    options: &ImportOptions,
    room: &Room<'_>,
    format: &str,
) -> Result<Imported, ImportError> {
    let version_note = version::check(&document.version)?;
    let number = |name: &str| parameter(&document, name).map_err(|error| error.within("learner.learner_model_param"));
    let n_features = number("num_feature")?.ok_or_else(|| {
        ImportError::new("learner.learner_model_param.num_feature is not there: this is no model of XGBoost")
    })?;
    let (n_classes, n_targets) = (number("num_class")?.unwrap_or(0), number("num_target")?.unwrap_or(1));
    let n_outputs = n_classes.max(n_targets).max(1);
    if n_outputs > MAX_OUTPUTS {
        return Err(ImportError::new(format_args!("{n_outputs} outputs are more than {MAX_OUTPUTS}")));
    }
    let objective = objective(&document, n_outputs, options)?;
    let start = base(&document, objective.base, n_outputs)?;
    room.take(n_features.min(MAX_COLUMNS), FEATURE);
    let names = std::mem::take(&mut document.names);
    let FeaturesAndSteps { features, steps, mut notes, .. } =
        columns(n_features, names, &document.encodings, options.zero_as_missing)?;
    notes.extend(version_note);
    if n_outputs > 1 && document.objective.as_deref().is_some_and(|name| name.starts_with("binary:log")) {
        notes.push(format!("{n_outputs} targets of two classes: the answer is a list, a number for each, no labels"));
    }
    let booster = document.booster.clone().unwrap_or_default();
    let n_columns = u32::try_from(features.len()).unwrap_or(u32::MAX);
    let mut hyperparameters = BTreeMap::from([("booster".to_owned(), Setting::Word(booster.clone()))]);
    match &document.objective {
        Some(name) => {
            hyperparameters.insert("objective".to_owned(), Setting::Word(name.clone()));
        }
        None => notes.push("the file names no objective: the answers are margins".to_owned()),
    }
    let predictor = match booster.as_str() {
        "gbtree" | "dart" if document.trees.is_empty() => {
            return Err(ImportError::new(
                "it has no trees: save_config writes parameters alone, and a model is written by save_model",
            ));
        }
        "gbtree" | "dart" => {
            let n_trees = choose_trees(&document, n_outputs, options, &mut notes)?;
            hyperparameters.insert("trees".to_owned(), Setting::Count(n_trees as u64));
            Predictor::Forest(forest(&mut document, n_columns, start, n_trees, objective)?)
        }
        "gblinear" => Predictor::Linear(linear(&document, n_columns, &start, objective)?),
        other => {
            let place = "learner.gradient_booster.name";
            return Err(ImportError::new(format_args!("the booster {other:?} is not known")).within(place));
        }
    };
    let (has_probability, (target, task)) = match objective.answer {
        Answer::Classes { with_probability } => {
            (with_probability, Imported::classes("target", Imported::numbered(n_outputs.max(2))))
        }
        Answer::Numbers => (false, Imported::numbers("target", n_outputs)),
    };
    let version = Some(version::shown(&document.version));
    Ok(Imported {
        algorithm: "xgboost".to_owned(),
        origin: Origin { library: "xgboost".to_owned(), version, format: format.to_owned(), notes },
        hyperparameters,
        features,
        target,
        task,
        neutral: Neutral { steps, predictor, has_probability },
        name: None,
    })
}

/// A whole number among the parameters.
fn parameter(document: &Document, name: &str) -> Result<Option<usize>, ImportError> {
    let Some(text) = document.parameters.get(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| ImportError::new(format_args!("{text:?} is not a whole number")).within(name))
}

fn objective(document: &Document, n_outputs: usize, options: &ImportOptions) -> Result<Objective, ImportError> {
    let Some(name) = &document.objective else { return Ok(Objective::PLAIN) };
    let refused = |problem: String| Err(ImportError::new(problem).within("learner.objective.name"));
    let Some(mut objective) = Objective::named(name, options.answers) else {
        return refused(format!("the objective {name:?} is not known: it is refused rather than guessed"));
    };
    // Found with 1.0.2, 1.2.1, 1.3.3 and later ones: base_score is a margin from 1.3 on, before that a probability.
    if name == "binary:logitraw" && document.version.as_slice() < &LOGITRAW_BASE_IS_MARGIN[..] {
        objective.base = Base::Logit;
    }
    // Found with 1.7.6 and 2.0.3, and with 2.1.4, 3.0.5 and 3.2.0: up to 17 of 4,000 answers tell the two apart.
    if name == "survival:aft" && document.version.as_slice() < &AFT_IS_WIDE[..] {
        objective.link = Link::Exp;
    }
    if name == "reg:quantileerror" && n_outputs > 1 && document.version.as_slice() >= &SORTS_QUANTILES[..] {
        return refused("several quantiles of XGBoost 3.5 are sorted, which is not read yet".to_owned());
    }
    // Several targets of two classes each: a probability a target.
    if name.starts_with("binary:") && n_outputs > 1 {
        objective.answer = Answer::Numbers;
        if document.is_estimator && options.answers == Answers::Library {
            return Err(ImportError::new(SEVERAL_LABELS));
        }
    }
    if name.starts_with("multi:") && n_outputs < 2 {
        return refused(format!("{name:?} needs num_class of 2 or more, it is {n_outputs}"));
    }
    Ok(objective)
}

/// The margins that sums start with: `base_score` is a number, or from 3.1 on a list of one per output.
fn base(document: &Document, base: Base, n_outputs: usize) -> Result<Vec<f64>, ImportError> {
    let refused = |problem: String| ImportError::new(problem).within("learner.learner_model_param.base_score");
    let text = document.parameters.get("base_score").ok_or_else(|| refused("it is not there".to_owned()))?;
    let list = text.trim();
    let list = list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list);
    let scores: Result<Vec<f32>, _> = list.split(',').map(|score| score.trim().parse::<f32>()).collect();
    let scores = scores.map_err(|_| refused(format!("{text:?} is neither a number nor a list of numbers")))?;
    // The library ends with "base_score must be in (0,1)", and takes 0 and 1 for the nearest that are.
    if base == Base::Logit && scores.iter().any(|score| !(0.0..=1.0).contains(score)) {
        return Err(refused(format!("{text:?} is no probability")));
    }
    let margins: Vec<f64> = scores.into_iter().map(|score| f64::from(base.margin(score))).collect();
    if let Some(margin) = margins.iter().find(|margin| !margin.is_finite()) {
        return Err(refused(format!("{text:?} gives the margin {margin}")));
    }
    match margins.as_slice() {
        [margin] => Ok(vec![*margin; n_outputs]),
        _ if margins.len() == n_outputs => Ok(margins),
        _ => Err(refused(format!("{} numbers for {n_outputs} outputs", margins.len()))),
    }
}

/// How many of the trees are read: all, or those up to the best iteration, as the library's own `predict` does it.
fn choose_trees(
    document: &Document,
    n_outputs: usize,
    options: &ImportOptions,
    notes: &mut Vec<String>,
) -> Result<usize, ImportError> {
    let all = document.trees.len();
    let Some(best) = &document.best_iteration else {
        if options.iterations == Some(Iterations::Best) {
            notes.push("the file notes no best iteration: all trees are read".to_owned());
        }
        return Ok(all);
    };
    let best: usize = best.parse().map_err(|_| {
        ImportError::new(format_args!("{best:?} is not a whole number")).within("learner.attributes.best_iteration")
    })?;
    let by_default = if document.is_estimator { Iterations::Best } else { Iterations::All };
    if options.iterations.unwrap_or(by_default) == Iterations::All {
        notes.push(format!(
            "all {all} trees are read, although the best iteration is {best}: --iterations best stops there"
        ));
        return Ok(all);
    }
    let is_vector = document.shared.leaf_width > 1;
    let parallel = parameter(document, "num_parallel_tree")?.unwrap_or(1).max(1);
    let per_round = parallel.saturating_mul(if is_vector { 1 } else { n_outputs });
    let end = if document.rounds.is_empty() {
        best.saturating_add(1).saturating_mul(per_round)
    } else {
        let end = best.checked_add(1).and_then(|round| document.rounds.get(round));
        let end = end.and_then(|end| usize::try_from(*end).ok());
        end.ok_or_else(|| ImportError::new(format_args!("iteration_indptr has no iteration {best}")))?
    };
    let end = end.min(all);
    notes.push(format!(
        "{end} of {all} trees are read, up to the best iteration {best}: --iterations all reads them all"
    ));
    Ok(end)
}

fn forest(
    document: &mut Document,
    n_columns: u32,
    start: Vec<f64>,
    n_trees: usize,
    objective: Objective,
) -> Result<Forest, ImportError> {
    let place = "learner.gradient_booster.model";
    let (n_all, n_outputs) = (document.trees.len(), start.len());
    let is_dart = document.booster.as_deref() == Some("dart");
    let of_each = |what: &str, got: usize| {
        let problem = format_args!("{got} elements in {what} for {n_all} trees");
        if got == n_all { Ok(()) } else { Err(ImportError::new(problem).within(place)) }
    };
    of_each("tree_info", document.outputs.len())?;
    if is_dart || !document.tree_weights.is_empty() {
        of_each("weight_drop", document.tree_weights.len())?;
    }
    let is_vector = document.shared.leaf_width > 1;
    if is_vector && document.shared.leaf_width != n_outputs {
        let width = document.shared.leaf_width;
        return Err(ImportError::new(format_args!("leaves of {width} numbers for {n_outputs} outputs")).within(place));
    }
    let mut trees = Vec::with_capacity(n_trees);
    for (i, (nodes, cover)) in std::mem::take(&mut document.trees).into_iter().take(n_trees).enumerate() {
        let output = document.outputs[i];
        let in_range = u16::try_from(output).ok().filter(|output| usize::from(*output) < n_outputs);
        let output = in_range.ok_or_else(|| {
            ImportError::new(format_args!("tree_info[{i}] is {output}, for {n_outputs} outputs")).within(place)
        })?;
        let weight = document.tree_weights.get(i).map_or(1.0, |weight| f64::from(*weight));
        trees.push(Tree { nodes, output: if is_vector { 0 } else { output }, weight, cover });
    }
    Ok(Forest {
        n_columns,
        value: Width::F32,
        comparison: Comparison::Below,
        trees,
        sets: std::mem::take(&mut document.shared.sets),
        leaves: if is_vector { Leaves::Vectors(std::mem::take(&mut document.shared.vectors)) } else { Leaves::Values },
        sum: Sum { width: Width::F32, start, divisor: None, raw_is_undivided: false },
        link: objective.link,
        decision: objective.decision,
    })
}

/// gblinear: each sum starts with intercept and base, then takes the cells that are there.
#[expect(clippy::cast_possible_truncation, reason = "the bases are f32 numbers, and sums of 32 bits are the purpose")]
fn linear(
    document: &Document,
    n_columns: u32,
    start: &[f64],
    objective: Objective,
) -> Result<LinearModel, ImportError> {
    let (n, n_outputs) = (n_columns as usize, start.len());
    let given = &document.weights;
    if given.len() != (n + 1) * n_outputs {
        let problem = format_args!("{} weights for {n} features, an intercept and {n_outputs} outputs", given.len());
        return Err(ImportError::new(problem).within("learner.gradient_booster.model.weights"));
    }
    let of_output = |output: usize| (0..n).map(move |feature| f64::from(given[feature * n_outputs + output]));
    // XGBoost adds the first output's base to every output of gblinear (3.2, which has one a class).
    let base = start[0] as f32;
    let intercepts = (0..n_outputs).map(|output| f64::from(given[n * n_outputs + output] + base));
    Ok(LinearModel {
        n_columns,
        weights: (0..n_outputs).flat_map(of_output).collect(),
        intercepts: intercepts.collect(),
        link: objective.link,
        rule: LinearRule {
            width: Width::F32,
            intercept_first: true,
            skips_missing: true,
            decision: objective.decision,
        },
    })
}
