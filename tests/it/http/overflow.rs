//! Numbers that the document accepts and a model cannot take: a 422 with the feature and its range, whatever overflows.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use http::Request;
use proptest::prelude::*;
use serde_json::json;
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::cell::MAX_ABS;
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::ServedModel;
use smartserve::table::TableFile;
use smartserve::train::{TrainSpec, train};

use crate::support::process::{BINARY, Server};
use crate::support::router::{post, request, send};

/// Two numbers and a category. y is a number or a class; with slopes as steep as can be where `steep`.
fn table(is_class: bool, steep: bool) -> String {
    let mut csv = "x,z,c,y\n".to_owned();
    let [unit, height] = if steep { ["e-12", "e147"] } else { ["", ""] };
    for i in 1..40_u32 {
        let y = if is_class { ["a", "b", "d"][(i / 5 % 3) as usize].to_owned() } else { format!("{}{height}", 3 * i) };
        writeln!(csv, "{i}{unit},{}{unit},{},{y}", i * 7 % 5, ["r", "g"][(i / 3 % 2) as usize]).unwrap();
    }
    csv
}

/// What a model is made with: the algorithm, its kernel, scaling, classes, steep slopes.
type Recipe = (Algorithm, Option<&'static str>, bool, bool, bool);

fn artifact((algorithm, kernel, scale, is_class, steep): Recipe) -> Option<Vec<u8>> {
    let table = TableFile::from_bytes("test.csv", table(is_class, steep).into_bytes());
    let mut spec = TrainSpec::new("m", "y", algorithm);
    (spec.folds, spec.test_size, spec.scale) = (Some(0), 0.0, Some(scale));
    kernel.iter().for_each(|kernel| spec.options.set("kernel", kernel).unwrap());
    train(&spec, &table, &()).ok().map(|done| done.artifact)
}

fn served(artifact: &[u8]) -> Service {
    let snapshot = Arc::new(ServedModel::new("m", Model::load(artifact).unwrap(), true));
    let server = Arc::new(ServerState::new(vec![snapshot], Limits::default(), ExtraFeatures::Reject));
    router(server, Role::Main, Options::default())
}

/// A model of every algorithm and kernel, scaled and not, where it can be trained.
fn models() -> &'static [(Recipe, Service)] {
    static MODELS: OnceLock<Vec<(Recipe, Service)>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let kernels: [Option<&str>; 4] = ["linear", "poly", "rbf", "sigmoid"].map(Some);
        let mut models = Vec::new();
        for algorithm in Algorithm::ALL {
            let is_machine = matches!(algorithm, Algorithm::Svr | Algorithm::Svc);
            for kernel in if is_machine { &kernels[..] } else { &[None] } {
                for (scale, steep) in [(false, false), (true, false), (false, true), (true, true)] {
                    let tasks = [(false, algorithm.does_regression()), (true, algorithm.does_classification())];
                    for (is_class, _) in tasks.into_iter().filter(|(_, can)| *can) {
                        let recipe = (algorithm, *kernel, scale, is_class, steep);
                        models.extend(artifact(recipe).map(|artifact| (recipe, served(&artifact))));
                    }
                }
            }
        }
        models
    })
}

/// A number that the document accepts, often at its ends.
fn number() -> impl Strategy<Value = f64> {
    let scaled = (-1.0..1.0_f64, -150..=150_i32).prop_map(|(m, e)| m * 10_f64.powi(e));
    prop_oneof![Just(MAX_ABS), Just(-MAX_ABS), Just(0.0), -50.0..50.0_f64, scaled]
}

/// The same rows in three protocols.
fn requests(rows: &[(f64, f64, bool)]) -> [Request<Body>; 3] {
    let colour = |is_red: bool| if is_red { "r" } else { "g" };
    let records: Vec<_> = rows.iter().map(|(x, z, c)| json!({"x": x, "z": z, "c": colour(*c)})).collect();
    let lines: String = rows.iter().map(|(x, z, c)| format!("{x:e},{z:e},{}\n", colour(*c))).collect();
    let mut csv = request("POST", "/predict", format!("x,z,c\n{lines}"));
    csv.headers_mut().insert("content-type", "text/csv".parse().unwrap());
    let numbers = |name: &str, of: fn(&(f64, f64, bool)) -> f64| {
        let data: Vec<f64> = rows.iter().map(of).collect();
        json!({"name": name, "shape": [rows.len()], "datatype": "FP64", "data": data})
    };
    let colours: Vec<&str> = rows.iter().map(|row| colour(row.2)).collect();
    let inputs = json!([
        numbers("x", |row| row.0),
        numbers("z", |row| row.1),
        {"name": "c", "shape": [rows.len()], "datatype": "BYTES", "data": colours},
    ]);
    let infer = json!({"inputs": inputs}).to_string();
    [request("POST", "/predict", json!(records).to_string()), csv, request("POST", "/v2/models/m/infer", infer)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn accepted_numbers_are_never_our_fault(rows in prop::collection::vec((number(), number(), any::<bool>()), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for (recipe, service) in models() {
            let mut statuses = Vec::new();
            for request in requests(&rows) {
                let answer = runtime.block_on(send(service, request));
                if answer.status == 422 {
                    let body = answer.json();
                    let detail = body["errors"][0]["detail"].as_str().unwrap();
                    prop_assert!(detail.starts_with("row ") && detail.contains("; training saw "), "{recipe:?}: {detail}");
                }
                statuses.push(answer.status.as_u16());
            }
            let is_right = statuses[0] == 200 || statuses[0] == 422;
            prop_assert!(is_right && statuses.iter().all(|s| *s == statuses[0]), "{recipe:?}: {statuses:?}");
        }
    }
}

#[tokio::test]
async fn each_way_to_overflow_names_the_feature() {
    let polynomial = (Algorithm::Svr, Some("poly"), false, false, false);
    let machines = (Algorithm::Svc, Some("poly"), false, true, false);
    let slope = (Algorithm::Linear, None, false, false, true);
    for recipe in [polynomial, machines, slope] {
        let service = served(&artifact(recipe).unwrap());
        let body = r#"[{"x":1,"z":2,"c":"r"},{"x":1e150,"z":3,"c":"g"}]"#;
        let answer = post(&service, "/predict", body).await;
        let detail = "row 1: x is 1e150: with it the answer is beyond the range of numbers";
        let told = answer.json();
        assert_eq!(answer.status, 422, "{recipe:?}: {told}");
        assert_eq!((answer.status.as_u16(), told["errors"].as_array().unwrap().len()), (422, 1), "{recipe:?}: {told}");
        let detail_told = told["errors"][0]["detail"].as_str().unwrap();
        let has_range = detail_told.ends_with("; training saw 1 to 39") || recipe == slope;
        assert!(detail_told.starts_with(detail) && has_range, "{detail_told}");
    }
    let both = post(&served(&artifact(polynomial).unwrap()), "/predict", r#"{"x":1e150,"z":-1e140,"c":"g"}"#).await;
    assert_eq!(both.json()["errors"].as_array().unwrap().len(), 2, "{}", both.text());
}

#[test]
fn predict_names_line_and_column_of_what_overflows() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let model = artifact((Algorithm::Svr, Some("poly"), false, false, false)).unwrap();
    std::fs::write(path("m.model"), model).unwrap();
    std::fs::write(path("rows.csv"), "z,x,c\n1,2,r\n\n1,1e130,g\n1,3,r\n").unwrap();
    let args = ["predict", "--model", &path("m.model"), "--input", &path("rows.csv")];
    let output = Command::new(BINARY).args(args).stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "{error}");
    assert!(error.contains("rows.csv, line 4, column 2 (x): x is 1e130: with it the answer is beyond"), "{error}");
    let server = Server::start(&["--model", &path("m.model")]);
    let (status, told) = server.ask("POST", "/predict", r#"{"x":1e130,"z":1,"c":"r"}"#);
    assert_eq!((status, told["status"].as_u64()), (422, Some(422)), "{told}");
}
