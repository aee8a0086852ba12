//! Linear models: coefficients, intercepts, and a classifier's link.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::fitted::{Answer, Demands, Fitted, classes, word};
use crate::import::error::ImportError;
use crate::import::sklearn::arena::Object;
use crate::import::sklearn::array::Values;
use crate::model::ir::{Decision, LinearRule, Link};
use crate::model::neutral::{LinearModel, Predictor};

/// True for the name of a linear estimator.
pub(super) fn is_read(name: &str) -> bool {
    let is_regressor = matches!(
        name,
        "LinearRegression"
            | "Ridge"
            | "RidgeCV"
            | "Lasso"
            | "LassoCV"
            | "ElasticNet"
            | "ElasticNetCV"
            | "MultiTaskLasso"
            | "MultiTaskElasticNet"
            | "SGDRegressor"
    );
    is_regressor || matches!(name, "LogisticRegression" | "LogisticRegressionCV" | "SGDClassifier")
}

/// Reads a linear estimator.
pub(super) fn read(object: &Object<'_>, n_columns: usize) -> Result<Fitted, ImportError> {
    let arena = object.arena;
    let is_classifier = matches!(object.name(), "LogisticRegression" | "LogisticRegressionCV" | "SGDClassifier");
    let (shape, weights) = Values::numbers(arena, object.need("coef_")?).map_err(|e| e.within("coef_"))?;
    let n_outputs = match *shape.as_slice() {
        [n] if n == n_columns => 1,
        [n_outputs, n] if n == n_columns => n_outputs,
        _ => return Err(ImportError::new(format_args!("the shape {shape:?} for {n_columns} columns")).within("coef_")),
    };
    let intercept = object.need("intercept_")?;
    let mut intercepts = match Values::number(arena, intercept)? {
        Some(intercept) => vec![intercept],
        None => Values::numbers(arena, intercept).map_err(|e| e.within("intercept_"))?.1,
    };
    if intercepts.len() == 1 && n_outputs > 1 {
        intercepts.resize(n_outputs, intercepts[0]);
    }
    let classes = if is_classifier { Some(classes(object)?) } else { None };
    let fitting = classes.as_ref().map(|classes| if classes.len() == 2 { 1 } else { classes.len() });
    if fitting.is_some_and(|n| n != n_outputs) || intercepts.len() != n_outputs {
        let n = intercepts.len();
        return Err(ImportError::new(format_args!(
            "{n_outputs} rows of coefficients, {n} intercepts, and another number of classes"
        )));
    }
    let (link, has_probability) = match &classes {
        Some(classes) => class_link(object, classes.len())?,
        None => (Link::Identity, false),
    };
    let mut hyperparameters = BTreeMap::new();
    for attribute in ["penalty", "loss", "solver"] {
        hyperparameters
            .extend(word(object, attribute)?.filter(|(_, _)| attribute != "penalty" || !is_deprecated(object)));
    }
    let mut notes = Vec::new();
    if is_classifier && !has_probability {
        notes.push("The classifier has no probabilities: it answers with labels alone.".to_owned());
    }
    let model = LinearModel {
        n_columns: u32::try_from(n_columns).map_err(|_| ImportError::new("it has too many columns"))?,
        weights,
        intercepts,
        link,
        rule: LinearRule::plain(Decision::Margin),
    };
    Ok(Fitted {
        predictor: Predictor::Linear(model),
        answer: classes.map_or(Answer::Numbers(n_outputs), Answer::Class),
        has_probability,
        demands: Demands { takes_missing: false, takes_any_number: false },
        hyperparameters,
        notes,
    })
}

fn is_deprecated(object: &Object<'_>) -> bool {
    matches!(object.word("penalty"), Ok(Some(Cow::Borrowed("deprecated"))))
}

/// The link from a classifier's sums to probabilities; false if it has no probabilities.
fn class_link(object: &Object<'_>, n_classes: usize) -> Result<(Link, bool), ImportError> {
    if object.name() == "SGDClassifier" {
        let loss = object.word("loss")?.unwrap_or_default();
        return Ok(match (&*loss, n_classes) {
            ("log" | "log_loss", 2) => (Link::Logistic { slope: 1.0 }, true),
            ("log" | "log_loss", _) => (Link::LogisticShare, true),
            // Probabilities of modified_huber are another function, which is not read: labels alone are exact.
            _ => (Link::Identity, false),
        });
    }
    let multi_class = object.word("multi_class")?;
    let is_liblinear = object.word("solver")?.is_some_and(|solver| solver == "liblinear");
    let is_ovr = match multi_class.as_deref() {
        Some("ovr" | "warn") => true,
        Some("auto" | "deprecated") => n_classes == 2 || is_liblinear,
        Some("multinomial") => false,
        None => n_classes == 2,
        Some(other) => return Err(ImportError::new(format_args!("{other:?} is not read")).within("multi_class")),
    };
    Ok((
        match (is_ovr, n_classes) {
            (true, 2) => Link::Logistic { slope: 1.0 },
            // A softmax over −m and m.
            (false, 2) => Link::Logistic { slope: 2.0 },
            (true, _) => Link::LogisticShare,
            (false, _) => Link::Softmax,
        },
        true,
    ))
}
