//! The servers that fixtures are asked of: a folder's flags, and what happened before.
//!
//! Stands apart as the one list of them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::OnceLock;

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use tempfile::TempDir;

use crate::http_support::{artifact, artifacts};
use crate::support::server::Server;

/// A folder of fixtures.
pub(crate) struct Folder {
    /// Its path in `tests/fixtures/http`.
    pub(crate) name: &'static str,
    /// What `serve` is told, `{}` being the directory of the models.
    flags: &'static str,
    before: Before,
}

/// What happened before anything is asked.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    /// It was told to end.
    Terminated,
    /// Another client has begun a body as large as all bodies together may be.
    Filled,
    /// The model's file was written anew, by another model, and by what is none.
    Replaced,
}

const THREE: &str = "--model {}/houses.model --model {}/line.model --model {}/kinds.model";

/// All folders.
pub(crate) const FOLDERS: [Folder; 12] = [
    folder("", "--max-rows 4 --max-body-bytes 1KiB"),
    folder("default-limits", ""),
    folder("tokens", "--token-file {}/tokens"),
    folder("extra-features-ignored", "--extra-features ignore"),
    folder("no-model", "--models {}/empty"),
    folder("not-finite", "--model {}/steep.model"),
    folder("slow-head", "--header-timeout 100ms"),
    folder("slow-body", "--body-timeout 100ms"),
    folder("slow-model", "--model {}/slow.model --compute-timeout 1ms"),
    Folder { before: Before::Terminated, ..folder("draining", "--lame-duck 5m --hard-stop 10m") },
    Folder {
        before: Before::Filled,
        ..folder("full", "--max-body-bytes 64KiB --body-budget 64KiB --admission-wait 10ms --body-timeout 10m")
    },
    Folder { before: Before::Replaced, ..folder("replaced", "--token-file {}/tokens --reload-interval 1h") },
];

const fn folder(name: &'static str, flags: &'static str) -> Folder {
    Folder { name, flags, before: Before::Nothing }
}

/// A server that is ready to be asked, and what must live as long.
pub(crate) struct Running {
    pub(crate) server: Server,
    _holder: Option<TcpStream>,
    directory: TempDir,
}

impl Running {
    /// What answers may bear that is not the same everywhere: the place of the models, and their versions, which are
    /// hashes of their bytes.
    pub(crate) fn hidden(&self) -> Vec<String> {
        let versions = all().iter().map(|(_, bytes)| Model::load(bytes).unwrap().version().to_owned());
        versions.chain([self.directory.path().to_str().unwrap().to_owned()]).collect()
    }
}

impl Folder {
    /// Starts its server and lets happen what happened before.
    pub(crate) fn start(&self) -> Running {
        let directory = furnished();
        let path = directory.path().to_str().unwrap();
        let models = if self.flags.contains("--model") { "" } else { THREE };
        let flags = format!("{models} {}", self.flags).replace("{}", path);
        let mut server = Server::start(&flags.split_whitespace().collect::<Vec<_>>());
        let mut holder = None;
        match self.before {
            Before::Nothing => {}
            Before::Terminated => {
                server.signal("TERM");
                server.wait_for("draining");
            }
            Before::Filled => holder = Some(filled(&server)),
            Before::Replaced => {
                std::fs::copy(directory.path().join("houses.model"), directory.path().join("line.model")).unwrap();
                std::fs::write(directory.path().join("kinds.model"), "not a model").unwrap();
            }
        }
        Running { server, _holder: holder, directory }
    }
}

/// All models, a token, and a directory without a model.
fn furnished() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in all() {
        std::fs::write(directory.path().join(name).with_extension("model"), bytes).unwrap();
    }
    std::fs::write(directory.path().join("tokens"), "a-token\n").unwrap();
    std::fs::create_dir(directory.path().join("empty")).unwrap();
    directory
}

/// The usual three; `steep`, whose slope takes large numbers beyond what a double holds; `slow`, by many rows at once.
fn all() -> &'static [(&'static str, Vec<u8>)] {
    static ALL: OnceLock<Vec<(&str, Vec<u8>)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let rows = (1..40).map(|i| format!("{i}e-12,{i}e147\n"));
        let steep: String = std::iter::once("x,y\n".to_owned()).chain(rows).collect();
        let mut all = artifacts().to_vec();
        all.push(("steep", artifact("steep", &steep, "y", Algorithm::Linear)));
        all.push(("slow", artifact("slow", &rooms(), "y", Algorithm::RandomForest)));
        all
    })
}

/// Rows that need deep trees.
fn rooms() -> String {
    let rows = (0..2_000_u32).map(|i| format!("{},{}\n", i * 7919 % 2_003, i * 104_729 % 1_009));
    std::iter::once("x,y\n".to_owned()).chain(rows).collect()
}

/// Told to go on, this client has its share of the budget, and keeps it, as all but the last byte has come.
fn filled(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 49152\r\n\r\n";
    let body = " ".repeat(49_151);
    stream.write_all([head, &body].concat().as_bytes()).unwrap();
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}
