//! What answers have beside predictions, as the document describes it.

use serde_json::{Value, json};

use crate::model::Model;
use crate::model::conformal::Conformal;
use crate::model::intervals::IntervalKind;
use crate::model::labels::{self, LabelKind};
use crate::model::schema::Schema;

use super::features;

/// Baseline, contributions and explanations of answers; null where there are none.
pub(super) fn reasons(model: &Model) -> [Value; 3] {
    let n_scores = model.n_explained();
    if n_scores == 0 {
        return [Value::Null, Value::Null, Value::Null];
    }
    let number = json!({ "type": "number", "format": "double" });
    let of_features = json!({ "type": "object", "additionalProperties": number });
    let of_scores = |one: &Value| {
        let object = json!({ "type": "object", "minProperties": n_scores, "additionalProperties": one });
        if n_scores == 1 { one.clone() } else { object }
    };
    let (mut baseline, of_row) = (of_scores(&number), of_scores(&of_features));
    let text = "What contributions are added to: the mean score of the training rows; with `explain=true` alone.";
    baseline["description"] = text.into();
    let text = "What each feature adds to a row's score, one object a row; with `explain=true` alone.";
    let contributions = json!({ "type": "array", "description": text, "items": of_row });
    let properties = json!({ "baseline": of_scores(&number), "contributions": of_row });
    let explanation = json!({ "type": "object", "required": ["baseline", "contributions"], "properties": properties });
    let text = "What each feature adds, one object a row; on `/v1`, with `explain=true` or by `:explain` alone.";
    [baseline, contributions, json!({ "type": "array", "description": text, "items": explanation })]
}

/// Intervals and sets of answers; null where there are none.
pub(super) fn intervals(model: &Model) -> [Value; 2] {
    let with = "with `interval=LEVEL` alone";
    match model.conformal().map(Conformal::kind) {
        None => [Value::Null, Value::Null],
        Some(IntervalKind::Range) => {
            let text = format!("The lower and the upper bound of each row; {with}.");
            let bounds = several(2, json!({ "type": "number", "format": "double" }));
            [json!({ "type": "array", "description": text, "items": bounds }), Value::Null]
        }
        Some(IntervalKind::Set) => {
            let text = format!("The classes that hold the truth, of each row, at least one; {with}.");
            let labels = match model.schema().label_kind() {
                LabelKind::Integers | LabelKind::Text => features::one_of(&labels(model.schema())),
                LabelKind::Numbers => json!({ "type": "number", "format": "double" }),
            };
            let set = json!({ "type": "array", "minItems": 1, "items": labels });
            [Value::Null, json!({ "type": "array", "description": text, "items": set })]
        }
    }
}

/// What the parameters `raw`, `explain` and `interval` of an inference request may be beyond what every model takes;
/// null where that is all.
pub(super) fn parameters(model: &Model) -> [Value; 3] {
    let refused = || json!({ "type": ["boolean", "null"], "enum": [false, null] });
    let switch = |is_offered: bool| if is_offered { Value::Null } else { refused() };
    let interval = match model.conformal() {
        None => json!({ "type": ["number", "null"], "format": "double", "enum": [null] }),
        Some(conformal) => {
            json!({ "type": ["number", "null"], "format": "double", "maximum": conformal.greatest_level() })
        }
    };
    [switch(model.n_raw().is_some()), switch(model.unexplained().is_none()), interval]
}

/// The columns of a table of answers, in words.
pub(super) fn columns(model: &Model) -> String {
    let numbered = |name: &str, n: usize| match n {
        1 => format!("`{name}`"),
        n => format!("`{name}_0` to `{name}_{}`", n - 1),
    };
    let mut text = numbered("prediction", model.schema().target().n_outputs());
    if model.has_probability() {
        text.push_str(", and `probability_CLASS` for each class");
    }
    let raw = model.n_raw().map(|n| format!("; with `raw=true` {} too", numbered("raw", n)));
    let explained = match model.n_explained() {
        0 => "",
        1 => "; with `explain=true` `baseline` and `contribution_FEATURE` too",
        _ => "; with `explain=true` `baseline_SCORE` and `contribution_SCORE_FEATURE` for each score too",
    };
    let of_interval = match model.conformal().map(Conformal::kind) {
        None => "",
        Some(IntervalKind::Range) => "; with `interval=LEVEL` `lower` and `upper` too",
        Some(IntervalKind::Set) => "; with `interval=LEVEL` `set` too, its classes with `|` between",
    };
    text + &raw.unwrap_or_default() + of_interval + explained
}

/// The members of a row's answer, in words.
pub(super) fn members(model: &Model) -> String {
    let probability = if model.has_probability() { ", and `probability`" } else { "" };
    let raw = if model.n_raw().is_some() { "; with `raw=true` `raw` too" } else { "" };
    let explained = match model.n_explained() {
        0 => "",
        _ => "; with `explain=true` `baseline` and `contributions` too",
    };
    let of_interval = match model.conformal().map(Conformal::kind) {
        None => "",
        Some(IntervalKind::Range) => "; with `interval=LEVEL` `interval` too",
        Some(IntervalKind::Set) => "; with `interval=LEVEL` `set` too",
    };
    format!("`prediction`{probability}{raw}{of_interval}{explained}")
}

/// One number per row, or a list of this many.
pub(super) fn several(n: usize, number: Value) -> Value {
    if n == 1 { number } else { json!({ "type": "array", "minItems": n, "maxItems": n, "items": number }) }
}

/// The classes as answers have them, where they are texts or integers.
pub(super) fn labels(schema: &Schema) -> Vec<Value> {
    let label = |label: &String| match schema.label_kind() {
        LabelKind::Integers => json!(labels::integer(label)),
        _ => json!(label),
    };
    schema.target().classes.iter().map(label).collect()
}
