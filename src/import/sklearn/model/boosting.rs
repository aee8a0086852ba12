//! Gradient boosting over regression trees.

use std::collections::BTreeMap;

use super::fitted::{Answer, Demands, Fitted, classes, trees, word};
use super::start::margins;
use super::tree::Tree;
use crate::import::error::ImportError;
use crate::import::sklearn::arena::Object;
use crate::import::sklearn::array::Values;
use crate::model::ir::{Decision, Link, Width};
use crate::model::neutral::{self, Comparison, Forest, Leaves, Predictor, Sum};

/// The version from which a class is chosen by margins, not by probabilities.
const BY_MARGIN_SINCE: (u32, u32) = (1, 4);

/// Reads a `GradientBoostingClassifier` or `GradientBoostingRegressor`.
pub(super) fn read(object: &Object<'_>, n_columns: usize) -> Result<Fitted, ImportError> {
    let is_classifier = object.name().ends_with("Classifier");
    let classes = if is_classifier { Some(classes(object)?) } else { None };
    let n_outputs = classes.as_ref().map_or(1, |classes| if classes.len() == 2 { 1 } else { classes.len() });
    let link = link(object, is_classifier, n_outputs)?;
    let start = margins(object, n_outputs, is_classifier).map_err(|e| e.within("init_"))?;
    let learning_rate = Values::number(object.arena, object.need("learning_rate")?)?;
    let weight = learning_rate.ok_or_else(|| ImportError::new("it is no number").within("learning_rate"))?;
    let mut hyperparameters = BTreeMap::new();
    hyperparameters.extend(word(object, "loss")?);
    let made = stages(object, n_outputs, weight).map_err(|e| e.within("estimators_"))?;
    hyperparameters.extend([trees(made.len())]);
    let by_margin = object.version()? >= BY_MARGIN_SINCE;
    let forest = Forest {
        n_columns: u32::try_from(n_columns).map_err(|_| ImportError::new("it has too many columns"))?,
        value: Width::F32,
        comparison: Comparison::AtMost,
        trees: made,
        sets: Vec::new(),
        leaves: Leaves::Values,
        sum: Sum { width: Width::F64, start, divisor: None, raw_is_undivided: false },
        link,
        decision: if by_margin { Decision::MarginFromZero } else { Decision::Probability },
    };
    Ok(Fitted {
        predictor: Predictor::Forest(forest),
        answer: classes.map_or(Answer::Numbers(1), Answer::Class),
        has_probability: is_classifier,
        demands: Demands { takes_missing: false, takes_any_number: true },
        hyperparameters,
        notes: Vec::new(),
    })
}

/// What margins go through, by the loss.
fn link(object: &Object<'_>, is_classifier: bool, n_outputs: usize) -> Result<Link, ImportError> {
    let loss = object.word("loss")?.unwrap_or_default();
    match &*loss {
        "log_loss" | "deviance" if is_classifier && n_outputs == 1 => Ok(Link::Logistic { slope: 1.0 }),
        "log_loss" | "deviance" if is_classifier => Ok(Link::Softmax),
        "exponential" if is_classifier && n_outputs == 1 => Ok(Link::Logistic { slope: 2.0 }),
        "squared_error" | "ls" | "absolute_error" | "lad" | "huber" | "quantile" if !is_classifier => {
            Ok(Link::Identity)
        }
        _ => Err(ImportError::new(format_args!("the loss {loss:?} is not read")).within("loss")),
    }
}

/// The trees of all stages, of each stage one per output.
fn stages(object: &Object<'_>, n_outputs: usize, weight: f64) -> Result<Vec<neutral::Tree>, ImportError> {
    let arena = object.arena;
    let Values::Objects { shape, items } = Values::read(arena, object.need("estimators_")?)? else {
        return Err(ImportError::new("they are no objects"));
    };
    if !matches!(shape.as_slice(), [_, n] if *n == n_outputs) {
        return Err(ImportError::new(format_args!("an array of the shape {shape:?} for {n_outputs} outputs")));
    }
    let tree = |(i, id): (usize, &_)| {
        let (stage, output) = (i / n_outputs, i % n_outputs);
        let read = || {
            let tree = Tree::of(&Object::at(arena, *id)?)?;
            if tree.n_outputs * tree.n_classes != 1 {
                return Err(ImportError::new("a tree has several values a node"));
            }
            tree.to_neutral(|tree, at| Ok(tree.values(at)[0]))
        };
        let (nodes, cover) = read().map_err(|e| e.within(format_args!("[{stage}, {output}]")))?;
        let output = u16::try_from(output).map_err(|_| ImportError::new("there are too many outputs"))?;
        Ok(neutral::Tree { nodes, output, weight, cover })
    };
    items.iter().enumerate().map(tree).collect()
}
