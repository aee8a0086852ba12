//! A server on a Unix socket: its permissions, its predecessor's file, a healthcheck, its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::process::{BINARY, run_with};
use crate::support::router::artifacts;

/// Starts a server on `bind`; gives its log up to the line that says where it listens, or to its end.
fn start(model: &Path, bind: &str) -> (Child, String) {
    let mut command = Command::new(BINARY);
    command.args(["serve", "--log-format", "json", "--lame-duck", "1ms", "--bind", bind, "--model"]).arg(model);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut log, mut said) = (BufReader::new(child.stdout.take().unwrap()), String::new());
    while !said.contains("listening on") && log.read_line(&mut said).unwrap() > 0 {}
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    (child, said)
}

fn ask(path: &Path, body: &str) -> String {
    let mut socket = UnixStream::connect(path).unwrap();
    let n = body.len();
    write!(
        socket,
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_answers_for_its_owner_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (model, path) = (folder.path().join("line.model"), folder.path().join("s.sock"));
    std::fs::write(&model, &artifacts()[1].1).unwrap();
    let bind = format!("unix:{}", path.display());
    // A socket that its server has left behind is replaced.
    drop(UnixListener::bind(&path).unwrap());
    let (mut child, said) = start(&model, &bind);
    assert!(said.contains(&format!("listening on {bind}")), "{said}");
    let about = std::fs::symlink_metadata(&path).unwrap();
    assert!(about.file_type().is_socket());
    assert_eq!(about.permissions().mode() & 0o777, 0o660);
    let answer = ask(&path, "{\"x\":[2,3]}");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"prediction\":["), "{answer}");
    let health = run_with(&[("SMARTSERVE_BIND", &bind), ("PORT", "1")], &["healthcheck"]);
    assert_eq!((health.code, health.out), (Some(0), format!("{bind}, /readyz: 200\n")), "{}", health.err);
    // One that is listened on is not.
    let second = run_with(&[], &["serve", "--bind", &bind, "--model", &model.display().to_string()]);
    assert_eq!(second.code, Some(1));
    assert!(format!("{}{}", second.out, second.err).contains("another process listens there"), "{second:?}");
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn what_is_no_socket_stays_and_paths_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (model, path) = (folder.path().join("line.model"), folder.path().join("notes.txt"));
    std::fs::write(&model, &artifacts()[1].1).unwrap();
    std::fs::write(&path, "mine").unwrap();
    let model = model.display().to_string();
    let serve = |bind: &str| {
        let ran = run_with(&[], &["serve", "--bind", bind, "--model", &model]);
        (ran.code.unwrap(), format!("{}{}", ran.out, ran.err))
    };
    let (code, said) = serve(&format!("unix:{}", path.display()));
    assert_eq!((code, said.contains("it is there and no socket")), (1, true), "{said}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    let (code, said) = serve("unix:relative.sock");
    assert_eq!((code, said.contains("such as unix:/run/smartserve.sock")), (2, true), "{said}");
    let (code, said) = serve(&format!("unix:/{}", "long".repeat(40)));
    assert_eq!((code, said.contains("the path is too long")), (1, true), "{said}");
    let (code, said) = serve("unix:/no/such/place.sock");
    assert_eq!((code, said.contains("there is no such directory")), (1, true), "{said}");
}
