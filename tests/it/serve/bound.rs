//! The memory that is promised at start, and a process that stays below it.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rustix::net::sockopt::set_socket_recv_buffer_size;
use serde_json::Value;
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::model::algorithm::Algorithm;
use smartserve::model::neutral::{Neutral, Node, Predictor, Tree};
use smartserve::serve::ServerState;
use smartserve::serve::memory_estimate::MemoryEstimate;

use crate::support::artifact::{Parts, seal};
use crate::support::model_folder::one;
use crate::support::models::{Recipe, artifact};
use crate::support::process::{BINARY, SMALL, Server};
use crate::support::server::PATIENCE;

/// Columns of the wide model.
const WIDTH: usize = 5_000;

#[tokio::test]
async fn defaults_stay_below_136_mib() {
    let recipe = Recipe { data: "boston.csv", target: "MEDV", algorithm: Algorithm::RandomForest, trees: Some(30) };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), artifact(recipe, "boston", 1)).unwrap();
    let limits = Limits { compute_threads: 1, ..Limits::default() };
    let server = ServerState::new(Vec::new(), limits, ExtraFeatures::Reject);
    server.reloader.open(&one(file.path())).unwrap();
    let served = server.registry.get("m").unwrap();
    assert!(served.model.header().payload.bytes > 400_000, "{}", served.model.header().payload.bytes);
    let bound = MemoryEstimate::of(&server, 2);
    assert_eq!(bound.total(), bound.parts.iter().map(|(_, bytes)| *bytes).sum::<usize>());
    assert!(bound.total() <= 136 << 20, "{bound}");
    assert!(bound.to_string().contains("MiB: requests in flight 64.0, pages "), "{bound}");
}

/// A model of [`WIDTH`] columns, trained once; its folder stays until the tests have ended.
fn wide() -> &'static Path {
    static WIDE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, model) = WIDE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (data, model) = (folder.path().join("wide.csv"), folder.path().join("wide.model"));
        let mut csv: String = (0..WIDTH).map(|column| format!("c{column},")).collect::<String>() + "y\n";
        for row in 0..100_usize {
            (0..WIDTH).for_each(|column| write!(csv, "{}.{:03},", row % 7, (row * 7_919 + column * 31) % 997).unwrap());
            writeln!(csv, "{}", row % 7).unwrap();
        }
        std::fs::write(&data, csv).unwrap();
        let words = ["--target", "y", "--algorithm", "decision-tree", "--folds", "0", "--data"];
        let trained = Command::new(BINARY).arg("train").args(words).arg(&data).arg("-o").arg(&model).output().unwrap();
        assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
        (folder, model)
    });
    model
}

/// A connection that asks for a page, with room for little of it.
fn ask_for(server: &Server, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).unwrap();
    set_socket_recv_buffer_size(&socket, 4 << 10).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    socket
}

/// The status of an answer, of which no more is read.
fn status(socket: &mut TcpStream) -> u16 {
    let mut start = [0; 12];
    socket.read_exact(&mut start).unwrap();
    String::from_utf8_lossy(&start[9..]).parse().unwrap()
}

#[test]
fn pages_that_nobody_reads_stay_below_the_bound() {
    const READERS: usize = 150;
    let mut server = Server::start(&["--model", wide().to_str().unwrap()]);
    let bound = server.bound();
    for path in ["/openapi.json", "/models/wide", "/metrics", "/", "/v2/models/wide"] {
        let mut readers: Vec<_> = (0..READERS).map(|_| ask_for(&server, path)).collect();
        let statuses: Vec<u16> = readers.iter_mut().map(status).collect();
        assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{path}: {statuses:?}");
        assert!(statuses.contains(&200), "{path}: {statuses:?}");
        assert!(server.highest() <= bound, "{path}: {} bytes of {bound}", server.highest());
    }
    // What they held is free again.
    assert_eq!(server.ask("GET", "/models/wide", "").0, 200);
}

#[test]
fn those_who_ask_at_once_share_one_document() {
    const READERS: usize = 24;
    let mut server = Server::start(&["--model", wide().to_str().unwrap(), "--admission-wait", "1m"]);
    let _ = server.bound();
    let document = server.ask("GET", "/models/wide", "").1.to_string().len() as u64;
    let before = server.highest();
    let mut readers: Vec<_> = (0..READERS).map(|_| ask_for(&server, "/openapi.json")).collect();
    assert!(readers.iter_mut().all(|reader| status(reader) == 200));
    // A document, longer than the page, its gzipped form and what is in memory while it is made: not one each.
    let more = server.highest() - before;
    assert!(more < 5 * document, "{more} bytes for a page of {document}");
}

#[test]
fn a_wider_model_that_comes_later_changes_the_bound() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = crate::support::path("tests/fixtures/artifacts/boston-ridge.model");
    std::fs::copy(fixture, folder.path().join("boston.model")).unwrap();
    let mut server = Server::start(&["--models", folder.path().to_str().unwrap()]);
    let before = server.bound();
    std::fs::copy(wide(), folder.path().join("wide.new")).unwrap();
    std::fs::rename(folder.path().join("wide.new"), folder.path().join("wide.model")).unwrap();
    server.signal("HUP");
    // Told before the file is read, and again when its model is served.
    let lines = server.wait_for("serving wide version");
    let mut bounds =
        lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).unwrap()["bound_bytes"].as_u64());
    let after = bounds.next_back().unwrap();
    assert!(after > before + (16 << 20), "{before} {after}");
    assert_eq!(server.ask("GET", "/openapi.json", "").0, 200);
    assert!(server.highest() <= after);
}

/// Heads that take many times their length once they are read, and are refused at their end.
#[test]
fn a_file_that_is_refused_stays_below_the_bound() {
    const VALUES: usize = 1_000_000;
    let fixture = crate::support::path("tests/fixtures/artifacts/boston-ridge.model");
    let list = |value: &str| format!("[{}{value}]", format!("{value},").repeat(VALUES));
    let heads = [
        ("lists", format!("\"hyperparameters\":{{\"a\":{}}}", list("[0]"))),
        ("cells", format!("\"golden\":[{{\"row\":{},\"prediction\":0}}]", list("0"))),
        ("answers", format!("\"golden\":[{{\"prediction\":{},\"row\":[]}}]", list("0"))),
        ("texts", format!("\"source\":{{\"notes\":{}}}", list("\"a\""))),
        ("objects", format!("\"golden\":{}", list("{\"row\":[0],\"prediction\":0}"))),
    ];
    for (what, values) in heads {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("m.model");
        std::fs::copy(&fixture, &model).unwrap();
        let words = ["--model", model.to_str().unwrap(), "--reload-interval", "1h"];
        let mut server = Server::start(&[&words[..], &SMALL].concat());
        let head = format!("{{\"format\":\"smartserve/1\",\"smartcore\":\"0.7.0\",{values}}}");
        let (highest, bound) = server.memory_of_refusing(&model, &seal(head.as_bytes(), b""));
        assert!(highest <= bound, "{what}: {highest} bytes of {bound}");
    }
}

/// Trees of one leaf take 23 bytes in a file, and in memory ten times as many.
#[test]
fn an_artifact_of_many_trees_stays_below_the_bound() {
    const TREES: usize = 100_000;
    let fixture = crate::support::path("tests/fixtures/artifacts/boston-hist-gradient-boosting.model");
    let mut parts = Parts::of(&std::fs::read(&fixture).unwrap());
    let mut neutral = Neutral::from_section(parts.section("neutral")).unwrap();
    let Predictor::Forest(forest) = &mut neutral.predictor else { panic!("it is no forest") };
    forest.trees = vec![Tree { nodes: vec![Node::Leaf(0.0)], output: 0, weight: 1.0, cover: Vec::new() }; TREES];
    *parts.section("neutral") = neutral.to_section().unwrap();
    // It answers its golden rows otherwise.
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("m.model");
    std::fs::copy(&fixture, &model).unwrap();
    let words = ["--model", model.to_str().unwrap(), "--reload-interval", "1h"];
    let mut server = Server::start(&[&words[..], &SMALL].concat());
    parts.sections.retain(|(name, _)| name != "cover");
    parts.header["payload"]["sections"].as_array_mut().unwrap().retain(|section| section["name"] != "cover");
    let (highest, bound) = server.memory_of_refusing(&model, &parts.sealed());
    assert!(highest <= bound, "{highest} bytes of {bound}");
}
