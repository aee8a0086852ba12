//! The document's paths: each model's in place of those of `{name}`, those that the options bring or take away.

use serde_json::{Map, Value, json};

use crate::http::probe_routes::is_probe_or_metrics;
use crate::http::repository_routes::changes_what_is_served;
use crate::model::conformal::Conformal;
use crate::model::schema::NO_STATISTICS;
use crate::serve::registry::Snapshot;

use super::subject::Subject;

/// What the static document calls Vertex AI's routes, whose names the environment chooses.
const VERTEX_PREDICT: &str = "x-vertex-predict";
const VERTEX_HEALTH: &str = "x-vertex-health";

/// The position of a description in an operation: after tags, id and summary.
const DESCRIPTION_AT: usize = 3;

/// The paths of a server, made one by one from those of the static document; `components` hold the stand-ins for a
/// model's.
pub(super) fn paths<'a>(
    of_server: &'a Map<String, Value>,
    components: &'a Value,
    subject: &'a Subject<'a>,
) -> impl Iterator<Item = (String, Value)> {
    let is_left_out = |path: &str| match path {
        "/" | "/models/{name}/" | "/ui/{version}/{file}" => subject.no_ui,
        "/metrics" if subject.private_metrics => true,
        _ if is_probe_or_metrics(path) || changes_what_is_served(path) => subject.on_lambda,
        _ => path == VERTEX_PREDICT || path == VERTEX_HEALTH,
    };
    let templates: Vec<Template<'a>> =
        of_server.iter().map(|(path, item)| (path.as_str(), item)).filter(|(path, _)| !is_left_out(path)).collect();
    let vertex = vertex_routes(of_server, &templates, subject);
    let replaced = subject.vertex.predict.as_deref();
    // Neighbouring paths of `{name}` once for each model, model by model; the others ask the default model.
    let is_of_models = move |(path, _): &Template<'_>| is_named(path) && !subject.models.is_empty();
    let runs: Vec<Vec<Template<'a>>> =
        templates.chunk_by(|a, b| is_of_models(a) && is_of_models(b)).map(<[_]>::to_vec).collect();
    let of_run = move |run: Vec<Template<'a>>| {
        let models = if is_of_models(&run[0]) { subject.models } else { &[] };
        let rest = if models.is_empty() { run.clone() } else { Vec::new() };
        let of_models = models.iter().flat_map(move |served| {
            let is_offered = |path: &str| !path.ends_with(":explain") || served.model.unexplained().is_none();
            let offered = run.clone().into_iter().filter(move |(path, _)| is_offered(path));
            offered.map(move |(path, item)| named(path, item, served))
        });
        let of_server =
            rest.into_iter().map(move |(path, item)| (path.to_owned(), of_default(item, components, subject)));
        of_models.chain(of_server)
    };
    let others = runs.into_iter().flat_map(of_run).filter(move |(path, _)| Some(path.as_str()) != replaced);
    let vertex = vertex.into_iter().map(move |(path, item)| (path.to_owned(), of_default(item, components, subject)));
    others.chain(vertex).map(move |(path, item)| finished(path, item, subject))
}

/// A path and its description.
type Template<'a> = (&'a str, &'a Value);

fn is_named(path: &str) -> bool {
    path.contains("{name}")
}

/// Vertex AI's routes where the environment says: the prediction in place of what is there, health only where nothing
/// is.
fn vertex_routes<'a>(
    of_server: &'a Map<String, Value>,
    templates: &[Template<'a>],
    subject: &'a Subject<'a>,
) -> Vec<Template<'a>> {
    let is_taken = |route: &str| {
        let is = |path: &str| {
            path == route || subject.models.iter().any(|served| path.replace("{name}", &served.name) == route)
        };
        subject.vertex.predict.as_deref() == Some(route) || templates.iter().any(|(path, _)| is(path))
    };
    let predict = of_server.get(VERTEX_PREDICT).and_then(|item| Some((subject.vertex.predict.as_deref()?, item)));
    let health = of_server.get(VERTEX_HEALTH).and_then(|item| Some((subject.vertex.health.as_deref()?, item)));
    predict.into_iter().chain(health.filter(|(route, _)| !is_taken(route))).collect()
}

/// A path that asks the default model.
fn of_default(item: &Value, components: &Value, subject: &Subject<'_>) -> Value {
    let mut item = item.clone();
    operations(&mut item).for_each(|(_, operation)| match subject.default_model() {
        Some(served) => refer_to(operation, served),
        None => write_out(operation, components),
    });
    item
}

/// A path with its operations named, without what is for tokens alone where none are asked for.
fn finished(path: String, mut item: Value, subject: &Subject<'_>) -> (String, Value) {
    if let (Some(served), "/predict") = (subject.default_model(), path.as_str())
        && subject.vertex.predict.as_deref() != Some("/predict")
    {
        item["post"]["summary"] = format!("Predict with the default model, {}", served.name).into();
    }
    for (method, operation) in operations(&mut item) {
        operation.insert("operationId".to_owned(), id(method, &path).into());
        if !subject.asks_tokens {
            operation.shift_remove("security");
            operation.get_mut("responses").and_then(Value::as_object_mut).map(|all| all.shift_remove("401"));
        }
    }
    (path, item)
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
                version["schema"] = json!({ "type": "string", "enum": [served.model.version()] });
            }
        }
        refer_to(operation, served);
    }
    (path.replace("{name}", &served.name), item)
}

/// Makes a prediction refer to a model's body and answer, and describes the model.
fn refer_to(operation: &mut Map<String, Value>, served: &Snapshot) {
    if let Some(Value::Array(parameters)) = operation.get_mut("parameters") {
        let refused = [
            ("Raw", served.model.n_raw().is_none()),
            ("Explain", served.model.unexplained().is_some()),
            ("Interval", served.model.conformal().is_none()),
        ];
        for (name, _) in refused.into_iter().filter(|(_, is_refused)| *is_refused) {
            parameters.retain(|parameter| parameter["$ref"] != format!("#/components/parameters/{name}"));
        }
        if let Some(conformal) = served.model.conformal() {
            let is_interval = |parameter: &&mut Value| parameter["$ref"] == "#/components/parameters/Interval";
            parameters.iter_mut().filter(is_interval).for_each(|parameter| *parameter = interval(conformal));
        }
    }
    let mut is_prediction = false;
    for reference in stand_ins(operation) {
        is_prediction = true;
        // `Any` stands for `NAME.predict`: a name without a point would be that of an error, for a model called so.
        let (kind, form) = target(reference).split_once("/Any").unwrap_or_default();
        let component = format!("{kind}/{}{}", served.name, if form.is_empty() { ".predict" } else { form });
        *reference = json!({ "$ref": component });
    }
    if is_prediction && !operation.contains_key("description") {
        operation.shift_insert(DESCRIPTION_AT, "description".to_owned(), description(served).into());
    }
}

/// The query parameter `interval`, with the greatest level that a model answers.
fn interval(conformal: &Conformal) -> Value {
    let text = "Adds what holds the truth with this probability: `interval`, or of classes `set`, in the answer.";
    let schema =
        json!({ "type": "number", "format": "double", "exclusiveMinimum": 0, "maximum": conformal.greatest_level() });
    json!({ "name": "interval", "in": "query", "description": text, "schema": schema })
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
    let members = operation.iter_mut().filter_map(|(key, member)| match key.as_str() {
        "requestBody" => Some(member),
        "responses" => member.get_mut("200"),
        _ => None,
    });
    members.filter(|member| target(member).contains("/Any"))
}

/// The target of a reference; empty for other values.
fn target(reference: &Value) -> &str {
    reference["$ref"].as_str().unwrap_or_default()
}

/// What the model is, and what it makes of a row.
fn description(served: &Snapshot) -> String {
    let header = served.model.header();
    let about = header.description.as_ref().map_or_else(String::new, |about| format!("{} ", about.trim_end()));
    let (target, task, algorithm) = (&header.target.name, header.task.as_str(), header.algorithm.as_str());
    let statistics = match &header.prediction_stats {
        Some(_) => String::new(),
        None => format!(" Statistics: {NO_STATISTICS}."),
    };
    format!("{about}Predicts `{target}` ({task}, {algorithm}). Version {}.{statistics}", served.model.version())
}

/// The operations of a path, each with its method.
fn operations(item: &mut Value) -> impl Iterator<Item = (&str, &mut Map<String, Value>)> {
    let methods = item.as_object_mut().into_iter().flat_map(|item| item.iter_mut());
    methods.filter_map(|(method, operation)| Some((method.as_str(), operation.as_object_mut()?)))
}

/// Unique, because a path is, and a model's name has no colon: `post:models:boston:predict`. A path that ends with a slash
/// is a page: generators of clients make one name of `a` and `a:`.
fn id(method: &str, path: &str) -> String {
    let path = path.replace('/', ":").replace(['{', '}'], "");
    match path.strip_suffix(':') {
        Some("") => format!("{method}:root"),
        Some(above) => format!("{method}{above}:page"),
        None => format!("{method}{path}"),
    }
}
