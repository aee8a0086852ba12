//! The row of the document is one that the model has an answer for.

use serde_json::Value;
use smartserve::import::{ImportOptions, OneFile, artifact, read};
use smartserve::model::neutral::{Function, Operation};

use crate::support::path;
use crate::support::process::Server;

/// A linear model of logarithms: 0 has no answer.
fn of_logarithms(directory: &std::path::Path) -> String {
    let bytes = std::fs::read(path("tests/fixtures/sklearn/function/model.skops")).unwrap();
    let options = ImportOptions::default();
    let mut imported = read(&OneFile { bytes: &bytes }, &options).unwrap();
    for step in &mut imported.neutral.steps.steps {
        if matches!(step.operation, Operation::Function(_)) {
            step.operation = Operation::Function(Function::Log);
        }
    }
    let file = directory.join("m.model");
    std::fs::write(&file, artifact(imported, &options).unwrap()).unwrap();
    file.display().to_string()
}

#[test]
fn the_row_of_the_document_is_one_that_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let model = of_logarithms(directory.path());
    let server = Server::start(&["--model", &model]);
    let (_, document) = server.ask("GET", "/openapi.json", "");
    let schemas = &document["components"]["schemas"]["model.Record"]["properties"];
    let record: serde_json::Map<String, Value> =
        schemas.as_object().unwrap().iter().map(|(name, of)| (name.clone(), of["examples"][0].clone())).collect();
    let (status, answer) = server.ask("POST", "/predict", &Value::from(record).to_string());
    assert_eq!(status, 200, "{answer}");
}
