//! The OpenAPI document and its page: complete (every route and method, nothing else), true (every example is
//! accepted as it stands and answered as written), silent about statistics where it is open to strangers.

use crate::support::artifact::trained;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Output};
use std::sync::Arc;

use crate::support::router::{Answer, artifact, artifacts, empty_serving, get, public, request, send, serving};
use axum::body::Body;
use serde_json::{Value, json};
use smartserve::config::{ExtraFeatures, Limits, Vertex};
use smartserve::http::app::Options;
use smartserve::http::auth::Tokens;
use smartserve::http::openapi::{Document, Subject};
use smartserve::http::router::{router, templates};
use smartserve::http::service::Service;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::ServedModel;

fn with_tokens() -> (Service, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "secret").unwrap();
    let tokens = Some(Arc::new(Tokens::load(file.path()).unwrap()));
    let options = Options { tokens, ..Options::default() };
    (router(serving(Limits::default()), Role::Main, options), file)
}

async fn served(router: &Service) -> Value {
    get(router, "/openapi.json").await.json()
}

/// Every operation: path, method, what is said of it.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(m, o)| (path.as_str(), m.as_str(), o)))
        .collect()
}

/// What a reference points to.
fn deref<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

/// The methods that the router allows on a path, OPTIONS and the HEAD of GET aside.
async fn allowed(router: &Service, path: &str) -> Vec<String> {
    let answer = send(router, request("OPTIONS", path, Body::empty())).await;
    assert_eq!(answer.status, 204, "{path}");
    let methods = answer.header("allow").split(", ").filter(|m| !["OPTIONS", "HEAD"].contains(m));
    methods.map(str::to_lowercase).collect()
}

/// A route, with its verb if it has one, and with a model's name in place of `{name}`, for each model.
fn expanded(route: &str, models: &[&str]) -> Vec<String> {
    // Verbs that a template cannot tell from a name.
    let verbs: &[&str] = if route.starts_with("/v1/models/{name}") { &[":predict", ":explain"] } else { &[] };
    let routes = std::iter::once(route.to_owned()).chain(verbs.iter().map(|verb| format!("{route}{verb}")));
    let named = |route: String| -> Vec<String> {
        if route.contains("{name}") && !models.is_empty() {
            return models.iter().map(|name| route.replace("{name}", name)).collect();
        }
        vec![route]
    };
    routes.flat_map(named).collect()
}

async fn assert_is_complete(router: &Service, options: &Options, models: &[&str]) {
    let document = served(router).await;
    let told: BTreeSet<(String, String)> =
        operations(&document).iter().map(|(path, method, _)| ((*path).to_owned(), (*method).to_owned())).collect();
    let mut served = BTreeSet::new();
    for path in templates(options).iter().flat_map(|route| expanded(route, models)) {
        let asked = path.replace(['{', '}'], "");
        served.extend(allowed(router, &asked).await.into_iter().map(|method| (path.clone(), method)));
    }
    assert_eq!(told, served, "left: the document; right: the router");
}

#[tokio::test]
async fn the_document_lists_exactly_the_routes() {
    let names = ["houses", "line", "kinds"];
    let options = Options::default();
    assert_is_complete(&public(Limits::default()), &options, &names).await;
    let bare = Options { private_metrics: true, no_ui: true, ..Options::default() };
    let router_of = |server, options: &Options| router(server, Role::Main, options.clone());
    assert_is_complete(&router_of(serving(Limits::default()), &bare), &bare, &names).await;
    assert_is_complete(&router_of(empty_serving(), &options), &options, &[]).await;
    for (predict, health) in [("/predict", "/ping"), ("/ask", "/well")] {
        let vertex = Vertex { predict: Some(predict.to_owned()), health: Some(health.to_owned()) };
        let options = Options { vertex, ..Options::default() };
        assert_is_complete(&router_of(serving(Limits::default()), &options), &options, &names).await;
    }
}

#[tokio::test]
async fn names_are_unique_and_references_resolve() {
    for router in [public(Limits::default()), router(empty_serving(), Role::Main, Options::default())] {
        let document = served(&router).await;
        let names: BTreeSet<&str> =
            operations(&document).iter().map(|(_, _, o)| o["operationId"].as_str().unwrap()).collect();
        assert_eq!(names.len(), operations(&document).len());
        assert!(names.iter().all(|name| !name.ends_with(':')), "{names:?}");
        follow(&document, &document);
        assert_eq!(left_names(&document.to_string()), Vec::<&str>::new());
    }
}

/// Names of a template that no value took the place of: `{width}`, but no parameter of a path.
fn left_names(text: &str) -> Vec<&str> {
    let names = text.split('{').filter_map(|part| part.split_once('}')).map(|(name, _)| name);
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    names.filter(is_name).filter(|name| !["name", "version", "file"].contains(name)).collect()
}

fn follow(document: &Value, value: &Value) {
    deref(document, value);
    match value {
        Value::Object(members) => members.values().for_each(|member| follow(document, member)),
        Value::Array(elements) => elements.iter().for_each(|element| follow(document, element)),
        _ => {}
    }
}

/// A path with the first value that its parameters may have, or the example.
fn filled(document: &Value, path: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().unwrap().iter().map(|p| deref(document, p));
    parameters.filter(|p| p["in"] == "path").fold(path.to_owned(), |path, parameter| {
        let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
        let value = parameter["schema"]["enum"].get(0).unwrap_or(&parameter["example"]);
        path.replace(&name, value.as_str().unwrap())
    })
}

/// Sends every example of every operation; how many there were.
async fn send_examples(router: &Service, authorization: Option<&str>) -> usize {
    let document = served(router).await;
    let mut count = 0;
    for (path, method, operation) in operations(&document) {
        let body = deref(&document, &operation["requestBody"]);
        let path = filled(&document, path, operation);
        for (media_type, content) in body["content"].as_object().into_iter().flatten() {
            for (name, example) in content["examples"].as_object().into_iter().flatten() {
                let value = &example["value"];
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let mut request = request(&method.to_uppercase(), &path, text);
                request.headers_mut().insert("content-type", media_type.parse().unwrap());
                if let Some(value) = authorization {
                    request.headers_mut().insert("authorization", value.parse().unwrap());
                }
                let answer = send(router, request).await;
                assert_eq!(answer.status, 200, "{path} {name}: {}", answer.text());
                assert_is_as_written(&document, operation, name, &answer);
                count += 1;
            }
        }
    }
    count
}

/// The example of an answer is what the example of one row gets.
fn assert_is_as_written(document: &Value, operation: &Value, name: &str, answer: &Answer) {
    let response = deref(document, &operation["responses"]["200"]);
    if let (Some(example), "record") = (response["content"]["application/json"].get("example"), name) {
        assert_eq!(&answer.json(), example);
    }
}

#[tokio::test]
async fn examples_are_answered_as_written() {
    // Four prediction routes with nine JSON forms, CSV and NDJSON each; two a model of tensors, as matrices too where
    // all is numbers; MLflow's with four JSON forms, and two a model of TensorFlow Serving's with two,
    // to predict and to explain.
    const EXAMPLES: usize = 4 * 11 + 2 * (1 + 2 + 2) + 6 + 3 * 2 * 4 * 2;
    assert_eq!(send_examples(&public(Limits::default()), None).await, EXAMPLES);
    let ignores = Arc::new(ServerState::new(
        serving(Limits::default()).registry.list(),
        Limits::default(),
        ExtraFeatures::Ignore,
    ));
    assert_eq!(send_examples(&router(ignores, Role::Main, Options::default()), None).await, EXAMPLES);
    let (router, _file) = with_tokens();
    assert_eq!(send_examples(&router, Some("Bearer secret")).await, EXAMPLES);
}

#[tokio::test]
async fn gets_are_answered_as_documented() {
    let router = public(Limits::default());
    let document = served(&router).await;
    for (path, _, operation) in operations(&document).into_iter().filter(|(_, method, _)| *method == "get") {
        let answer = get(&router, &filled(&document, path, operation)).await;
        assert_eq!(answer.status, 200, "{path}");
        let response = deref(&document, &operation["responses"][answer.status.as_str()]);
        let kind = answer.header("content-type").split(';').next().unwrap();
        assert!(response["content"].get(kind).is_some(), "{path}: {} {kind}", answer.status);
    }
}

#[tokio::test]
async fn features_tell_what_training_saw() {
    let document = served(&public(Limits::default())).await;
    let record = &document["components"]["schemas"]["houses.Record"];
    assert_eq!(record["required"], json!(["RM", "TAX", "colour"]));
    assert_eq!(record["additionalProperties"], false);
    let [rm, tax, colour] = ["RM", "TAX", "colour"].map(|name| &record["properties"][name]);
    assert_eq!((&rm["type"], &tax["type"]), (&json!("number"), &json!(["number", "null"])));
    assert_eq!((&rm["x-training"]["min"], &rm["x-training"]["max"]), (&json!(3.5), &json!(8.5)));
    assert!(rm["description"].as_str().unwrap().starts_with("Training saw 3.5 to 8.5;"), "{rm}");
    assert_eq!(colour["enum"], json!(["blue", "green", "red"]));
    assert_eq!(colour["x-training"]["most_frequent"], "blue");
    let answer = &document["components"]["schemas"]["kinds.Answer"]["properties"];
    assert_eq!(answer["prediction"]["items"]["enum"], json!(["no \"a\"", "yes"]));
}

#[tokio::test]
async fn with_tokens_there_are_no_statistics() {
    let (router, _file) = with_tokens();
    let answer = get(&router, "/openapi.json").await;
    let text = answer.text();
    for word in ["x-training", "Training saw", "median", "most_frequent", "3.5", "8.5"] {
        assert!(!text.contains(word), "{word}");
    }
    let document = answer.json();
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    assert_eq!(document["security"], json!([{ "bearer": [] }]));
    for (path, _, operation) in operations(&document) {
        let is_open = operation.get("security") == Some(&json!([]));
        let status = get(&router, path).await.status;
        assert_eq!(is_open, status != 401, "{path}");
        assert_eq!(is_open, operation["responses"].get("401").is_none(), "{path}");
    }
    let open = served(&public(Limits::default())).await;
    assert!(open.get("security").is_none() && open["components"].get("securitySchemes").is_none());
}

#[tokio::test]
async fn the_document_is_stable_and_cached() {
    let router = public(Limits::default());
    let first = get(&router, "/openapi.json").await;
    assert_eq!(get(&public(Limits::default()), "/openapi.json").await.body, first.body);
    let etag = first.header("etag").to_owned();
    for (known, status) in
        [(etag.clone(), 304), (format!("\"a\", {}", &etag[2..]), 304), ("*".to_owned(), 304), ("\"a\"".to_owned(), 200)]
    {
        let mut request = request("GET", "/openapi.json", Body::empty());
        request.headers_mut().insert("if-none-match", known.parse().unwrap());
        let answer = send(&router, request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("etag"), answer.body.is_empty()),
            (status, etag.as_str(), status == 304)
        );
    }
    let head = send(&router, request("HEAD", "/openapi.json", Body::empty())).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), first.body.len().to_string());
}

#[tokio::test]
async fn the_document_follows_the_models() {
    let server = serving(Limits::default());
    let router = router(Arc::clone(&server), Role::Main, Options::default());
    assert!(served(&router).await["paths"].get("/models/kinds/predict").is_some());
    let fewer = server.registry.list().into_iter().take(1).collect();
    server.registry.replace(fewer, &server.metrics);
    assert!(served(&router).await["paths"].get("/models/kinds/predict").is_none());
}

fn openapi(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smartserve")).arg("openapi").args(args).output().unwrap()
}

#[tokio::test]
async fn the_command_prints_the_same_document() {
    let models = serving(Limits::default()).registry.list();
    let document = serde_json::to_value(Document::new(&Subject::by_default(&models))).unwrap();
    assert_eq!(document, served(&public(Limits::default())).await);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("iris.model").display().to_string();
    std::fs::write(&file, trained("iris", "species", Algorithm::Logistic, None)).unwrap();
    let printed = openapi(&["--model", &file, "--model", &format!("flower={file}")]);
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let (iris, flower) = (&printed["paths"]["/models/iris/predict"], &printed["paths"]["/models/flower/predict"]);
    assert!(iris.is_object() && flower.is_object());
    assert_eq!(printed["paths"]["/predict"]["post"]["requestBody"]["$ref"], "#/components/requestBodies/iris.predict");
    let none: Value = serde_json::from_slice(&openapi(&[]).stdout).unwrap();
    assert!(none["paths"]["/models/{name}/predict"].is_object());
    for (args, code) in [
        (["--model", "no.model"].as_slice(), 66),
        (&["--model", "Cargo.toml"], 65),
        (&["--model", &file, "--model", &file], 78),
    ] {
        assert_eq!(openapi(args).status.code(), Some(code), "{args:?}");
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let page = get(&public(Limits::default()), "/docs").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-cache");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains("data:"), "{policy}");
    let text = page.text();
    for word in
        ["http://", "https://", "//cdn", "src=", "@import", "url(", "style=\"", "onclick=", "innerHTML", "eval("]
    {
        assert!(!text.contains(word), "{word}");
    }
    assert_eq!((text.matches("<script>").count(), text.matches("<style>").count()), (1, 1));
    assert!(text.contains("<noscript>") && text.contains("href=\"openapi.json\""));
}

/// Every schema within a value, with its place; `is_schema` is false for a map of names.
fn schemas<'d>(value: &'d Value, place: &str, is_schema: bool, found: &mut Vec<(String, &'d Value)>) {
    const NO_SCHEMAS: [&str; 5] = ["example", "examples", "required", "enum", "propertyNames"];
    match value {
        Value::Object(members) => {
            let is_told = |key: &&str| members.contains_key(*key);
            if is_schema && ["type", "enum", "const", "prefixItems"].iter().any(is_told) {
                found.push((place.to_owned(), value));
            }
            for (name, member) in members.iter().filter(|(name, _)| !is_schema || !NO_SCHEMAS.contains(&name.as_str()))
            {
                let is_schema = !(is_schema && name == "properties");
                schemas(member, &format!("{place}/{name}"), is_schema, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| schemas(element, place, true, found)),
        _ => {}
    }
}

#[tokio::test]
async fn generators_of_clients_find_a_type_everywhere() {
    let csv: String =
        (0..40).map(|i| format!("{},{},{i}\n", ["1", "1.5", "false"][i % 3], ["true", "false"][i % 2])).collect();
    let bytes = artifact("mixed", &format!("code,flag,y\n{csv}"), "y", Algorithm::DecisionTree);
    let mixed = Arc::new(ServedModel::new("mixed", Model::load(&bytes).unwrap(), false));
    let models = [serving(Limits::default()).registry.list(), vec![mixed]].concat();
    let document = serde_json::to_value(Document::new(&Subject::by_default(&models))).unwrap();
    let mut found = Vec::new();
    for kind in ["schemas", "requestBodies", "responses", "parameters", "headers"] {
        schemas(&document["components"][kind], kind, false, &mut found);
    }
    schemas(&document["paths"], "paths", false, &mut found);
    for (place, schema) in &found {
        let kind = &schema["type"];
        assert!(kind.is_string() || kind.is_array(), "{place} has no type: {schema}");
        assert_ne!(kind, "null", "{place}");
        let has = |name: &str| kind == name || kind.as_array().is_some_and(|kinds| kinds.contains(&json!(name)));
        if has("number") && !has("string") {
            assert_eq!(schema["format"], "double", "{place}");
        }
        if has("array") {
            assert!(schema.get("items").is_some() || has("object"), "{place}: {schema}");
        }
    }
    assert!(found.len() > 200, "{}", found.len());
    let code = &document["components"]["schemas"]["mixed.Record"]["properties"]["code"];
    let text = json!({ "type": "string", "enum": ["1", "1.5", "false"] });
    let integer = json!({ "type": "integer", "enum": [1] });
    let fraction = json!({ "type": "number", "format": "double", "minimum": 1.5, "maximum": 1.5 });
    let truth = json!({ "type": "boolean", "const": false });
    assert_eq!(code["anyOf"], json!([text, integer, fraction, truth]));
}

#[tokio::test]
async fn a_model_called_like_an_error_takes_no_errors_place() {
    let bytes = &artifacts()[1].1;
    let names = ["NotFound", "BadRequest", "BadRequest.infer"];
    let of = |(i, name): (usize, &&str)| Arc::new(ServedModel::new(*name, Model::load(bytes).unwrap(), i == 0));
    let models: Vec<_> = names.iter().enumerate().map(of).collect();
    let document = serde_json::to_value(Document::new(&Subject::by_default(&models))).unwrap();
    let responses = &document["components"]["responses"];
    for name in ["NotFound", "BadRequest"] {
        assert!(responses[name]["content"].get("application/problem+json").is_some(), "{name}");
        let operation = &document["paths"][format!("/models/{name}/predict")]["post"];
        assert_eq!(operation["responses"]["400"]["$ref"], "#/components/responses/BadRequest");
        let answer = deref(&document, &operation["responses"]["200"]);
        assert_eq!(
            answer["content"]["application/json"]["schema"]["$ref"],
            format!("#/components/schemas/{name}.Answer")
        );
    }
    let body = deref(&document, &document["paths"]["/v2/models/BadRequest/infer"]["post"]["requestBody"]);
    assert_eq!(body["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/BadRequest.Infer");
}
