//! The document's paths: each model's in place of those of `{name}`, those that the options bring or take away.

use serde_json::{Map, Value, json};

use crate::serve::registry::Snapshot;

use super::subject::Subject;

/// What the static document calls Vertex AI's routes, whose names the environment chooses.
const VERTEX_PREDICT: &str = "x-vertex-predict";
const VERTEX_HEALTH: &str = "x-vertex-health";

/// Where a description stands in an operation: behind tags, id and summary.
const DESCRIPTION_AT: usize = 3;

/// The paths of a server, from those of the static document; `components` hold the stand-ins for a model's.
pub(super) fn paths(of_server: Map<String, Value>, components: &Value, subject: &Subject<'_>) -> Map<String, Value> {
    let mut paths = with_models(of_server, components, subject);
    if subject.no_ui {
        paths.shift_remove("/");
    }
    if subject.private_metrics {
        paths.shift_remove("/metrics");
    }
    add_vertex(&mut paths, subject);
    for (path, item) in &mut paths {
        for (method, operation) in operations(item) {
            operation.insert("operationId".to_owned(), id(method, path).into());
            if !subject.asks_tokens {
                operation.shift_remove("security");
                operation.get_mut("responses").and_then(Value::as_object_mut).map(|all| all.shift_remove("401"));
            }
        }
    }
    paths
}

/// Neighbouring paths of `{name}` once for each model, model by model; the others ask the default model.
fn with_models(of_server: Map<String, Value>, components: &Value, subject: &Subject<'_>) -> Map<String, Value> {
    let is_named = |path: &str| path.contains("{name}");
    let templates: Vec<(String, Value)> = of_server.into_iter().collect();
    let mut paths = Map::new();
    for run in templates.chunk_by(|(a, _), (b, _)| is_named(a) && is_named(b)) {
        if is_named(&run[0].0) && !subject.models.is_empty() {
            for served in subject.models {
                paths.extend(run.iter().map(|(path, item)| named(path, item, served)));
            }
            continue;
        }
        for (path, item) in run {
            let mut item = item.clone();
            operations(&mut item).for_each(|(_, operation)| match subject.default_model() {
                Some(served) => refer_to(operation, served),
                None => write_out(operation, components),
            });
            paths.insert(path.clone(), item);
        }
    }
    if let (Some(served), Some(item)) = (subject.default_model(), paths.get_mut("/predict")) {
        item["post"]["summary"] = format!("Predict with the default model, {}", served.name).into();
    }
    paths
}

/// A path of `{name}` for one model, with its operations.
fn named(path: &str, item: &Value, served: &Snapshot) -> (String, Value) {
    let mut item = item.clone();
    for (_, operation) in operations(&mut item) {
        if let Some(Value::String(summary)) = operation.get_mut("summary") {
            *summary = summary.replace("a model", &served.name);
        }
        if let Some(Value::Array(parameters)) = operation.get_mut("parameters") {
            parameters.retain(|parameter| parameter["$ref"] != "#/components/parameters/Name");
            for version in parameters.iter_mut().filter(|parameter| parameter["name"] == "version") {
                version["schema"] = json!({ "enum": [served.model.version()] });
            }
        }
        refer_to(operation, served);
    }
    (path.replace("{name}", &served.name), item)
}

/// Makes a prediction refer to a model's body and answer, and describes the model.
fn refer_to(operation: &mut Map<String, Value>, served: &Snapshot) {
    let mut is_prediction = false;
    for reference in stand_ins(operation) {
        is_prediction = true;
        *reference = json!({ "$ref": target(reference).replace("/Any", &format!("/{}", served.name)) });
    }
    if is_prediction && !operation.contains_key("description") {
        operation.shift_insert(DESCRIPTION_AT, "description".to_owned(), description(served).into());
    }
}

/// Writes a prediction's body and answer out, where no model is known.
fn write_out(operation: &mut Map<String, Value>, components: &Value) {
    for reference in stand_ins(operation) {
        let found = target(reference).strip_prefix("#/components").and_then(|place| components.pointer(place));
        *reference = found.cloned().unwrap_or_default();
    }
}

/// The references of an operation to stand-ins: its body's and its answer's.
fn stand_ins(operation: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    let slots = operation.iter_mut().filter_map(|(key, member)| match key.as_str() {
        "requestBody" => Some(member),
        "responses" => member.get_mut("200"),
        _ => None,
    });
    slots.filter(|slot| target(slot).contains("/Any"))
}

/// Where a reference leads; empty for what is none.
fn target(reference: &Value) -> &str {
    reference["$ref"].as_str().unwrap_or_default()
}

/// What the model is, and what it makes of a row.
fn description(served: &Snapshot) -> String {
    let header = served.model.header();
    let about = header.description.as_ref().map_or_else(String::new, |about| format!("{} ", about.trim_end()));
    let (target, task, algorithm) = (&header.target.name, header.task.as_str(), header.algorithm.as_str());
    format!("{about}Predicts `{target}` ({task}, {algorithm}). Version {}.", served.model.version())
}

/// Vertex AI's routes where the environment says: the prediction in place of what is there, health only where nothing is.
fn add_vertex(paths: &mut Map<String, Value>, subject: &Subject<'_>) {
    let predict = paths.shift_remove(VERTEX_PREDICT).zip(subject.vertex.predict.clone());
    let health = paths.shift_remove(VERTEX_HEALTH).zip(subject.vertex.health.clone());
    if let Some((item, route)) = predict {
        paths.shift_remove(&route);
        paths.insert(route, item);
    }
    if let Some((item, route)) = health {
        paths.entry(route).or_insert(item);
    }
}

/// The operations of a path, each with its method.
fn operations(item: &mut Value) -> impl Iterator<Item = (&str, &mut Map<String, Value>)> {
    let methods = item.as_object_mut().into_iter().flat_map(|item| item.iter_mut());
    methods.filter_map(|(method, operation)| Some((method.as_str(), operation.as_object_mut()?)))
}

/// Unique, because a path is, and a model's name has no colon: `post:models:boston:predict`.
fn id(method: &str, path: &str) -> String {
    let path = path.replace('/', ":").replace(['{', '}'], "");
    format!("{method}{}", if path == ":" { ":root" } else { &path })
}
