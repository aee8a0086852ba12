//! What a person sees on a terminal: colours, the progress bar (elsewhere lines), nothing that a file could make the terminal do.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::path;
use crate::support::process::{BINARY, run_with};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use smartserve::cli;
use smartserve::commands::progress::FitProgress;
use smartserve::train::Progress as _;

/// A terminal: what a person reads from, and what a program writes to.
fn terminal() -> (File, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (File::from(master), slave)
}

/// Everything that is shown until the last writer has gone, or until `enough` says so.
fn shown(mut terminal: File, enough: impl Fn(&str) -> bool) -> String {
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    // A terminal without writers ends in an error.
    while let Ok(n @ 1..) = terminal.read(&mut buffer) {
        text.extend_from_slice(&buffer[..n]);
        if enough(&String::from_utf8_lossy(&text)) {
            break;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn no_color_is_honoured_on_a_terminal() {
    let model = path("tests/fixtures/artifacts/boston-ridge.model");
    for (value, coloured) in [("1", false), ("", true)] {
        let (screen, end) = terminal();
        let mut server = Command::new(BINARY)
            .args(["serve", "--bind", "127.0.0.1:0", "--model"])
            .arg(&model)
            .env("NO_COLOR", value)
            .stdout(Stdio::from(end))
            .spawn()
            .unwrap();
        let text = shown(screen, |text| text.contains("serving ridge version"));
        server.kill().unwrap();
        server.wait().unwrap();
        assert!(text.contains(" INFO") && !text.contains('{'), "{text}");
        assert_eq!(text.contains("\u{1b}[32m INFO\u{1b}[0m"), coloured, "{text}");
        assert_eq!(text.contains('\u{1b}'), coloured, "{text}");
    }
}

#[test]
fn the_bar_says_which_fit_it_is_at() {
    let directory = tempfile::tempdir().unwrap();
    let (screen, end) = terminal();
    let reader = std::thread::spawn(move || shown(screen, |_| false));
    let done = Command::new(BINARY)
        .current_dir(path(""))
        .args(["train", "--data", "data/boston.csv", "--target", "MEDV", "--algorithm", "random-forest"])
        .args(["--trees", "300", "--folds", "4", "-o"])
        .arg(directory.path().join("m.model"))
        .stdout(Stdio::null())
        .stderr(Stdio::from(end))
        .status()
        .unwrap();
    assert!(done.success());
    let text = reader.join().unwrap();
    assert!(text.contains(" of 5 fits, ") && text.contains("fitting random-forest, "), "{text}");
}

#[test]
fn without_a_terminal_there_are_lines() {
    let (sender, lines) = std::sync::mpsc::channel();
    let progress = FitProgress::lines(Duration::from_millis(1), move |line| {
        let _ = sender.send(line.to_owned());
    });
    progress.begin(110);
    progress.began("random-forest, fold 3 of 10");
    assert_eq!(lines.recv().unwrap(), "0 of 110 fits, 0 s: fitting random-forest, fold 3 of 10");
    progress.fitted();
    progress.given_up(10);
    progress.began("random-forest, fold 4 of 10");
    assert!(lines.iter().any(|line| line.starts_with("1 of 100 fits, ") && line.ends_with(", fold 4 of 10")));
    // The writer ends with it: there is no other sender.
    drop(progress);
    assert!(lines.iter().all(|line| line.contains("fits, ")));
}

#[test]
fn examples_of_help_fit_a_terminal() {
    fn check(command: &clap::Command) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples = help.lines().skip_while(|line| !line.ends_with(':')).filter(|line| line.contains("smartserve "));
        for line in examples {
            assert!(line.chars().count() <= 80, "{line}");
        }
        for line in help.lines().filter(|line| line.ends_with('\\')) {
            assert!(line.chars().count() <= 80, "{line}");
        }
        command.get_subcommands().for_each(check);
    }
    check(&cli::command());
}

#[test]
fn paragraphs_of_help_are_wrapped_by_the_terminal_alone() {
    fn check(command: &clap::Command) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for two in help.lines().collect::<Vec<_>>().windows(2) {
            let is_apart = |line: &str| line.is_empty() || line.starts_with(' ');
            assert!(two.iter().any(|line| is_apart(line)) || two[0].ends_with(':'), "{}: {two:?}", command.get_name());
        }
        command.get_subcommands().for_each(check);
    }
    check(&cli::command());
}

#[test]
fn only_flags_of_other_libraries_stand_under_their_heading() {
    let command = cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let under = serve.get_arguments().filter(|arg| arg.get_help_heading() == Some("Models of other libraries"));
    let flags: Vec<_> = under.filter_map(clap::Arg::get_long).collect();
    assert_eq!(flags, ["answer", "iterations", "zero-as-missing"]);
}

#[test]
fn nothing_in_a_file_steers_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let evil = "a\u{1b}]0;owned\u{7}\u{202e}b\u{9b}31m";
    let (data, model) = (directory.path().join("t.csv"), directory.path().join("m.model"));
    let rows: String = (0..40).map(|i| format!("{i},\"{}\nk\u{1b}[2J\",{}\n", i % 2, i * 2)).collect();
    std::fs::write(&data, format!("{evil},\"k\nl\",y\n{rows}")).unwrap();
    let (data, model) = (data.to_str().unwrap(), model.to_str().unwrap());
    let train = ["train", "--data", data, "--target", "y", "--algorithm", "linear", "--description", evil, "-o", model];
    let commands: [&[&str]; 6] = [
        &[&train[..], &["--sensitive", "\"k\nl\""]].concat(),
        &["inspect", model],
        &["inspect", "--json", model],
        &["verify", model],
        &["verify", evil],
        &["openapi", "--model", model],
    ];
    for args in commands {
        let ran = run_with(&[], args);
        let text = ran.out + &ran.err;
        let hidden = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(hidden), "{args:?}: {text:?}");
        assert!(text.contains("\\u") || args[0] == "verify", "{args:?}: {text}");
    }
    let inspected = run_with(&[], &["inspect", model]).out;
    // Among the features, and among those that matter.
    assert_eq!(inspected.lines().filter(|line| line.starts_with("k\\nl ")).count(), 2, "{inspected}");
    assert_eq!(run_with(&[], &["verify", evil]).err.lines().count(), 1);
    let json: serde_json::Value = serde_json::from_str(&run_with(&[], &["inspect", "--json", model]).out).unwrap();
    assert_eq!(json["description"], evil);
}

#[test]
fn the_name_of_a_file_makes_no_line_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let name = at("a\nsmartserve: b.model: sound\nz.model");
    let data = path("data/boston.csv").to_str().unwrap().to_owned();
    let source = crate::import::cases::Case::all("xgb-sqerr", &["ubj"]).remove(0).files.remove(0);
    let source = source.to_str().unwrap();
    let train = ["train", "--data", &data, "--target", "MEDV", "--algorithm", "ridge", "--folds", "0", "--name", "m"];
    let with_output = format!("--output={name}");
    let (model, table) = (path("tests/fixtures/artifacts/boston-ridge.model"), format!("{name}.csv"));
    std::fs::copy(path("data/boston.csv"), &table).unwrap();
    let model = model.to_str().unwrap();
    let commands: [&[&str]; 11] = [
        &["verify", model, "--input", &table, "--expect", "MEDV"],
        &["drift", "--model", model, "--input", &table],
        &["replay", "--model", model, "--against", model, "--input", &table],
        &["audit", "--model", model, "--input", &table, "--target", "MEDV", "--by", "CHAS"],
        &[&train[..], &["-o", &name]].concat(),
        &["import", source, "-o", &name],
        &["import", source, &with_output, "--data", &name],
        &["inspect", source, &name],
        &["inspect", &name],
        &["verify", &name],
        &["predict", "--model", source, "--input", &data, &format!("--raw={name}")],
    ];
    for args in commands {
        let ran = run_with(&[], args);
        let said = ran.out + &ran.err;
        assert!(!said.contains("\nsmartserve: b.model: sound") && !said.contains("\nz.model"), "{args:?}: {said}");
        assert!(said.contains("a\\nsmartserve: b.model") || args.len() == 2, "{args:?}: {said}");
    }
}
