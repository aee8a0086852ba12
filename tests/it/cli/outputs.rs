//! Outputs are written whole or not at all, and with the permissions of what they replace.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::path;
use crate::support::process::{BINARY, run_with};

/// A row of the fixture's model under its header, and one that is wrong after many.
const HEADER: &str = "CHAS,RM,TAX,PTRATIO,B,LSTAT\n";
const ROW: &str = "0,6.575,296.0,15.3,396.9,4.98\n";

fn model() -> String {
    path("tests/fixtures/artifacts/boston-ridge.model").display().to_string()
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn predict(input: &Path, output: &Path) -> (Option<i32>, String) {
    let (input, output) = (input.to_str().unwrap(), output.to_str().unwrap());
    let ran = run_with(&[], &["predict", "--model", &model(), "--input", input, "-o", output]);
    (ran.code, ran.err)
}

#[test]
fn a_wrong_row_leaves_the_output_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let (input, output) = (directory.path().join("in.csv"), directory.path().join("out.csv"));
    std::fs::write(&input, format!("{HEADER}{}0,six,296.0,15.3,396.9,4.98\n", ROW.repeat(10_000))).unwrap();
    let (code, said) = predict(&input, &output);
    assert_eq!((code, names(directory.path())), (Some(65), vec!["in.csv".to_owned()]), "{said}");
    std::fs::write(&output, "yesterday,good\n").unwrap();
    assert_eq!(predict(&input, &output).0, Some(65));
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "yesterday,good\n");
    std::fs::set_permissions(&output, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::fs::write(&input, format!("{HEADER}{ROW}")).unwrap();
    assert_eq!(predict(&input, &output), (Some(0), String::new()));
    assert!(std::fs::read_to_string(&output).unwrap().starts_with("CHAS,RM,TAX,PTRATIO,B,LSTAT,prediction\n"));
    assert_eq!(std::fs::metadata(&output).unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!(names(directory.path()), ["in.csv", "out.csv"]);
}

#[test]
fn a_link_leads_to_its_file_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let (input, link) = (directory.path().join("in.csv"), directory.path().join("link.csv"));
    std::fs::write(&input, format!("{HEADER}{ROW}")).unwrap();
    std::fs::create_dir(directory.path().join("far")).unwrap();
    std::fs::write(directory.path().join("far/out.csv"), "old").unwrap();
    std::os::unix::fs::symlink("far/out.csv", &link).unwrap();
    assert_eq!(predict(&input, &link), (Some(0), String::new()));
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(std::fs::read_to_string(directory.path().join("far/out.csv")).unwrap().contains("prediction"));
    assert_eq!(names(&directory.path().join("far")), ["out.csv"]);
}

#[test]
fn pipes_are_written_through() {
    let directory = tempfile::tempdir().unwrap();
    let (input, pipe) = (directory.path().join("in.csv"), directory.path().join("pipe"));
    std::fs::write(&input, format!("{HEADER}{ROW}")).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    assert_eq!(predict(&input, &pipe), (Some(0), String::new()));
    assert!(reader.join().unwrap().contains(",prediction\n"));
    assert_eq!(names(directory.path()), ["in.csv", "pipe"]);
    // Standard output by its name, led into a file that has a line already.
    let script = "echo first > out.csv; \"$0\" predict --model \"$1\" --input in.csv -o /dev/stdout >> out.csv";
    let done = Command::new("sh").args(["-c", script, BINARY, &model()]).current_dir(directory.path()).status();
    assert!(done.unwrap().success());
    let text = std::fs::read_to_string(directory.path().join("out.csv")).unwrap();
    assert!(text.starts_with("first\nCHAS,RM,TAX,PTRATIO,B,LSTAT,prediction\n"), "{text}");
}

#[test]
fn train_checks_its_output_before_the_data() {
    let data = path("data/boston.csv").display().to_string();
    let directory = tempfile::tempdir().unwrap();
    let nowhere = directory.path().join("nodir/m.model").display().to_string();
    let wrong: [&[&str]; 2] = [&["--data", "no.csv"], &["--data", &data, "--trees", "10000"]];
    for more in wrong {
        let ran = run_with(&[], &[&["train", "--target", "MEDV", "-o", &nowhere], more].concat());
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert!(ran.err.contains("nodir/m.model: cannot be written: there is no directory"), "{}", ran.err);
    }
}

#[test]
fn a_model_keeps_the_mode_of_the_one_it_replaces() {
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("m.model");
    std::fs::write(&model, "old").unwrap();
    std::fs::set_permissions(&model, std::fs::Permissions::from_mode(0o600)).unwrap();
    let data = path("data/boston.csv").display().to_string();
    let train = ["train", "--data", &data, "--target", "MEDV", "--algorithm", "linear", "--folds", "0", "-o"];
    let done = Command::new(BINARY).args(train).arg(&model).stdout(Stdio::null()).status().unwrap();
    assert!(done.success());
    let mut bytes = Vec::new();
    std::fs::File::open(&model).unwrap().read_to_end(&mut bytes).unwrap();
    smartserve::model::Model::load(&bytes).unwrap();
    assert_eq!(std::fs::metadata(&model).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(names(directory.path()), ["m.model"]);
}
