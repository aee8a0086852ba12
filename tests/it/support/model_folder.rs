//! A directory with models in it, and a server of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use smartserve::config::{ExtraFeatures, Limits};
use smartserve::serve::ServerState;
use smartserve::serve::error::ReloadError;
use smartserve::serve::reload::{ModelFile, Reloaded, Sources, Trigger, Wish};
use tempfile::TempDir;

use crate::support::models::{QUICK, artifact};
use crate::support::server::PATIENCE;

/// A directory with files, and a server of them.
pub(crate) struct ModelFolder {
    pub(crate) directory: TempDir,
    pub(crate) server: Arc<ServerState>,
}

impl ModelFolder {
    pub(crate) fn new() -> Self {
        let server = Arc::new(ServerState::new(Vec::new(), Limits::default(), ExtraFeatures::Reject));
        Self { directory: tempfile::tempdir().unwrap(), server }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(file);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn open(&self, sources: &Sources) {
        self.server.reloader.open(sources).unwrap();
    }

    pub(crate) fn look(&self) {
        self.server.reloader.poll(Trigger::Timer);
    }

    pub(crate) fn version(&self, name: &str) -> Option<String> {
        self.server.registry.get(name).map(|served| served.model.version().to_owned())
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.server.registry.list().iter().map(|served| served.name.clone()).collect()
    }

    /// Reloads counted so far: (ok, error).
    pub(crate) fn counted(&self) -> (u64, u64) {
        let text = self.server.metrics.render();
        let of = |result: &str| {
            let series = format!("smartserve_model_reloads_total{{result=\"{result}\"}} ");
            text.lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse().unwrap()
        };
        (of("ok"), of("error"))
    }
}

/// Reloads a model as a client asks for it.
pub(crate) async fn reload(server: &ServerState, name: &str, version: Option<&str>) -> Result<Reloaded, ReloadError> {
    let wish = Wish { name: name.to_owned(), version: version.map(str::to_owned) };
    server.changes.reload(wish, Instant::now() + PATIENCE).await
}

/// The file at `path`, served as `m`.
pub(crate) fn one(path: &Path) -> Sources {
    let file = ModelFile { name: Some("m".to_owned()), path: path.to_owned(), options: Default::default() };
    Sources { files: vec![file], ..Sources::default() }
}

/// Version `seed` of a model.
pub(crate) fn version(seed: u64) -> Vec<u8> {
    artifact(QUICK, "boston", seed)
}
