//! Models made by the real libraries, with rows and the answers of the library that made them: `../shared/cases/import`,
//! or the folder that `IMPORT_CASES` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use smartserve::import::{Answers, ImportOptions};
use smartserve::model::Model;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::serve::loader;
use smartserve::table::{Head, RowReader};

use crate::support::path;

/// A model in each format that its library writes, its rows, and the library's answers.
pub(crate) struct Case {
    /// As its folder is called, and its file where a folder holds several.
    pub(crate) name: String,
    /// The files that hold the same model.
    pub(crate) files: Vec<PathBuf>,
    /// CSV with a header line; an empty cell is missing.
    pub(crate) rows: PathBuf,
    /// By the name of what was asked.
    pub(crate) expected: BTreeMap<String, Value>,
}

/// The folder of all cases.
pub(crate) fn folder() -> PathBuf {
    let folder = std::env::var_os("IMPORT_CASES").map_or_else(|| path("../shared/cases/import"), PathBuf::from);
    assert!(folder.is_dir(), "{}: the cases are not there; set IMPORT_CASES", folder.display());
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn expected(file: &Path) -> BTreeMap<String, Value> {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

impl Case {
    /// The cases whose folders' names begin so, each with the files that have one of these endings.
    pub(crate) fn all(prefix: &str, endings: &[&str]) -> Vec<Self> {
        let root = folder();
        let folders = names(&root).into_iter().filter(|name| name.starts_with(prefix));
        let cases: Vec<Self> = folders.flat_map(|name| Self::in_folder(&root.join(&name), &name, endings)).collect();
        assert!(!cases.is_empty(), "no case is called {prefix}…");
        cases
    }

    /// The cases of each folder in a folder of the tree.
    pub(crate) fn fixtures(root: &str, endings: &[&str]) -> Vec<Self> {
        let root = path(root);
        let folders = names(&root).into_iter().filter(|name| root.join(name).is_dir());
        folders.flat_map(|name| Self::in_folder(&root.join(&name), &name, endings)).collect()
    }

    /// One case in a folder with `expected.json`, else one for each `NAME.expected.json`.
    fn in_folder(folder: &Path, name: &str, endings: &[&str]) -> Vec<Self> {
        let all = names(folder);
        let files = |stem: &str| {
            let is_of = |file: &&String| endings.iter().any(|ending| **file == format!("{stem}.{ending}"));
            all.iter().filter(is_of).map(|file| folder.join(file)).collect()
        };
        let rows = folder.join("rows.csv");
        if all.iter().any(|file| file == "expected.json") {
            let expected = expected(&folder.join("expected.json"));
            return vec![Self { name: name.to_owned(), files: files("model"), rows, expected }];
        }
        let stems = all.iter().filter_map(|file| file.strip_suffix(".expected.json"));
        let of = |stem: &str| {
            let expected = expected(&folder.join(format!("{stem}.expected.json")));
            let own = expected.get("rows").and_then(Value::as_str).map(|own| folder.join(own));
            let rows = own.unwrap_or_else(|| rows.clone());
            Self { name: format!("{name}/{stem}"), files: files(stem), rows, expected }
        };
        stems.map(of).collect()
    }

    /// What the library answered, row-major; numbers that JSON has not are texts there.
    pub(crate) fn numbers(&self, key: &str) -> Vec<f64> {
        fn flat(value: &Value, out: &mut Vec<f64>) {
            match value {
                Value::Array(values) => values.iter().for_each(|value| flat(value, out)),
                Value::String(text) => out.push(text.parse().unwrap()),
                number => out.push(number.as_f64().unwrap()),
            }
        }
        let mut out = Vec::new();
        flat(self.expected.get(key).unwrap_or_else(|| panic!("{} has no {key}", self.name)), &mut out);
        out
    }

    /// The case's rows for a model.
    pub(crate) fn batch(&self, model: &Model) -> Batch {
        batch(&std::fs::read(&self.rows).unwrap(), model)
    }
}

/// CSV as a batch.
pub(crate) fn batch(csv: &[u8], model: &Model) -> Batch {
    let mut rows = RowReader::new(csv, "rows.csv", model.schema(), Head::Present).unwrap();
    rows.next_chunk(100_000).unwrap().unwrap()
}

/// A file as `serve` loads it: read, checked, golden rows answered.
pub(crate) fn load(file: &Path, answers: Answers) -> Result<Model, String> {
    loader::load(file, &ImportOptions { answers, ..ImportOptions::default() }).map_err(|e| e.to_string())
}

/// Raw scores, row-major.
pub(crate) fn raw(model: &Model, batch: &Batch) -> Vec<f64> {
    model.raw(batch, 0..batch.n_rows(), &mut Scratch::default()).expect("it has raw scores")
}

/// The answers, in one batch; and the same row by row, in the same bits.
pub(crate) fn predict(model: &Model, batch: &Batch) -> Prediction {
    let scratch = &mut Scratch::default();
    let whole = model.predict(batch, scratch).unwrap();
    let mut single = model.predict_rows(batch, 0..1, scratch).unwrap();
    for row in 1..batch.n_rows() {
        single.append(model.predict_rows(batch, row..row + 1, scratch).unwrap());
    }
    assert_eq!(format!("{single:?}"), format!("{whole:?}"), "rows alone are answered otherwise");
    whole
}

/// Numbers, or labels that are numbers.
pub(crate) fn values(prediction: &Prediction, model: &Model) -> Vec<f64> {
    match prediction {
        Prediction::Regression { values, .. } => values.clone(),
        Prediction::Classification { classes, .. } => {
            classes.iter().map(|class| model.schema().target().classes[*class as usize].parse().unwrap()).collect()
        }
    }
}

/// Compares every bit.
pub(crate) fn assert_same_bits(what: &str, expected: &[f64], got: &[f64]) {
    assert_eq!(expected.len(), got.len(), "{what}: how many");
    let differs = |(a, b): &(&f64, &f64)| a.to_bits() != b.to_bits() && !(**a == 0.0 && **b == 0.0);
    let n = expected.iter().zip(got).filter(differs).count();
    let first = expected.iter().zip(got).enumerate().find(|(_, pair)| differs(pair));
    assert_eq!(n, 0, "{what}: {n} of {} differ, the first is {first:?}", got.len());
}
