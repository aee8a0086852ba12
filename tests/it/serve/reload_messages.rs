//! What is said of models' files: at the start, when they change, and in `/models/{name}`.

use std::path::Path;

use crate::support::path;
use crate::support::process::{BINARY, Server, run_with};
use serde_json::Value;

/// Trains a ridge model on a table; gives its file.
fn train(directory: &Path, name: &str, table: &str, more: &[&str]) -> String {
    let (data, model) = (directory.join("t.csv"), directory.join(name).display().to_string());
    std::fs::write(&data, table).unwrap();
    let args =
        ["train", "--data", data.to_str().unwrap(), "--target", "y", "--folds", "0", "--name", "m", "-o", &model];
    let ran = run_with(&[], &[&args[..], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    model
}

fn rows(head: &str, row: impl Fn(usize) -> String) -> String {
    (0..40).fold(format!("{head}\n"), |text, i| format!("{text}{}\n", row(i)))
}

#[test]
fn the_columns_that_differ_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let ridge = ["--algorithm", "ridge"];
    let first = rows("a,b,c,y", |i| format!("{i},{},{},{}", ["u", "v"][i % 2], i % 5, i * 2));
    let second = rows("a,b,d,y", |i| format!("{},{},{},{}", ["p", "q"][i % 2], ["u", "w"][i % 2], i % 5, i * 2));
    let model = train(directory.path(), "m.model", &first, &ridge);
    let mut server = Server::start(&["--model", &model, "--reload-interval", "20ms"]);
    assert_eq!(server.ask("GET", "/models/m", "").1.get("reload_error"), None);
    train(directory.path(), "m.model", &second, &ridge);
    let line: Value = serde_json::from_str(server.wait_for("not reloaded").last().unwrap()).unwrap();
    let expected = format!(
        "{model}: its schema differs from the one served as m (no longer \"c\"; new \"d\"; \"a\" is categorical, was \
         numeric; \"b\" without \"v\", with \"w\"); --allow-schema-change allows that"
    );
    assert_eq!(line["error"], expected);
    assert!(line["message"].as_str().unwrap().starts_with("not reloaded; m goes on as "), "{line}");
    assert_eq!(server.ask("GET", "/models/m", "").1["reload_error"], expected);
}

#[test]
fn a_file_that_was_never_served_replaces_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let good = path("tests/fixtures/artifacts/boston-ridge.model");
    std::fs::copy(&good, directory.path().join("good.model")).unwrap();
    std::os::unix::fs::symlink("nowhere", directory.path().join("dangling.model")).unwrap();
    let bytes = std::fs::read(&good).unwrap();
    std::fs::write(directory.path().join("half.model"), &bytes[..bytes.len() / 2]).unwrap();
    let mut server = Server::start(&["--models", directory.path().to_str().unwrap()]);
    server.signal("TERM");
    let mut log = server.rest_of_log();
    log.insert_str(0, &server.head_of_log);
    let messages: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |words: &str| messages.iter().filter(|m| m["message"].as_str().unwrap().contains(words)).count();
    assert_eq!((of("not served; it is looked at again when it changes"), of("goes on")), (2, 0), "{log}");
    assert_eq!(of("serving ridge version"), 1, "{log}");
}

#[test]
fn a_directory_that_is_not_there_ends_the_start() {
    let ran = run_with(&[], &["serve", "--models", "no/such/models"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (Some(66), "smartserve: no/such/models: No such file or directory (os error 2)\n")
    );
    assert!(!BINARY.is_empty());
}
