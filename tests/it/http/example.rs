//! The row to begin with in a model's details, and its answer: what the what-if page shows first.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::ServedModel;

use crate::support::path;
use crate::support::router::{artifact, get, post};

/// What clients reach of one model, `m`.
fn serving(artifact: &[u8]) -> Service {
    let model = Arc::new(ServedModel::new("m", Model::load(artifact).unwrap(), true));
    let state = ServerState::new(vec![model], Limits::default(), ExtraFeatures::Reject);
    router(Arc::new(state), Role::Main, Options::default())
}

async fn example_of(router: &Service) -> Value {
    get(router, "/models/m").await.json()["example"].clone()
}

/// A model of x and what else these lines have, y last.
fn of_table(lines: impl Iterator<Item = String>) -> Vec<u8> {
    let csv: Vec<String> = lines.collect();
    artifact("m", &csv.join("\n"), "y", Algorithm::Linear)
}

#[tokio::test]
async fn its_answer_is_the_one_that_its_row_gets() {
    let folder = path("tests/fixtures/artifacts");
    let is_model = |file: &Path| file.extension().is_some_and(|ending| ending == "model");
    let models = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).filter(|file| is_model(file));
    let mut n_with_intervals = 0;
    for file in models {
        let router = serving(&fs::read(&file).unwrap());
        let Value::Object(example) = example_of(&router).await else { panic!("{file:?}") };
        let body = example["row"].to_string();
        let mut answer = post(&router, "/models/m/predict?interval=0.9", body.clone()).await;
        if answer.status == 422 {
            answer = post(&router, "/models/m/predict", body).await;
        } else {
            n_with_intervals += 1;
        }
        assert_eq!((answer.status.as_u16(), answer.json()), (200, example["answer"].clone()), "{file:?}");
    }
    assert!(n_with_intervals > 10, "{n_with_intervals}");
}

#[tokio::test]
async fn its_row_has_medians_that_are_read_easily_and_frequent_categories() {
    let mixed = fs::read(path("tests/fixtures/artifacts/mixed-ridge.model")).unwrap();
    // The medians are 60.349999999999994 and 21; 24 of 44 are green.
    let expected = json!({"area": 60.35, "age": 21.0, "colour": "green"});
    assert_eq!(example_of(&serving(&mixed)).await["row"], expected);
    // The median of fifteen 3 and fifteen 8 is 5.5, of 1/3, 2/3, …, 10 it is 5.1666….
    let numbers = (1..=30).map(|x| format!("{},{},{}", if x > 15 { 8 } else { 3 }, f64::from(x) / 3.0, 2 * x));
    let whole = of_table(std::iter::once("whole,third,y".to_owned()).chain(numbers));
    assert_eq!(example_of(&serving(&whole)).await["row"], json!({"whole": 6.0, "third": 5.16667}));
}

#[tokio::test]
async fn dates_are_told_by_the_day_where_they_have_no_times_and_else_by_the_minute() {
    let days = (1..=29).map(|day| format!("2024-01-{day:02},{day}"));
    let by_day = of_table(std::iter::once("when,y".to_owned()).chain(days));
    assert_eq!(example_of(&serving(&by_day)).await["row"], json!({"when": "2024-01-15"}));
    let times = (1..=29).map(|day| format!("2024-01-{day:02} 10:20:29,{day}"));
    let by_minute = of_table(std::iter::once("when,y".to_owned()).chain(times));
    assert_eq!(example_of(&serving(&by_minute)).await["row"], json!({"when": "2024-01-15T10:20:00Z"}));
}
