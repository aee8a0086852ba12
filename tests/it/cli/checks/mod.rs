//! The commands that judge a model on rows: `drift`, `replay`, `audit`.

mod audit;
mod drift;
mod replay;

use std::path::Path;

use serde_json::Value;

use crate::support::path;
use crate::support::process::{Ran, run_with};

fn fixture(name: &str) -> String {
    path(&format!("tests/fixtures/artifacts/{name}.model")).display().to_string()
}

fn write(directory: &Path, name: &str, text: &str) -> String {
    let file = directory.join(name);
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// What a command says, with its code.
fn run(args: &[&str]) -> Ran {
    run_with(&[], args)
}

/// A command's report, which is read whatever the code.
fn json(args: &[&str]) -> (i32, Value) {
    let ran = run_with(&[], &[args, &["--json"]].concat());
    let report = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran.code.unwrap(), report)
}

/// Columns of a file of `data/`, in this order, by their names.
fn columns(file: &str, names: &[&str]) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path(&format!("data/{file}"))).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<String>>());
    let header = lines.next().unwrap();
    let places: Vec<usize> = names.iter().map(|name| header.iter().position(|known| known == name).unwrap()).collect();
    lines.map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect()
}

fn csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    rows.into_iter().fold(header.join(",") + "\n", |text, row| text + &row.join(",") + "\n")
}
