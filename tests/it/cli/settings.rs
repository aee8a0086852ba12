//! Settings: one that is empty, wrong or unknown is told, and all of them at once; addresses have short forms.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::support::path;
use crate::support::process::{BINARY, Server, run_with};

fn model() -> String {
    path("tests/fixtures/artifacts/boston-ridge.model").display().to_string()
}

/// Starts a server that cannot start; gives the exit code and what it says.
fn refused(variables: &[(&str, &str)], args: &[&str]) -> (i32, String) {
    let ran = run_with(variables, &[&["serve", "--model", &model()], args].concat());
    (ran.code.unwrap(), ran.err)
}

#[test]
fn an_empty_variable_is_refused() {
    for name in ["SMARTSERVE_TOKEN_FILE", "SMARTSERVE_MODELS", "SMARTSERVE_BIND", "SMARTSERVE_NO_UI", "SMARTSERVE_DROP"]
    {
        for value in ["", "  "] {
            let (code, said) = refused(&[(name, value)], &[]);
            assert_eq!((code, said), (78, format!("smartserve: {name} is empty; give it a value or unset it\n")));
        }
    }
    for name in ["PORT", "AIP_HTTP_PORT", "AIP_PREDICT_ROUTE", "AIP_HEALTH_ROUTE"] {
        let (code, said) = refused(&[(name, "")], &[]);
        assert_eq!(code, 78, "{said}");
        assert!(said.starts_with(&format!("smartserve: {name} is \"\", expected")), "{said}");
    }
}

#[test]
fn an_empty_flag_is_refused() {
    for flag in ["--token-file", "--models", "--default-model", "--bind", "--max-rows", "--log-level", "--model"] {
        let (code, said) = refused(&[], &[flag, ""]);
        assert_eq!((code, said), (2, format!("smartserve: {flag} is empty; give it a value or leave it out\n")));
    }
    let ran = run_with(&[], &["train", "--data", "x.csv", "--target", "", "-o", "x.model"]);
    assert_eq!((ran.code, ran.err.contains("--target is empty")), (Some(2), true), "{}", ran.err);
}

#[test]
fn a_variable_of_no_flag_is_refused() {
    let (code, said) = refused(&[("SMARTSERVE_TOKENFILE", "/tokens")], &[]);
    assert_eq!(code, 78);
    assert_eq!(
        said,
        "smartserve: SMARTSERVE_TOKENFILE is the variable of no flag; did you mean SMARTSERVE_TOKEN_FILE?\n"
    );
    // One that is near to none of the command's own is near to none.
    for name in ["SMARTSERVE_BOGUS", "SMARTSERVE_FOLD"] {
        let said = refused(&[(name, "1")], &[]).1;
        assert_eq!(said, format!("smartserve: {name} is the variable of no flag; unset it\n"));
    }
}

#[test]
fn what_looks_like_a_variable_of_kubernetes_is_refused() {
    let slips = [
        ("SMARTSERVE_PORT", "tok"),
        ("SMARTSERVE_PORTTOKEN", "tok"),
        ("SMARTSERVE_PORT_TOKEN_FILE", "tok"),
        ("SMARTSERVE_SERVICE_TOKEN_FILE", "tok"),
        ("SMARTSERVE_TOKEN_FILE_SERVICE_HOST", "tok"),
        ("SMARTSERVE_SERVICE_PORT_TOKEN_FILE", "tok"),
    ];
    let (code, said) = refused(&slips, &[]);
    assert_eq!((code, said.lines().count()), (78, slips.len()), "{said}");
}

#[test]
fn kubernetes_variables_are_left_alone() {
    let injected = [
        ("SMARTSERVE_PORT", "tcp://10.0.0.1:80"),
        ("SMARTSERVE_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("SMARTSERVE_SERVICE_HOST", "10.0.0.1"),
        ("SMARTSERVE_SERVICE_PORT_HTTP", "80"),
        ("SMARTSERVE_CANARY_SERVICE_HOST", "10.0.0.2"),
        ("SMARTSERVE_CANARY_SERVICE_PORT", "80"),
        ("SMARTSERVE_CANARY_PORT", "tcp://10.0.0.2:80"),
        ("SMARTSERVE_CANARY_PORT_80_TCP", "tcp://10.0.0.2:80"),
    ];
    let set: String = injected.iter().map(|(name, value)| format!("export {name}={value};")).collect();
    Server::start_by_shell(&set, Stdio::null(), &["--model", &model()]);
}

#[test]
fn all_wrong_settings_are_told_at_once() {
    let (code, said) = refused(&[("SMARTSERVE_LOG_LEVEL", "infos")], &["--max-rows", "0", "--idle-timeout", "10"]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!((code, lines.len()), (78, 3), "{said}");
    assert!(said.contains("smartserve: --max-rows \"0\": expected a whole number of at least 1\n"), "{said}");
    assert!(said.contains("smartserve: --idle-timeout \"10\": expected a time such as 250ms or 10s\n"), "{said}");
    assert!(said.contains("smartserve: SMARTSERVE_LOG_LEVEL \"infos\": did you mean info? expected one of"), "{said}");

    let wrong = ["--lame-duck", "20s", "--token-file", "nowhere.txt", "--model", "a b=x.model"];
    let (code, said) = refused(&[("AIP_HEALTH_ROUTE", "health"), ("PORT", "http")], &wrong);
    assert_eq!((code, said.lines().count()), (78, 5), "{said}");
    for words in ["--hard-stop", "nowhere.txt", "\"a b\"", "AIP_HEALTH_ROUTE", "PORT is \"http\""] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (code, said) = refused(&[], &["--model", "one.model", "--model", "two.model"]);
    assert_eq!((code, said.lines().count()), (66, 2), "{said}");
}

#[test]
fn a_port_that_is_none_is_told_where_it_does_not_count_too() {
    let typed: [&[&str]; 2] = [&[], &["--bind", "127.0.0.1:0"]];
    for args in typed {
        let (code, said) = refused(&[("PORT", "99999")], args);
        assert_eq!((code, said.as_str()), (78, "smartserve: PORT is \"99999\", expected a number from 0 to 65535\n"));
        let (code, said) = refused(&[("PORT", "0"), ("AIP_HTTP_PORT", "http")], args);
        assert_eq!((code, said.lines().count(), said.contains("AIP_HTTP_PORT is \"http\"")), (78, 1, true), "{said}");
    }
    let ran = run_with(&[("PORT", "http")], &["healthcheck", "http://127.0.0.1:1/readyz"]);
    assert_eq!(ran.code, Some(78), "{}", ran.err);
}

#[test]
fn a_model_over_the_limit_is_refused() {
    for limit in [&["--max-model-bytes", "1KiB"][..], &[]] {
        let variables: &[(&str, &str)] = if limit.is_empty() { &[("SMARTSERVE_MAX_MODEL_BYTES", "1KiB")] } else { &[] };
        let (code, said) = refused(variables, limit);
        assert_eq!((code, said.contains("bytes are more than 1024, the most that is read")), (65, true), "{said}");
    }
}

#[test]
fn addresses_have_short_forms() {
    for short in ["localhost:0", ":0", "127.0.0.1:0"] {
        let server = Server::start(&["--model", &model(), "--admin-bind", short]);
        assert!(server.address.ip().is_loopback());
    }
    for (wrong, example) in [
        ("8000", "for loopback write :8000, for all interfaces 0.0.0.0:8000"),
        ("server:8000", "such as 127.0.0.1:8000"),
        ("127.0.0.1", "such as 127.0.0.1:8000"),
    ] {
        let (code, said) = refused(&[], &["--bind", wrong]);
        assert_eq!((code, said.lines().count()), (2, 1), "{said}");
        assert!(said.starts_with(&format!("smartserve: --bind \"{wrong}\": ")) && said.contains(example), "{said}");
    }
}

#[test]
fn the_start_says_whether_tokens_are_asked() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "# of the team\nsecret\n").unwrap();
    let mut open = Server::start(&["--model", &model()]);
    assert!(open.wait_for("no authentication; --token-file").pop().unwrap().contains("INFO"));
    let mut locked = Server::start(&["--model", &model(), "--token-file", file.path().to_str().unwrap()]);
    assert!(locked.wait_for("bearer tokens are required: 1 in").pop().unwrap().contains("\"tokens\":1"));
    let mut everywhere = Command::new(BINARY)
        .args(["serve", "--model", &model(), "--bind", "0.0.0.0:0", "--log-format", "human"])
        .args(["--admin-bind", "0.0.0.0:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(everywhere.stdout.take().unwrap()).lines();
    let mut warnings = lines.map(Result::unwrap).filter(|line| line.contains(" WARN "));
    let (warned, of_admin) = (warnings.next().unwrap(), warnings.next().unwrap());
    everywhere.kill().unwrap();
    everywhere.wait().unwrap();
    assert!(warned.ends_with(
        "no authentication, listening on all interfaces (0.0.0.0): anyone who can reach the port can send requests"
    ));
    let everybody = "on all interfaces (0.0.0.0): anyone who can reach the port can load and unload models";
    assert!(of_admin.ends_with(&format!("no authentication on the admin listener, {everybody}")), "{of_admin}");
    // Not on a terminal: no colours.
    assert!(!warned.contains('\u{1b}'), "{warned}");
}
