//! A text through the program: imported, and asked as a source or an artifact; the memory that it takes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::path;
use crate::support::process::BINARY;

fn output(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

fn said(args: &[&str]) -> String {
    let mut command = Command::new(BINARY);
    command.args(args);
    output(command)
}

/// The lines of a case's text: what stands before its trees, them, and what stands behind.
fn parts(name: &str) -> [String; 3] {
    let text = fs::read_to_string(path("../shared/cases/import").join(name)).unwrap();
    let (head, rest) = text.split_once("tree_sizes=").unwrap();
    let (trees, tail) = rest.split_once("end of trees").unwrap();
    let (_, trees) = trees.split_once("\n\n").unwrap();
    [head.to_owned(), trees.to_owned(), format!("end of trees{tail}")]
}

#[test]
fn a_text_and_the_artifact_made_of_it_predict_lightgbms_bits() {
    let directory = tempfile::tempdir().unwrap();
    let artifact = directory.path().join("m.model");
    let case = path("../shared/cases/import/lgb-binary");
    let file = |name: &str| case.join(name).to_str().unwrap().to_owned();
    let report = said(&["import", &file("model.txt"), "-o", artifact.to_str().unwrap(), "--name", "imported"]);
    assert!(report.contains("model imported, version ") && report.contains("lightgbm, binary, 8 features"), "{report}");
    // The rows are headed f0, f1, …; LightGBM calls columns without names Column_0, Column_1, ….
    let rows = directory.path().join("rows.csv");
    fs::write(&rows, fs::read_to_string(case.join("rows.csv")).unwrap().replace('f', "Column_")).unwrap();
    let expected: serde_json::Value = serde_json::from_slice(&fs::read(case.join("expected.json")).unwrap()).unwrap();
    for model in [file("model.txt").as_str(), artifact.to_str().unwrap()] {
        let csv = said(&["predict", "--raw", "--model", model, "--input", rows.to_str().unwrap()]);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let heads = reader.headers().unwrap().clone();
        let column = |name: &str| heads.iter().position(|head| head == name).unwrap();
        let (probability, raw) = (column("probability_1"), column("raw"));
        for (row, record) in reader.records().enumerate() {
            let record = record.unwrap();
            let got = [probability, raw].map(|at| record[at].parse::<f64>().unwrap().to_bits());
            let told = ["predict", "raw"].map(|key| expected[key][row].as_f64().unwrap().to_bits());
            assert_eq!(got, told, "row {row}");
        }
    }
    assert!(said(&["inspect", &file("model.txt")]).contains("lightgbm, text v4"));
}

/// The file's bytes, the model while it is read, checked, written and loaded: all of it counts.
#[test]
fn a_large_text_is_imported_in_six_times_its_bytes_of_memory() {
    let directory = tempfile::tempdir().unwrap();
    for (name, times) in [("lgb-cat/model.txt", 300), ("lightgbm-4.1.0/linear.txt", 600)] {
        let [head, trees, tail] = parts(name);
        let text = format!("{head}\n{}{tail}", trees.repeat(times));
        let (source, artifact) = (directory.path().join("model.txt"), directory.path().join("m.model"));
        fs::write(&source, &text).unwrap();
        let run = |times: usize, source: &Path| {
            let mut command = Command::new("sh");
            let limit = format!("ulimit -d {}; exec \"$0\" import \"$1\" -o \"$2\"", times * text.len() / 1024);
            command.args(["-c", &limit, BINARY]).arg(source).arg(&artifact);
            command
        };
        let report = output(run(6, &source));
        assert!(report.contains("lightgbm, regression"), "{report}");
        // The limit is one: with the text's own size it is not enough.
        assert!(!run(1, &source).output().unwrap().status.success());
    }
}
