//! What README and the tables of docs/ say is so: the exact reply of the first screen, every route, every flag of `serve`
//! with its default, every metric and every algorithm. `tests/readme.py` walks README's commands.

use crate::support::path;
use crate::support::router::{public, request, send};
use std::collections::BTreeSet;
use std::process::Command;

use smartserve::cli;
use smartserve::config::Limits;
use smartserve::http::app::Options;
use smartserve::http::router::templates;
use smartserve::model::algorithm::Algorithm;

fn readme() -> String {
    document("README.md")
}

fn document(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap()
}

/// The words that `make` trains the demo model with: they are in the Makefile alone.
fn demo_flags() -> Vec<String> {
    let makefile = std::fs::read_to_string(path("Makefile")).unwrap();
    let joined = makefile.replace("\\\n", " ");
    let line = joined.lines().find(|line| line.starts_with("DEMO :=")).unwrap();
    line["DEMO :=".len()..].split_whitespace().map(str::to_owned).collect()
}

#[test]
fn the_first_reply_is_the_demo_models() {
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("boston.model");
    let binary = env!("CARGO_BIN_EXE_smartserve");
    let trained = Command::new(binary)
        .current_dir(path(""))
        .arg("train")
        .args(demo_flags())
        .arg("-o")
        .arg(&model)
        .output()
        .unwrap();
    assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
    let artifact = std::fs::read(&model).unwrap();
    assert!(artifact.len() <= 700_000, "{} bytes do not fit a ConfigMap's share", artifact.len());
    let rows = directory.path().join("rows.csv");
    std::fs::write(&rows, "CHAS,RM,TAX,PTRATIO,B,LSTAT\n0,6.575,296.0,15.3,396.9,4.98\n").unwrap();
    let scored = Command::new(binary).arg("predict").arg("--model").arg(&model).arg("--input").arg(&rows).output();
    let scored = String::from_utf8(scored.unwrap().stdout).unwrap();
    let answer = scored.trim_end().rsplit(',').next().unwrap();
    let loaded = smartserve::model::Model::load(&artifact).unwrap();
    let r2 = loaded.header().evaluation.as_ref().unwrap().k_fold.as_ref().unwrap().mean.r2.unwrap();
    assert!(r2 >= 0.8, "the demo model's cross-validated R² is {r2}");
    let reply = format!(r#"{{"prediction":[{answer}],"model":"boston","version":"{}"}}"#, loaded.version());
    assert!((20.0..32.0).contains(&answer.parse::<f64>().unwrap()), "{reply}");
    assert!(readme().contains(&reply), "README does not show {reply}");
}

#[test]
fn the_table_lists_flags_and_defaults() {
    let table = document("docs/flags.md");
    let mut command = cli::command();
    let serve = command.find_subcommand_mut("serve").unwrap();
    for arg in serve.get_arguments() {
        let Some(long) = arg.get_long().filter(|long| *long != "help" && *long != "version") else { continue };
        let row = table.lines().find(|line| line.starts_with(&format!("| `--{long}` |")));
        let row = row.unwrap_or_else(|| panic!("docs/flags.md has no row for --{long}"));
        let default: Vec<String> = arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect();
        if !default.is_empty() && !arg.is_hide_default_value_set() {
            let told = row.split('|').nth(2).unwrap().trim().trim_matches('`');
            assert_eq!(told, default.join(","), "the default of --{long} in docs/flags.md");
        }
    }
    for line in table.lines().filter(|line| line.starts_with("| `--")) {
        let flag = line.split('`').nth(1).unwrap().trim_start_matches("--");
        assert!(serve.get_arguments().any(|arg| arg.get_long() == Some(flag)), "serve has no --{flag}");
    }
}

#[test]
fn the_metrics_table_lists_every_family() {
    let table = document("docs/metrics.md");
    let families = smartserve::serve::metrics::METRICS;
    for family in &families {
        assert!(table.contains(&format!("| `{}` |", family.name)), "docs/metrics.md has no row for {}", family.name);
    }
    for line in table.lines().filter(|line| line.starts_with("| `smartserve_")) {
        let name = line.split('`').nth(1).unwrap();
        assert!(families.iter().any(|family| family.name == name), "there is no metric {name}");
    }
}

#[test]
fn the_needed_release_of_rust_is_named() {
    let manifest = document("Cargo.toml");
    let release = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    assert!(readme().contains(&format!("Rust {release} or later")), "README does not name Rust {release}");
}

#[test]
fn every_algorithm_is_named() {
    let readme = readme();
    for algorithm in Algorithm::ALL {
        assert!(readme.contains(&format!("`{algorithm}`")), "README does not name {algorithm}");
    }
}

/// The routes of the table: method and path, as they are documented.
fn documented_routes(readme: &str) -> Vec<(String, String)> {
    let after = readme.split_once("| route | what |").expect("a table of routes").1;
    let rows = after.lines().skip(2).take_while(|line| line.starts_with('|'));
    let routes = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2));
    let pair = |route: &str| route.split_once(' ').map(|(method, path)| (method.to_owned(), path.to_owned()));
    routes.map(|route| pair(route).unwrap_or_else(|| panic!("{route} has no method"))).collect()
}

#[test]
fn the_table_lists_every_route() {
    let routes = documented_routes(&readme());
    // TensorFlow's verbs stand after a colon, within the router's last parameter.
    let template = |path: &str| path.split(':').next().unwrap_or(path).to_owned();
    let documented: BTreeSet<String> = routes.iter().map(|(_, path)| template(path)).collect();
    let served = templates(&Options::default()).into_iter().map(str::to_owned).collect();
    assert_eq!(documented, served, "README's routes, and the router's");
    let once: BTreeSet<_> = routes.iter().collect();
    assert_eq!(once.len(), routes.len(), "a route stands twice in README");
}

#[tokio::test]
async fn the_table_tells_the_methods() {
    let router = public(Limits::default());
    for (method, path) in documented_routes(&readme()).iter().filter(|(_, path)| !path.contains("{version}")) {
        let answer = send(&router, request("OPTIONS", &path.replace("{name}", "houses"), "")).await;
        let allowed = answer.header("allow");
        assert!(allowed.split(", ").any(|allowed| allowed == method), "{method} {path}: {allowed}");
    }
}
