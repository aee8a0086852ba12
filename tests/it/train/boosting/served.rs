//! A boosted model at a server: null where training had missing cells, a category that training did not have where that was
//! allowed, and what its document says of both.

use serde_json::{Value, json};

use crate::support::process::{Server, run_with};

/// `gap` misses cells, `full` does not; `colour` is red, green or blue.
fn csv() -> String {
    let row = |i: u32| {
        let (gap, colour) = (
            if i.is_multiple_of(5) { String::new() } else { (i % 17).to_string() },
            ["red", "green", "blue"][i as usize % 3],
        );
        format!("{gap},{},{colour},{}\n", i % 23, i % 17 + 2 * (i % 23) + i % 3)
    };
    "gap,full,colour,y\n".to_owned() + &(0..300).map(row).collect::<String>()
}

/// The server of a model that is trained with these words more.
fn served(folder: &std::path::Path, more: &[&str]) -> Server {
    let (data, model) = (folder.join("t.csv"), folder.join("m.model"));
    std::fs::write(&data, csv()).unwrap();
    let words =
        ["train", "--data", data.to_str().unwrap(), "--target", "y", "--folds", "0", "-o", model.to_str().unwrap()];
    let ran = run_with(&[], &[&words[..], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    Server::start(&["--model", model.to_str().unwrap()])
}

fn ask(server: &Server, gap: Value, full: Value, colour: &str) -> (u16, Value) {
    server.ask("POST", "/predict", &json!({"gap": gap, "full": full, "colour": colour}).to_string())
}

fn types(document: &Value, feature: &str) -> String {
    let text = document["components"]["schemas"].to_string();
    let from = text.find(&format!("\"{feature}\":{{")).unwrap();
    text[from..].chars().take(400).collect()
}

#[test]
fn missing_cells_and_new_categories_are_answered_as_training_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path(), &[]);
    assert_eq!(ask(&server, json!(3), json!(4), "red").0, 200);
    assert_eq!(ask(&server, Value::Null, json!(4), "red").0, 200);
    let (status, answer) = ask(&server, json!(3), Value::Null, "violet");
    assert_eq!(status, 422);
    let details: Vec<&str> =
        answer["errors"].as_array().unwrap().iter().map(|e| e["detail"].as_str().unwrap()).collect();
    assert_eq!(
        details,
        [
            "full is missing, and no cell of it was missing in training; training saw 0 to 22",
            "colour has no category \"violet\"; it has \"blue\", \"green\", \"red\"",
        ]
    );
    let (_, document) = server.ask("GET", "/openapi.json", "");
    assert!(types(&document, "gap").contains("null") && !types(&document, "colour").contains("null"));

    let server = served(folder.path(), &["--allow-missing", "--unknown", "other"]);
    let (status, violet) = ask(&server, json!(3), Value::Null, "violet");
    assert_eq!(status, 200, "{violet}");
    let (_, missing) = server.ask("POST", "/predict", r#"{"gap":3,"full":null,"colour":null}"#);
    assert_eq!(violet["prediction"], missing["prediction"]);
}
