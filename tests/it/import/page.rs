//! The start page's line for a shell: its port is the server's, and its row is one that the model has an answer for.

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

/// The body and the address of the page's line, as a shell takes them.
fn line(page: &str) -> (String, String) {
    let line = page.split("<pre>curl -d &#39;").nth(1).or_else(|| page.split("<pre>curl -d '").nth(1)).unwrap();
    let (body, rest) = line.split_once("' http://").unwrap();
    (body.replace("&quot;", "\""), rest.split("</pre>").next().unwrap().to_owned())
}

#[test]
fn the_row_of_the_page_and_of_the_document_is_one_that_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let model = of_logarithms(directory.path());
    let server = Server::start(&["--model", &model]);
    let (_, page) = server.ask("GET", "/", "");
    let (body, address) = line(page.as_str().unwrap());
    assert_eq!(address, "x/models/model/predict", "the Host that was asked");
    let (status, answer) = server.ask("POST", "/predict", &body);
    assert_eq!(status, 200, "{body}: {answer}");
    let (_, document) = server.ask("GET", "/openapi.json", "");
    let schemas = &document["components"]["schemas"]["model.Record"]["properties"];
    let record: serde_json::Map<String, Value> =
        schemas.as_object().unwrap().iter().map(|(name, of)| (name.clone(), of["examples"][0].clone())).collect();
    let (status, answer) = server.ask("POST", "/predict", &Value::from(record).to_string());
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn the_page_repeats_the_host_and_port_that_were_asked_if_they_are_plain() {
    use std::io::{Read as _, Write as _};
    let server = Server::start(&["--model", path("docs/examples/xgboost.ubj").to_str().unwrap()]);
    let long = format!("{}:1", "a".repeat(200));
    for (host, shown) in [
        ("127.0.0.1:4711", "127.0.0.1:4711"),
        ("models.example.com", "models.example.com"),
        ("[::1]:81", "[::1]:81"),
        ("[::1]", "[::1]"),
        ("localhost:99999", "localhost:8000"),
        ("a<b>:80", "localhost:8000"),
        ("a'b", "localhost:8000"),
        ("$(id):80", "localhost:8000"),
        (&long, "localhost:8000"),
    ] {
        let mut stream = std::net::TcpStream::connect(server.address).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        if answer.starts_with("HTTP/1.1 400") {
            assert_eq!(shown, "localhost:8000", "{host}");
            continue;
        }
        assert!(answer.contains(&format!(" http://{shown}/models/model/predict</pre>")), "{host}: {answer}");
    }
}
