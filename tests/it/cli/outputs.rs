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
fn no_output_replaces_a_file_that_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name).display().to_string();
    let source = path("docs/examples/xgboost.ubj");
    for (from, to) in [(path(&model()), "own.model"), (source, "m.ubj"), (path("data/iris.csv"), "data.csv")] {
        std::fs::copy(from, directory.path().join(to)).unwrap();
    }
    std::fs::write(at("rows.csv"), format!("{HEADER}{ROW}")).unwrap();
    let (own, ubj, data, rows) = (at("own.model"), at("m.ubj"), at("data.csv"), at("rows.csv"));
    let commands: [(&[&str], &str, &str); 5] = [
        (&["import", &ubj], &ubj, "the source"),
        (&["import", &ubj, "--data", &rows], &rows, "the --data"),
        (&["predict", "--model", &own, "--input", &rows], &own, "the --model"),
        (&["predict", "--model", &own, "--input", &rows], &rows, "the --input"),
        (&["train", "--data", &data, "--target", "species"], &data, "the --data"),
    ];
    for (args, read, what) in commands {
        let before = std::fs::read(read).unwrap();
        let (link, hard) = (at("link"), at("hard"));
        std::os::unix::fs::symlink(read, &link).unwrap();
        std::fs::hard_link(read, &hard).unwrap();
        let around = read.replace("/own", "/./own").replace("/m.", "/./m.");
        for output in [read, &link, &hard, &around] {
            let ran = run_with(&[], &[args, &["-o", output]].concat());
            let said = format!("smartserve: --output {output} would replace {what}; write to another file\n");
            assert_eq!((ran.code, ran.err, ran.out.as_str()), (Some(2), said, ""));
            assert_eq!(std::fs::read(read).unwrap(), before);
        }
        std::fs::remove_file(link).unwrap();
        std::fs::remove_file(hard).unwrap();
    }
    assert_eq!(names(directory.path()), ["data.csv", "m.ubj", "own.model", "rows.csv"]);
    // Standard output that is led into the input would grow it without an end.
    let script = "\"$0\" predict --model own.model --input rows.csv >> rows.csv";
    let done = Command::new("sh").args(["-c", script, BINARY]).current_dir(directory.path()).output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&rows).unwrap(), format!("{HEADER}{ROW}"));
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
    std::fs::set_permissions(&model, std::fs::Permissions::from_mode(0o6600)).unwrap();
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

#[test]
fn rows_that_are_refused_leave_standard_output_empty() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("in.csv");
    std::fs::write(&input, format!("{HEADER}{ROW}0,six,296.0,15.3,396.9,4.98\n")).unwrap();
    for format in ["csv", "ndjson", "parquet"] {
        let args = ["predict", "--model", &model(), "--input", input.to_str().unwrap(), "--output-format", format];
        let ran = run_with(&[], &args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(65), ""), "{format}: {}", ran.err);
    }
}
