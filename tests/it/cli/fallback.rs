//! The places of a model that nothing names, as the image has them.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::import::cases::folder;
use crate::support::path;
use crate::support::process::{Server, run_with};

/// The places of the image, in a directory; the demo is there.
struct Places {
    root: TempDir,
}

impl Places {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::copy(path("tests/fixtures/artifacts/boston-ridge.model"), root.path().join("boston.model")).unwrap();
        Self { root }
    }

    fn path(&self, place: &str) -> String {
        self.root.path().join(place).display().to_string()
    }

    /// Copies a case's file into a place.
    fn put(&self, place: &str, name: &str, case: &str) {
        fs::create_dir_all(self.path(place)).unwrap();
        fs::copy(folder().join(case), Path::new(&self.path(place)).join(name)).unwrap();
    }

    fn list(&self) -> String {
        ["mnt", "opt", "boston.model"].map(|place| self.path(place)).join(":")
    }

    /// A server with these variables, the names of its models, and what it warned of.
    fn served(&self, variables: &str, args: &[&str]) -> (Vec<String>, Vec<String>) {
        let list = self.list();
        let before = format!("export SMARTSERVE_MODEL_FALLBACK='{list}' {variables};");
        let server = Server::start_by_shell(&before, Stdio::null(), args);
        let (status, models) = server.ask("GET", "/models", "");
        assert_eq!(status, 200);
        let names = models["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap().to_owned());
        let lines = server.head_of_log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let warned =
            lines.filter(|line| line["level"] == "WARN").map(|line| line["message"].as_str().unwrap().to_owned());
        (names.collect(), warned.filter(|message| message.contains("demo")).collect())
    }

    fn refused(&self, variables: &[(&str, &str)]) -> (Option<i32>, String) {
        let list = self.list();
        let ran = run_with(&[&[("SMARTSERVE_MODEL_FALLBACK", list.as_str())], variables].concat(), &["serve"]);
        (ran.code, ran.err)
    }
}

#[test]
fn the_first_place_that_exists_is_served_and_the_demo_only_with_a_warning() {
    let places = Places::new();
    let (names, warned) = places.served("MODEL_NAME=churn", &[]);
    assert_eq!(names, ["ridge"], "the demo keeps its name");
    let (mnt, opt, demo) = (places.path("mnt"), places.path("opt"), places.path("boston.model"));
    assert_eq!(warned, [format!("no model is named, and there is no {mnt} and {opt}: the demo {demo} is served")]);
    places.put("opt", "xgboost-model", "xgb-sqerr/model.ubj");
    assert_eq!(places.served("", &[]), (vec!["model".to_owned()], Vec::new()));
    places.put("mnt", "model.bst", "lgb-l2/model.txt");
    assert_eq!(places.served("MODEL_NAME=churn SMARTSERVE_ANSWER=library", &[]).0, ["churn"]);
    // An artifact has its answers inside: a choice for whatever is mounted is none for it.
    fs::remove_dir_all(&mnt).unwrap();
    fs::create_dir(&mnt).unwrap();
    fs::copy(&demo, Path::new(&mnt).join("own.model")).unwrap();
    assert_eq!(places.served("SMARTSERVE_ANSWER=library", &[]).0, ["ridge"]);
    // What is named is served, whatever lies in the places.
    let named = format!("mine={demo}");
    assert_eq!(places.served("", &["--model", &named]).0, ["mine"]);
}

#[test]
fn a_place_that_exists_and_holds_no_model_or_two_ends_the_start() {
    let places = Places::new();
    fs::create_dir(places.path("mnt")).unwrap();
    let (code, why) = places.refused(&[]);
    assert!(code == Some(66) && why.contains("mnt: the directory is empty"), "{why}");
    places.put("mnt", "a.bst", "lgb-l2/model.txt");
    places.put("mnt", "b.bst", "xgb-sqerr/model.ubj");
    let (code, why) = places.refused(&[]);
    assert!(code == Some(65) && why.contains("two of its files are models, a.bst and b.bst"), "{why}");
    let (code, why) = places.refused(&[("MODEL_NAME", "a/b")]);
    assert!(code == Some(78) && why.contains("MODEL_NAME: the name \"a/b\""), "{why}");
    // A link that leads nowhere is not there; a file that is no model is.
    fs::remove_dir_all(places.path("mnt")).unwrap();
    fs::write(places.path("mnt"), "tall stories").unwrap();
    assert_eq!(places.refused(&[]).0, Some(65));
}
