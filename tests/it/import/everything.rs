//! An imported model goes through everything that an own one goes through: each command, each route, reload, versions, memory,
//! cost. A command or a route that is added fails here until it is asked too.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use smartserve::cli;
use smartserve::http::app::Options;
use smartserve::http::router::{router, templates};
use smartserve::http::service::Service;
use smartserve::serve::listener::Role;

use super::cases::{Case, folder};
use crate::support::model_folder::{ModelFolder, one, reload};
use crate::support::process::{Server, run_with};
use crate::support::router::{get, post};

const SOURCE: &str = "sk-full-pipe-rf/model.skops";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What a command says, which must end well.
fn said(args: &[&str]) -> String {
    let ran = run_with(&[], args);
    assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
    ran.out
}

/// The model imported with so many of its rows as data.
fn imported(directory: &Path, n_rows: usize) -> PathBuf {
    let case = Case::all("sk-full-pipe-rf", &["skops"]).remove(0);
    let rows = std::fs::read_to_string(&case.rows).unwrap();
    let data = directory.join("data.csv");
    std::fs::write(&data, rows.lines().take(1 + n_rows).collect::<Vec<_>>().join("\n")).unwrap();
    let model = directory.join(format!("{n_rows}.model"));
    said(&["import", text(&folder().join(SOURCE)), "-o", text(&model), "--data", text(&data), "--name", "pipe"]);
    model
}

#[test]
fn every_command_takes_an_imported_model() {
    let directory = tempfile::tempdir().unwrap();
    let (artifact, rows) = (imported(directory.path(), 300), folder().join("sk-full-pipe-rf/rows.csv"));
    for model in [&artifact, &folder().join(SOURCE)] {
        let file = text(model);
        for command in cli::command().get_subcommands() {
            match command.get_name() {
                "serve" | "healthcheck" => {
                    let mut server = Server::start(&["--model", file]);
                    assert!(server.bound() > 1 << 20);
                    assert!(said(&["healthcheck", &format!("http://{}/readyz", server.address)]).contains(": 200"));
                }
                "predict" => {
                    let scored = said(&["predict", "--model", file, "--input", text(&rows), "--raw"]);
                    assert_eq!(scored.lines().count(), 501);
                }
                "import" => {
                    let again = directory.path().join("again.model");
                    let ran = run_with(&[], &["import", file, "-o", text(&again)]);
                    assert_eq!(ran.code, Some(if model == &artifact { 65 } else { 0 }), "{ran:?}");
                }
                "drift" => {
                    let ran = run_with(&[], &["drift", "--model", file, "--input", text(&rows)]);
                    let says = if model == &artifact { "(predictions)" } else { "imported without data" };
                    assert!(format!("{ran:?}").contains(says), "{ran:?}");
                }
                "replay" => {
                    let report = said(&["replay", "--model", file, "--against", file, "--input", text(&rows)]);
                    assert!(report.contains("requests of the one fit the other"), "{report}");
                }
                "audit" => {
                    let scored = directory.path().join("scored.csv");
                    said(&["predict", "--model", file, "--input", text(&rows), "-o", text(&scored)]);
                    let target = ["--target", "prediction", "--by", "prediction"];
                    let report = said(&[&["audit", "--model", file, "--input", text(&scored)], &target[..]].concat());
                    assert!(report.contains("prediction"), "{report}");
                }
                "inspect" => assert!(said(&["inspect", file]).contains("golden rows")),
                "verify" => assert!(said(&["verify", file]).contains("all answered as by a plain walk")),
                "openapi" => assert!(said(&["openapi", "--model", file]).contains("\"openapi\": \"3.1")),
                // They take no model.
                "train" | "completions" => {}
                other => panic!("{other} is new: ask it for an imported model, or say that it takes none"),
            }
        }
    }
}

/// What a route is asked with; none where it is asked by GET.
fn body(template: &str, document: &Value) -> Option<Value> {
    let example = |body: &str, name: &str| {
        let bodies = &document["components"]["requestBodies"];
        bodies[format!("m.{body}")]["content"]["application/json"]["examples"][name]["value"].clone()
    };
    match template {
        "/predict" | "/models/{name}/predict" => Some(example("predict", "record")),
        "/invocations" => Some(example("mlflow", "dataframe_split")),
        "/v2/models/{name}/infer" | "/v2/models/{name}/versions/{version}/infer" => Some(example("infer", "tensors")),
        _ => None,
    }
}

/// The first answer, wherever a dialect has it.
fn first(answer: &Value) -> Value {
    let places = ["/prediction/0", "/predictions/0", "/outputs/0/data/0"];
    places.iter().find_map(|place| answer.pointer(place)).unwrap_or_else(|| panic!("{answer}")).clone()
}

async fn ask_every_route(router: &Service, admin: &Service, version: &str) {
    let document = get(router, "/openapi.json").await.json();
    let expected = first(&post(router, "/predict", body("/predict", &document).unwrap().to_string()).await.json());
    assert!(expected.is_string(), "a label: {expected}");
    for template in templates(&Options::default()) {
        let path = template.replace("{name}", "m").replace("{version}", version).replace("{file}", "main.js");
        if let Some(body) = body(template, &document) {
            let answer = post(router, &path, body.to_string()).await;
            assert_eq!(answer.status, 200, "{template}: {}", answer.text());
            assert_eq!(first(&answer.json()), expected, "{template}");
            let answer = post(router, &format!("{path}?raw=true"), body.to_string()).await;
            assert_eq!(answer.status, 200, "{template}: {}", answer.text());
            continue;
        }
        // A new route that GET does not ask is not passed over: 405 is no 200.
        let answer = match template {
            "/v2/repository/index" => post(router, &path, "{}").await,
            "/v2/repository/models/{name}/load" => post(admin, &path, "{}").await,
            // The default model stays.
            "/v2/repository/models/{name}/unload" => continue,
            _ => get(router, &path).await,
        };
        assert_eq!(answer.status, 200, "{template}: {}", answer.text());
    }
    let instances = document["components"]["requestBodies"]["m.tensorflow"]["content"]["application/json"]["examples"]
        ["instances"]["value"]
        .to_string();
    assert_eq!(first(&post(router, "/v1/models/m:predict", instances).await.json()), expected);
    assert_eq!(post(admin, "/v2/repository/index", "{}").await.json()[0]["version"], version);
    assert_eq!(post(admin, "/v2/repository/models/m/load", "{}").await.status, 200);
}

#[tokio::test]
async fn every_route_answers_for_an_imported_model() {
    let directory = tempfile::tempdir().unwrap();
    for file in [imported(directory.path(), 300), folder().join(SOURCE)] {
        let folder = ModelFolder::new();
        folder.open(&one(&file));
        let served = folder.server.registry.get("m").unwrap();
        let main = router(folder.server.clone(), Role::Main, Options::default());
        let admin = router(folder.server.clone(), Role::Admin, Options::default());
        ask_every_route(&main, &admin, served.model.version()).await;
        assert!(served.model.check_golden().is_ok());
        assert!(served.cost_per_row > Duration::ZERO);
        let metrics = get(&main, "/metrics").await.text().to_owned();
        assert!(metrics.contains("smartserve_prediction_rows_total{model=\"m\"}"), "{metrics}");
        let has_bins = metrics.lines().any(|line| line.starts_with("smartserve_feature_values_total{model=\"m\""));
        assert_eq!(has_bins, served.model.header().prediction_stats.is_some(), "{metrics}");
    }
}

#[tokio::test]
async fn an_imported_model_is_reloaded_by_version_and_another_schema_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let folder = ModelFolder::new();
    let put = |from: &Path| folder.write("m.model", &std::fs::read(from).unwrap());
    let path = put(&imported(directory.path(), 300));
    folder.open(&one(&path));
    let first = folder.version("m").unwrap();
    put(&imported(directory.path(), 200));
    folder.look();
    let second = folder.version("m").unwrap();
    assert_ne!(first, second);
    // The same model as its library wrote it: the same answers, without statistics.
    put(&super::cases::folder().join(SOURCE));
    folder.look();
    let third = folder.version("m").unwrap();
    assert!(third != first && third != second);
    let served = folder.server.registry.get("m").unwrap();
    assert_eq!(json!(served.model.header().prediction_stats), Value::Null);
    put(&super::cases::folder().join("xgb-sqerr/model.ubj"));
    folder.look();
    assert_eq!(folder.version("m").unwrap(), third);
    assert!(folder.server.registry.get("m").unwrap().reload_error().unwrap().contains("schema"));
    assert_eq!(reload(&folder.server, "m", Some(&second)).await.unwrap().version, second);
}
