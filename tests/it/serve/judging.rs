//! What is asked for while a model's file is judged. A long section that no reader needs makes that take long: its bytes
//! are hashed.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use rustix::fs::inotify;
use serde_json::json;
use tempfile::TempDir;

use crate::support::artifact::Parts;
use crate::support::model_folder::version;
use crate::support::process::Server;

/// Bytes of the section: a file that is unchanged is looked at in a hundredth of the time.
const LONG: usize = 64 << 20;

/// A valid artifact, other than `version(seed)`, that takes long to judge.
fn long(seed: u64) -> Vec<u8> {
    let mut parts = Parts::of(&version(seed));
    let sections = parts.header["payload"]["sections"].as_array_mut().unwrap();
    sections.push(json!({"name": "notes", "encoding": "none", "bytes": 0, "required": false}));
    parts.sections.push(("notes".to_owned(), vec![0; LONG]));
    parts.sealed()
}

/// The log's line once [`long`]'s third version is served.
fn served_third() -> String {
    let bytes = long(3);
    let version: String = bytes[bytes.len() - 32..][..6].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("serving slow version {version}")
}

/// A server of the models `quick` and `slow`, which looks at files when it is told to.
struct House {
    folder: TempDir,
    server: Server,
}

impl House {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let model = |name: &str| format!("{name}={}", path(name).display());
        ["quick", "slow"].iter().for_each(|name| fs::write(path(name), version(1)).unwrap());
        let words = ["--reload-interval", "1h", "--admin-bind", "127.0.0.1:0"];
        let server =
            Server::start(&[&["--model", &model("quick"), "--model", &model("slow")], &words[..], flags].concat());
        Self { folder, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn version(&self, name: &str) -> String {
        self.server.ask("GET", &format!("/models/{name}"), "").1["version"].as_str().unwrap().to_owned()
    }

    fn load(&mut self, name: &str, version: Option<&str>) -> (u16, serde_json::Value) {
        let body = version.map_or(json!({}), |version| json!({"parameters": {"version": version}}));
        self.server.ask_admin("POST", &format!("/v2/repository/models/{name}/load"), &body.to_string())
    }

    fn threads(&self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.server.child.id())).unwrap().count()
    }

    /// Asks for a load, and does not wait for the answer.
    fn begin_load(&mut self, name: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.server.admin()).unwrap();
        let line = format!("POST /v2/repository/models/{name}/load HTTP/1.1");
        write!(stream, "{line}\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        stream
    }

    /// Serves `slow`'s second version, then writes a third and waits until the server has read and begun to judge it.
    /// The versions: the first and the second.
    fn begin_to_judge(&mut self) -> (String, String) {
        let first = self.version("slow");
        fs::write(self.path("slow"), version(2)).unwrap();
        let second = self.load("slow", None).1["version"].as_str().unwrap().to_owned();
        assert_ne!(first, second);
        self.server.wait_for(&format!("serving slow version {second}"));
        write_whole(&self.path("slow"), &long(3));
        let events = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
        inotify::add_watch(&events, self.path("slow"), inotify::WatchFlags::CLOSE_NOWRITE).unwrap();
        self.server.signal("HUP");
        assert_ne!(File::from(events).read(&mut [0; 512]).unwrap(), 0);
        (first, second)
    }
}

/// As an operator does it: the name never stands for half a file.
fn write_whole(path: &Path, bytes: &[u8]) {
    let new = path.with_extension("new");
    fs::write(&new, bytes).unwrap();
    fs::rename(new, path).unwrap();
}

/// Tries until a request came while the file was judged: on a busy machine it may come later.
fn until_in_time(came_in_time: impl Fn() -> bool) {
    assert!((0..20).any(|_| came_in_time()), "the file was judged before the request came, twenty times");
}

const CHANGED: &str = "slow was changed by another request while its file was judged";

#[test]
fn another_model_is_loaded_while_a_file_is_judged() {
    until_in_time(|| {
        let mut house = House::new();
        let (_, second) = house.begin_to_judge();
        assert_eq!(house.load("quick", None).0, 200);
        if house.version("slow") != second {
            return false;
        }
        house.server.wait_for("serving slow version");
        assert_ne!(house.version("slow"), second);
        true
    });
}

#[test]
fn a_version_that_is_chosen_while_a_file_is_judged_stays() {
    until_in_time(|| {
        let mut house = House::new();
        let (first, _) = house.begin_to_judge();
        match house.load("slow", Some(&first)).0 {
            200 => {}
            // The third is served, and only the second is kept beside it.
            404 => return false,
            status => panic!("{status}"),
        }
        if !house.server.wait_for_one_of(&[CHANGED, &served_third()]).contains(CHANGED) {
            return false;
        }
        assert_eq!(house.version("slow"), first);
        // Until the file's content changes again.
        write_whole(&house.path("slow"), &version(4));
        house.server.signal("HUP");
        house.server.wait_for("serving slow version");
        assert_ne!(house.version("slow"), first);
        true
    });
}

#[test]
fn a_model_that_is_unloaded_while_its_file_is_judged_stays_unloaded() {
    until_in_time(|| {
        let mut house = House::new();
        house.begin_to_judge();
        assert_eq!(house.server.ask_admin("POST", "/v2/repository/models/slow/unload", "").0, 200);
        if !house.server.wait_for_one_of(&[CHANGED, &served_third()]).contains(CHANGED) {
            return false;
        }
        assert_eq!(house.server.ask("GET", "/models/slow", "").0, 404);
        assert_eq!(house.load("slow", None).0, 200);
        true
    });
}

#[test]
fn loads_that_wait_for_a_file_hold_no_threads() {
    let mut house = House::new();
    write_whole(&house.path("slow"), &long(3));
    let before = house.threads();
    let mut loads: Vec<TcpStream> = (0..40).map(|_| house.begin_load("slow")).collect();
    // The first is answered when the file was judged once; the others wait, or follow.
    let mut answer = [0; 12];
    loads[0].read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let more = house.threads() - before;
    // A thread each would be 40; those of the pool stay for some seconds, so that up to ten have been seen.
    assert!(more <= 20, "{more} more threads");
}

#[test]
fn a_load_that_waits_too_long_is_503() {
    let mut house = House::with(&["--compute-timeout", "1ms"]);
    write_whole(&house.path("slow"), &long(3));
    let mut loads: Vec<TcpStream> = (0..3).map(|_| house.begin_load("slow")).collect();
    let answers: Vec<String> = loads
        .iter_mut()
        .map(|load| {
            let mut answer = String::new();
            load.read_to_string(&mut answer).unwrap();
            answer
        })
        .collect();
    let busy: Vec<_> = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 503")).collect();
    assert!((1..3).contains(&busy.len()), "{answers:?}");
    for answer in busy {
        assert!(answer.contains("retry-after: 1") && answer.contains("slow was not loaded"), "{answer}");
    }
}
