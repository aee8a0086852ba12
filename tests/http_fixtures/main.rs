//! Each `tests/fixtures/http/…/NAME.request`, sent over a socket to a real server, must be answered as `NAME.response`
//! says: status line, the headers listed in `wire`, the whole body. A folder is a server with flags and a past of its
//! own (`house` has the list); what lies outside of all folders is asked of one with small limits. `UPDATE_FIXTURES=1`
//! writes the responses anew, to be read before they are committed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod cases;
mod house;
#[path = "../http_support/mod.rs"]
mod http_support;
#[path = "../support/mod.rs"]
mod support;
mod wire;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use house::FOLDERS;

fn root() -> PathBuf {
    support::path("tests/fixtures/http")
}

/// The requests of a folder, in the order of their names.
fn requests(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "request"));
    paths.sort();
    paths
}

#[test]
fn every_request_of_the_fixtures_is_answered_as_written() {
    let is_update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut wrong = Vec::new();
    for folder in &FOLDERS {
        let running = folder.start();
        let hidden = running.hidden();
        for path in requests(&root().join(folder.name)) {
            let request = wire::bytes(&std::fs::read_to_string(&path).unwrap());
            let answer = wire::ask(running.server.address, &request, &hidden);
            let expected = path.with_extension("response");
            if is_update {
                std::fs::write(&expected, answer).unwrap();
            } else if std::fs::read_to_string(&expected).unwrap_or_default() != answer {
                wrong.push(format!("{}:\n{answer}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every pair by its name, like `tokens/401-none`.
fn names() -> BTreeSet<String> {
    let of = |folder: &house::Folder| requests(&root().join(folder.name));
    let name = |path: PathBuf| path.with_extension("").strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    FOLDERS.iter().flat_map(of).map(name).collect()
}

/// What a pair's name says is answered: a status, or `closed`.
fn status(name: &str) -> &str {
    name.rsplit('/').next().unwrap().split('-').next().unwrap()
}

#[test]
fn every_status_has_a_pair_and_every_pair_the_status_of_its_name() {
    let names = names();
    let errors: BTreeSet<&str> = names.iter().map(|name| status(name)).filter(|s| !s.starts_with('2')).collect();
    assert_eq!(errors, BTreeSet::from(cases::STATUSES));
    for name in &names {
        let response = std::fs::read_to_string(root().join(format!("{name}.response"))).unwrap();
        let first = response.lines().next().unwrap();
        let told = if first.starts_with("HTTP/1.") { &first[9..12] } else { "closed" };
        assert_eq!(told, status(name), "{name}");
    }
}

#[test]
fn every_status_that_the_document_of_the_routes_lists_is_among_them() {
    let document = std::process::Command::new(support::server::BINARY).arg("openapi").output().unwrap().stdout;
    let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for status in item.as_object().unwrap().values().flat_map(|o| o["responses"].as_object().unwrap().keys()) {
            assert!(status < &"400".to_owned() || cases::STATUSES.contains(&status.as_str()), "{path}: {status}");
        }
    }
}

#[test]
fn every_kind_of_input_that_clients_get_wrong_has_its_pairs() {
    let names = names();
    for (case, pairs) in cases::CASES {
        for pair in pairs {
            assert!(names.contains(*pair), "{case}: there is no {pair}");
        }
    }
}

#[test]
fn every_folder_and_file_of_the_fixtures_is_asked() {
    let known: BTreeSet<String> = names();
    for entry in std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap()) {
        if entry.file_type().unwrap().is_dir() {
            let name = entry.file_name().into_string().unwrap();
            assert!(FOLDERS.iter().any(|folder| folder.name == name), "{name} has no server");
        }
    }
    for folder in &FOLDERS {
        for entry in std::fs::read_dir(root().join(folder.name)).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.with_extension("");
            let name = name.strip_prefix(root()).unwrap().to_str().unwrap();
            assert!(entry.is_dir() || known.contains(name), "{} answers nothing", entry.display());
        }
    }
}
