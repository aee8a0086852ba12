//! The document: the static one with its options decided and what each model adds.

use serde_json::{Map, Value};

use super::subject::Subject;
use super::{model, paths, template};

/// The document of a server without models, with and without tokens, with every page and route.
const STATIC: &str = include_str!("openapi.json");

/// Components of the static document that stand for those of a model: `AnyBody`, `Any.infer`.
const STAND_IN: &str = "Any";

/// Added to the description where the server asks for tokens.
const TOKENS_NOTE: &str =
    " This server asks for a token; what training saw of each feature is at `GET /models/{name}`.";

/// The document.
///
/// # Panics
/// If the static document is not JSON, which every test of it would show.
pub fn document(subject: &Subject<'_>) -> Value {
    let mut document: Value = serde_json::from_str(STATIC).expect("openapi.json is JSON");
    template::decide_tokens(&mut document, subject.asks_tokens);
    let info = &mut document["info"];
    info["version"] = env!("CARGO_PKG_VERSION").into();
    if subject.asks_tokens {
        let description = info["description"].as_str().unwrap_or_default();
        info["description"] = (description.to_owned() + TOKENS_NOTE).into();
    }
    let of_server = take_members(&mut document["paths"]);
    document["paths"] = paths::paths(of_server, &document["components"], subject).into();
    add_models(&mut document["components"], subject);
    document
}

/// Puts what each model brings in place of the stand-ins. `AnyBody` and `AnyAnswer` remain where there is no model;
/// the other stand-ins are written out in the operations then.
fn add_models(components: &mut Value, subject: &Subject<'_>) {
    let mut of_models: Vec<Value> = subject.models.iter().map(|served| model::components(subject, served)).collect();
    for kind in ["schemas", "requestBodies", "responses"] {
        let mut all = Map::new();
        for (name, component) in take_members(&mut components[kind]) {
            if !name.starts_with(STAND_IN) {
                all.insert(name, component);
                continue;
            }
            for model in &mut of_models {
                all.extend(take_members(&mut model[kind]));
            }
            if kind == "schemas" && subject.models.is_empty() {
                all.insert(name, component);
            }
        }
        components[kind] = all.into();
    }
}

/// The members of an object, which is left without any.
fn take_members(object: &mut Value) -> Map<String, Value> {
    object.as_object_mut().map(std::mem::take).unwrap_or_default()
}
