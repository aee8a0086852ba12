//! PROMISES.md and docs/security.md name no test, no command and no file that does not exist; a promise that nothing
//! enforces says so.

use std::fs;
use std::path::Path;

const NOTHING: &str = "no test yet";

fn file(relative: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(relative);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// What enforces each promise: the middle cell of each row.
fn enforcers(text: &str) -> Vec<&str> {
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| promise |");
    let middle = |line| {
        let cells: Vec<&str> = str::split(line, " | ").collect();
        let [_, middle, figure] = cells[..] else { panic!("not three cells: {line}") };
        assert!(figure.trim_end_matches(" |").len() > 1, "no figure: {line}");
        middle
    };
    text.lines().filter(is_row).map(middle).collect()
}

/// What stands between backticks.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Says what is wrong with a name, if anything is.
fn fault(name: &str) -> Option<String> {
    if let Some((path, test)) = name.split_once("::") {
        let is_there = file(path).contains(&format!("fn {test}("));
        return (!is_there).then(|| format!("{path} has no test {test}"));
    }
    let Some(words) = name.strip_prefix("make ") else { return Some(format!("neither a test nor a target: {name}")) };
    let (target, variables) = words.split_once(' ').unwrap_or((words, ""));
    if !file("Makefile").lines().any(|line| line.starts_with(&format!("{target}:"))) {
        return Some(format!("the Makefile has no target {target}"));
    }
    let scenario = variables.strip_prefix("SCENARIOS=")?;
    let is_there = file("tests/promises/main.rs").contains(&format!("(\"{scenario}\", "));
    (!is_there).then(|| format!("there is no scenario {scenario}"))
}

#[test]
fn promises_name_what_exists() {
    let text = file("PROMISES.md");
    let enforcers = enforcers(&text);
    assert!(enforcers.len() > 20, "{} promises", enforcers.len());
    for cell in enforcers {
        let names = names(cell);
        assert_ne!(names.is_empty(), cell != NOTHING, "{cell}: names a test, or says {NOTHING:?}");
        let faults: Vec<String> = names.into_iter().filter_map(fault).collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn security_names_what_exists() {
    let text = file("docs/security.md");
    let is_row = |line: &&str| line.split(" | ").count() == 2 && !line.starts_with("| line |");
    let rows: Vec<&str> = text.lines().filter(is_row).collect();
    assert!(rows.len() > 40, "{} lines", rows.len());
    for row in rows {
        let names = names(row.rsplit_once(" | ").unwrap().1);
        assert!(!names.is_empty(), "{row}: names nothing that holds it");
        let is_file = |name: &&str| Path::new(env!("CARGO_MANIFEST_DIR")).join(name).is_file();
        let faults: Vec<String> = names.into_iter().filter(|name| !is_file(name)).filter_map(fault).collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn a_name_of_nothing_is_found_out() {
    for name in [
        "tests/it/serve/drain.rs::no_such_test",
        "make no-such-target",
        "make promises SCENARIOS=no-such-scenario",
        "cargo test",
    ] {
        assert!(fault(name).is_some(), "{name}");
    }
    assert_eq!(fault("make promises SCENARIOS=drain"), None);
}
