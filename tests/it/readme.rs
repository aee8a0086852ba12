//! What README says is so: the exact reply of its first screen, every flag of `serve` with its default, every metric,
//! every algorithm, and that its example commands parse.

use crate::support::path;
use std::process::Command;

use smartserve::cli;
use smartserve::model::algorithm::Algorithm;
use smartserve::train::OPTIONS;

fn readme() -> String {
    std::fs::read_to_string(path("README.md")).unwrap()
}

/// The words that `make` trains the demo model with: they are in the Makefile alone.
fn demo_flags() -> Vec<String> {
    let makefile = std::fs::read_to_string(path("Makefile")).unwrap();
    let joined = makefile.replace("\\\n", " ");
    let line = joined.lines().find(|line| line.starts_with("DEMO :=")).unwrap();
    line["DEMO :=".len()..].split_whitespace().map(str::to_owned).collect()
}

#[test]
fn the_first_screen_shows_the_reply_that_the_demo_model_gives() {
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
    let r2 = loaded.header().evaluation.k_fold.as_ref().unwrap().mean.r2.unwrap();
    assert!(r2 >= 0.8, "the demo model's cross-validated R² is {r2}");
    let reply = format!(r#"{{"prediction":[{answer}],"model":"boston","version":"{}"}}"#, loaded.version());
    assert!((20.0..32.0).contains(&answer.parse::<f64>().unwrap()), "{reply}");
    assert!(readme().contains(&reply), "README does not show {reply}");
}

#[test]
fn the_configuration_table_lists_every_flag_of_serve_with_its_default() {
    let readme = readme();
    let mut command = cli::command();
    let serve = command.find_subcommand_mut("serve").unwrap();
    for arg in serve.get_arguments() {
        let Some(long) = arg.get_long().filter(|long| *long != "help" && *long != "version") else { continue };
        let row = readme.lines().find(|line| line.starts_with(&format!("| `--{long}` |")));
        let row = row.unwrap_or_else(|| panic!("README has no row for --{long}"));
        let default: Vec<String> = arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect();
        if !default.is_empty() {
            let told = row.split('|').nth(2).unwrap().trim().trim_matches('`');
            assert_eq!(told, default.join(","), "the default of --{long} in README");
        }
    }
    for line in readme.lines().filter(|line| line.starts_with("| `--")) {
        let flag = line.split('`').nth(1).unwrap().trim_start_matches("--");
        assert!(serve.get_arguments().any(|arg| arg.get_long() == Some(flag)), "serve has no --{flag}");
    }
}

#[test]
fn the_metrics_table_lists_every_family() {
    let readme = readme();
    let families = smartserve::serve::metrics::METRICS;
    for family in &families {
        assert!(readme.contains(&format!("| `{}` |", family.name)), "README has no row for {}", family.name);
    }
    for line in readme.lines().filter(|line| line.starts_with("| `smartserve_")) {
        let name = line.split('`').nth(1).unwrap();
        assert!(families.iter().any(|family| family.name == name), "there is no metric {name}");
    }
}

#[test]
fn every_algorithm_is_named() {
    let readme = readme();
    for algorithm in Algorithm::ALL {
        assert!(readme.contains(&format!("`{algorithm}`")), "README does not name {algorithm}");
    }
}

#[test]
fn the_help_of_train_lists_every_hyperparameter_with_its_default() {
    let mut command = cli::command();
    let help = command.find_subcommand_mut("train").unwrap().render_long_help().to_string();
    for algorithm in Algorithm::ALL {
        let own: Vec<String> = OPTIONS
            .iter()
            .filter_map(|option| Some(format!("--{} {}", option.name, option.default_for(algorithm)?)))
            .collect();
        let is_row = |line: &&str| line.split_whitespace().next() == Some(algorithm.as_str()) && line.contains("--");
        let row = help.lines().find(is_row);
        match row {
            Some(row) => {
                for option in &own {
                    assert!(row.contains(option), "the help of {algorithm} does not say {option}: {row}");
                }
                assert_eq!(row.matches("--").count(), own.len(), "{row}");
            }
            None => assert!(own.is_empty(), "the help has no row for {algorithm}: {own:?}"),
        }
    }
}

#[test]
fn every_flag_has_an_environment_variable() {
    for verb in cli::command().get_subcommands() {
        for arg in verb.get_arguments().filter(|arg| arg.get_long().is_some()) {
            let long = arg.get_long().unwrap();
            let expected = cli::variable(long);
            assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(expected.as_str()), "--{long}");
        }
    }
}

#[test]
fn clap_finds_no_fault_with_the_command_line() {
    cli::command().debug_assert();
}

#[test]
fn the_help_of_train_tells_what_tuning_draws() {
    let mut command = cli::command();
    let help = command.find_subcommand_mut("train").unwrap().render_long_help().to_string();
    for (name, range) in OPTIONS.iter().flat_map(|o| o.search.iter().map(|search| (o.name, search.range))) {
        let rows = || help.lines().filter(|line| line.trim_start().starts_with(&format!("{name} ")));
        assert!(rows().any(|row| row.contains(range)), "the help does not say {name} {range}");
    }
}
