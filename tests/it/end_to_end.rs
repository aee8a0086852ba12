//! The program as people use it: train from a CSV, serve on a real port, ask over real sockets, stop with a signal.

use crate::support::path;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::process::{BINARY, Server};
use serde_json::{Value, json};

fn run(args: &[&str]) -> Output {
    Command::new(BINARY).current_dir(path("")).args(args).stdin(Stdio::null()).output().unwrap()
}

fn train(directory: &Path, data: &str, target: &str, more: &[&str]) -> String {
    let model = directory.join(format!("{data}.model")).display().to_string();
    let data = format!("data/{data}.csv");
    let output = run(&[&["train", "--data", &data, "--target", target, "-o", &model], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    model
}

fn house(rm: f64, lstat: f64) -> Value {
    json!({"CHAS": 0, "RM": rm, "TAX": 296, "PTRATIO": 15.3, "B": 396.9, "LSTAT": lstat})
}

const SIX: [&str; 2] = ["--features", "CHAS,RM,TAX,PTRATIO,B,LSTAT"];

#[test]
fn rows_are_answered_alike_in_any_batch() {
    let directory = tempfile::tempdir().unwrap();
    for algorithm in ["extra-trees", "gradient-boosting", "ridge"] {
        let model = train(directory.path(), "boston", "MEDV", &[&SIX[..], &["--algorithm", algorithm]].concat());
        let server = Server::start(&["--model", &model]);
        let alone: Vec<Value> =
            [house(6.575, 4.98), house(6.421, 9.14)].iter().map(|row| server.predict(row)[0].clone()).collect();
        assert_ne!(alone[0], alone[1], "{algorithm}: every row gets the same answer");
        let crowd: Vec<Value> = (0..1000)
            .map(|i| match i {
                17 => house(6.575, 4.98),
                901 => house(6.421, 9.14),
                _ => house(4.0 + f64::from(i) / 250.0, 2.0 + f64::from(i % 35)),
            })
            .collect();
        let together = server.predict(&Value::Array(crowd));
        assert_eq!(together.as_array().unwrap().len(), 1000);
        assert_eq!((&together[17], &together[901]), (&alone[0], &alone[1]), "{algorithm}");
        let reordered = r#"{"LSTAT":4.98,"B":396.9,"PTRATIO":15.3,"TAX":296,"RM":6.575,"CHAS":0}"#;
        let (_, answer) = server.ask("POST", "/predict", reordered);
        assert_eq!(answer["prediction"][0], alone[0], "{algorithm}: the order of columns matters");
    }
}

#[test]
fn predict_and_http_give_the_same_text() {
    let directory = tempfile::tempdir().unwrap();
    let model = train(directory.path(), "iris", "species", &["--algorithm", "random-forest", "--trees", "20"]);
    let rows = directory.path().join("rows.csv");
    std::fs::write(&rows, "id,petal_width,sepal_length,sepal_width,petal_length\na,0.2,5.1,3.5,1.4\n").unwrap();
    let scored = run(&["predict", "--model", &model, "--input", rows.to_str().unwrap()]);
    let scored = String::from_utf8(scored.stdout).unwrap();
    let server = Server::start(&["--model", &model]);
    let row = json!({"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2});
    let (_, answer) = server.ask("POST", "/predict", &row.to_string());
    let class = answer["prediction"][0].as_str().unwrap();
    let p = &answer["probability"][0];
    let expected = format!(
        "id,petal_width,sepal_length,sepal_width,petal_length,prediction,probability_setosa,probability_versicolor,\
         probability_virginica\na,0.2,5.1,3.5,1.4,{class},{},{},{}\n",
        p["setosa"], p["versicolor"], p["virginica"]
    );
    assert_eq!(scored, expected);
}

#[test]
fn a_second_signal_ends_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let model = train(directory.path(), "boston", "MEDV", &["--algorithm", "linear"]);
    let mut drained = Server::start(&["--model", &model, "--lame-duck", "200ms", "--hard-stop", "5s"]);
    drained.signal("TERM");
    drained.wait_for("draining");
    let (status, _) = drained.ask("GET", "/readyz", "");
    assert_eq!(status, 503);
    assert_eq!(drained.child.wait().unwrap().code(), Some(0));
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut hurried = Server::start(&["--model", &model]);
        hurried.signal("TERM");
        hurried.wait_for("draining");
        hurried.signal(signal);
        assert_eq!(hurried.child.wait().unwrap().code(), Some(code), "a second {signal}");
    }
}

#[test]
fn an_unread_log_delays_no_answer() {
    let directory = tempfile::tempdir().unwrap();
    let model = train(directory.path(), "boston", "MEDV", &["--algorithm", "ridge"]);
    let server = Server::start(&["--model", &model]);
    // More than the queue and a pipe hold: 8,192 lines and 64 KiB. Nobody has read the log since it said it listens.
    let mut stream = BufReader::new(TcpStream::connect(server.address).unwrap());
    for _ in 0..100 {
        stream.get_mut().write_all(&b"GET /models HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100)).unwrap();
        let mut answered = 0;
        while answered < 100 {
            let mut line = String::new();
            assert_ne!(stream.read_line(&mut line).unwrap(), 0, "the connection was cut");
            // A body that ends without a line end is on the line of the next head.
            answered += usize::from(line.contains("HTTP/1.1 200 "));
        }
    }
    let (_, metrics) = server.ask("GET", "/metrics", "");
    let metrics = metrics.as_str().unwrap();
    let dropped = metrics.lines().find_map(|line| line.strip_prefix("smartserve_log_lines_dropped_total "));
    assert!(dropped.is_some_and(|n| n.parse::<u32>().unwrap() > 500), "{dropped:?}");
}

#[test]
fn failures_at_start_have_exit_codes() {
    let directory = tempfile::tempdir().unwrap();
    let model = train(directory.path(), "boston", "MEDV", &["--algorithm", "linear"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let broken = directory.path().join("broken.model").display().to_string();
    std::fs::write(&broken, b"not a model").unwrap();
    let cases: [(&[&str], i32, &str); 9] = [
        (&["--model", "missing.model"], 66, "missing.model"),
        (&["--model", &broken], 65, "broken.model"),
        (&["--model", &model, "--model", &model], 78, "both called"),
        (&["--model", &model, "--default-model", "nobody"], 78, "nobody"),
        (&["--model", "a b=x.model"], 78, "name"),
        (&["--model", &model, "--lame-duck", "20s"], 78, "--hard-stop"),
        (&["--model", &model, "--token-file", "missing.txt"], 78, "missing.txt"),
        (&["--model", &model, "--bind", &address], 1, "address in use"),
        (&["--model", &model, "--bind", "server:80"], 2, "--bind"),
    ];
    for (args, code, words) in cases {
        let output = run(&[&["serve"], args].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
        assert!(code == 2 || said.lines().count() == 1, "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{args:?}: {said}");
    }
}

#[test]
fn the_port_comes_from_flag_or_variables() {
    let directory = tempfile::tempdir().unwrap();
    let model = train(directory.path(), "boston", "MEDV", &["--algorithm", "linear"]);
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let (port, other) = (free(), free());
    let bind = format!("127.0.0.1:{other}");
    let serve = |args: &[&str], variables: &[(&str, &str)]| -> String {
        let mut child = Command::new(BINARY)
            .args([&["serve", "--model", &model], args].concat())
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        line["address"].as_str().unwrap().to_owned()
    };
    assert_eq!(serve(&[], &[("SMARTSERVE_BIND", &bind)]), bind);
    assert_eq!(serve(&[], &[("SMARTSERVE_BIND", &bind), ("PORT", &port)]), format!("127.0.0.1:{port}"));
    assert_eq!(serve(&["--bind", &bind], &[("PORT", &port)]), bind);
    // Kubernetes sets such variables for a service called smartserve: they mean nothing here.
    assert_eq!(serve(&["--bind", &bind], &[("SMARTSERVE_PORT", "tcp://10.0.0.1:80")]), bind);
    let refused = run(&["serve", "--model", &model, "--max-rows", "0"]);
    assert_eq!(refused.status.code(), Some(2), "typed");
    let refused =
        Command::new(BINARY).args(["serve", "--model", &model]).env("SMARTSERVE_MAX_ROWS", "0").output().unwrap();
    assert_eq!(refused.status.code(), Some(78), "set by the environment");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("SMARTSERVE_MAX_ROWS"));
}

#[test]
fn healthcheck_reads_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let model = train(directory.path(), "boston", "MEDV", &["--algorithm", "linear"]);
    let server = Server::start(&["--model", &model]);
    let port = server.address.port().to_string();
    let check = |variables: &[(&str, &str)], args: &[&str]| {
        let mut command = Command::new(BINARY);
        command.arg("healthcheck").args(args).envs(variables.iter().copied());
        command.output().unwrap().status.code()
    };
    assert_eq!(check(&[("PORT", &port)], &[]), Some(0));
    assert_eq!(check(&[("SMARTSERVE_BIND", &format!("0.0.0.0:{port}"))], &[]), Some(0));
    assert_eq!(check(&[], &[&format!("http://127.0.0.1:{port}/livez")]), Some(0));
    assert_eq!(check(&[], &[&format!("http://127.0.0.1:{port}/nowhere")]), Some(1));
    assert_eq!(check(&[], &["ftp://x"]), Some(78));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    assert_eq!(check(&[("PORT", &port)], &[]), Some(1), "nobody listens");
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn the_allocator_is_set_unless_told() {
    use crate::support::process::environment_of;

    let directory = tempfile::tempdir().unwrap();
    let model = train(directory.path(), "boston", "MEDV", &["--algorithm", "linear"]);
    let server = Server::start(&["--model", &model]);
    // The process that was started: service managers know it by its number.
    let environment = environment_of(&server.child);
    assert!(environment.contains("GLIBC_TUNABLES=glibc.malloc.mmap_threshold=262144"), "{environment}");
    assert!(!environment.contains("hugetlb"), "{environment}");
    let mut child = Command::new(BINARY)
        .args(["serve", "--bind", "127.0.0.1:0", "--log-format", "json", "--model", &model])
        .env("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=1048576")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    let environment = environment_of(&child);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(environment.contains("threshold=1048576") && !environment.contains("262144"), "{environment}");
}
