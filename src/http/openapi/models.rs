//! `/models` and `/models/{name}`.

use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use crate::http::problem::ProblemKind as Kind;
use crate::serve::registry::Snapshot;

use super::operation::{Operation, response};
use super::{Subject, answers, reference};

/// The operations.
pub(super) fn operations(subject: &Subject<'_>) -> Vec<Operation> {
    let list = response("The models.", "application/json", &reference("schemas", "ModelList"), None);
    let mut all = vec![Operation::get("/models", "models", "List the models").answers(200, list)];
    let one = |served: Option<&Snapshot>| {
        let name = served.map_or("a model", |served| served.name.as_str());
        let details = response("The model.", "application/json", &reference("schemas", "Model"), None);
        Operation::get("/models/{name}", "models", format!("Schema, statistics and evaluation of {name}"))
            .of_model(served.map(AsRef::as_ref))
            .answers(200, details)
            .fails(&[Kind::NotFound])
    };
    all.extend(subject.models.iter().map(|served| one(Some(served))));
    if subject.models.is_empty() {
        all.push(one(None));
    }
    all
}

/// The schemas of what they answer.
pub(super) fn schemas() -> Map<String, Value> {
    let list = json!({
        "type": "object",
        "required": ["models"],
        "properties": { "models": { "type": "array", "items": reference("schemas", "ModelEntry") } },
    });
    let named = [
        ("ModelList", list),
        ("ModelEntry", entry()),
        ("Model", model()),
        ("Feature", feature()),
        ("Statistics", statistics()),
        ("Figures", figures()),
    ];
    named.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn entry() -> Value {
    json!({
        "type": "object",
        "required": ["name", "version", "task", "algorithm", "default"],
        "properties": {
            "name": { "type": "string" },
            "version": answers::version(),
            "task": { "enum": ["regression", "binary", "multiclass"] },
            "algorithm": { "type": "string" },
            "default": { "type": "boolean", "description": "True for the model that `/predict` asks." },
        },
    })
}

fn model() -> Value {
    json!({
        "allOf": [reference("schemas", "ModelEntry")],
        "type": "object",
        "required": [
            "smartcore", "hyperparameters", "target", "features", "evaluation", "prediction_stats",
        ],
        "properties": {
            "description": { "type": "string" },
            "created": { "type": "string" },
            "smartcore": { "type": "string", "description": "The release of smartcore that fitted it." },
            "hyperparameters": { "type": "object" },
            "target": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": { "type": "string" },
                    "unit": { "type": "string" },
                    "classes": { "type": "array", "items": { "type": "string" } },
                },
            },
            "features": { "type": "array", "minItems": 1, "items": reference("schemas", "Feature") },
            "evaluation": {
                "type": "object",
                "required": ["seed"],
                "properties": {
                    "seed": { "type": "integer" },
                    "holdout": reference("schemas", "Figures"),
                    "k_fold": {
                        "type": "object",
                        "required": ["folds", "mean", "sd"],
                        "properties": {
                            "folds": { "type": "integer" },
                            "mean": reference("schemas", "Figures"),
                            "sd": reference("schemas", "Figures"),
                        },
                    },
                },
            },
            "prediction_stats": reference("schemas", "Statistics"),
        },
    })
}

fn feature() -> Value {
    json!({
        "type": "object",
        "required": ["name", "kind", "stats"],
        "properties": {
            "name": { "type": "string" },
            "kind": { "enum": ["numeric", "categorical"] },
            "unit": { "type": "string" },
            "description": { "type": "string" },
            "sensitive": { "type": "boolean", "description": "It encodes a protected attribute." },
            "categories": { "type": "array", "items": { "type": "string" } },
            "impute": { "type": "object", "description": "What fills a null; without it null is refused." },
            "stats": reference("schemas", "Statistics"),
        },
    })
}

fn statistics() -> Value {
    let number = || json!({ "type": "number" });
    json!({
        "type": "object",
        "description": "What training saw of a column.",
        "required": ["count", "missing", "bins"],
        "properties": {
            "count": { "type": "integer", "minimum": 0 },
            "missing": { "type": "integer", "minimum": 0 },
            "mean": number(),
            "sd": number(),
            "min": number(),
            "max": number(),
            "quantiles": {
                "type": "array",
                "items": number(),
                "description": "From 0 % to 100 % in steps of 5 %.",
            },
            "histogram": { "type": "object" },
            "bins": { "type": "object", "description": "The cells that drift is counted in." },
        },
    })
}

fn figures() -> Value {
    let mut properties = json!({ "n": { "type": "integer", "minimum": 0 } });
    for name in ["rmse", "mae", "r2", "accuracy", "f1", "log_loss", "roc_auc"] {
        properties[name] = json!({ "type": "number" });
    }
    json!({
        "type": "object",
        "description": "Figures on rows that the model was not fitted on.",
        "required": ["n"],
        "properties": properties,
    })
}
