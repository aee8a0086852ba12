//! The source of one model: its file, the version that is served, the version before, and the decision about a new one.

use std::path::PathBuf;
use std::sync::Arc;

use crate::import::ImportOptions;
use crate::model::check_name;
use crate::model::schema::Schema;
use crate::model::schema_difference::difference;
use crate::serve::contents::{ContentHash, MAX_MODEL_BYTES};
use crate::serve::error::{LoadError, ReloadError};
use crate::serve::registry::{ServedModel, Snapshot};

use super::fingerprint::ChangeDetector;
use super::load_job::{FileState, LoadJob, LoadOutcome, Seen, Trigger, Wanted};

/// One `--model`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// The name to serve it under; none: the artifact's own.
    pub name: Option<String>,
    /// The file or directory.
    pub path: PathBuf,
    /// How it is read if it is another library's.
    pub options: ImportOptions,
}

/// What a successful reload gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reloaded {
    /// The model's registered name.
    pub name: String,
    /// The version that is served now.
    pub version: String,
    /// False when it was served already.
    pub changed: bool,
}

/// Settings for all models.
#[derive(Debug, Default)]
pub(super) struct ReloadPolicy {
    /// The default model's name; without one, the first model served becomes the default.
    pub(super) default: Option<String>,
    pub(super) allow_schema_change: bool,
    /// The most bytes that are read of a file; none: [`MAX_MODEL_BYTES`].
    pub(super) max_model_bytes: Option<usize>,
    /// True where the first answer that is explained may wait for what explains it.
    pub(super) explains_late: bool,
}

/// The result of a poll; none when there is nothing to report. After an error the model is served as before.
pub(super) type Polled = Result<Option<Reloaded>, ReloadError>;

/// Held while the file is loaded, so that a file is loaded by one thread at a time. Its address identifies the source.
pub(super) type LoadLock = Arc<tokio::sync::Mutex<ChangeDetector>>;

/// A version of the model with the hash of its file.
#[derive(Debug)]
struct Version {
    snapshot: Snapshot,
    hash: ContentHash,
}

/// The source of one model.
#[derive(Debug)]
pub(super) struct ModelSource {
    /// The registered name; none until a version has been served under the artifact's own.
    pub(super) name: Option<String>,
    pub(super) path: PathBuf,
    pub(super) in_directory: bool,
    pub(super) load_lock: LoadLock,
    options: ImportOptions,
    seen: Option<Seen>,
    current: Option<Version>,
    /// The version served before, kept for a rollback.
    previous: Option<Version>,
    /// The most bytes that loading its file has taken.
    pub(super) most_memory: usize,
    /// The name of its model, if another source has that name: the file is loaded again when the name is free.
    pub(super) waits_for: Option<String>,
    /// How often it was decided what is served. An outcome of a job that began before the last decision does not undo
    /// it.
    decisions: u64,
}

impl ModelSource {
    /// The source of a file given by itself, not polled yet.
    ///
    /// # Errors
    /// [`LoadError::BadName`].
    pub(super) fn new(file: &ModelFile) -> Result<Self, LoadError> {
        if let Some(name) = &file.name {
            check_name(name).map_err(LoadError::BadName)?;
        }
        let source = Self::in_directory(file.path.clone(), file.options.clone());
        Ok(Self { name: file.name.clone(), in_directory: false, ..source })
    }

    /// The source of a file in a directory, not polled yet.
    pub(super) fn in_directory(path: PathBuf, options: ImportOptions) -> Self {
        Self {
            name: None,
            path,
            in_directory: true,
            load_lock: LoadLock::default(),
            options,
            seen: None,
            current: None,
            previous: None,
            most_memory: 0,
            waits_for: None,
            decisions: 0,
        }
    }

    /// The version that is served.
    pub(super) fn current(&self) -> Option<Snapshot> {
        self.current.as_ref().map(|version| Arc::clone(&version.snapshot))
    }

    /// True when a version is served.
    pub(super) fn is_served(&self) -> bool {
        self.current.is_some()
    }

    /// True when it has a registered name: it is served, or was until it was unloaded.
    pub(super) fn is_named(&self) -> bool {
        self.name.is_some()
    }

    /// Serves no version until a client reloads it. The versions are freed with the last requests that hold them.
    pub(super) fn unload(&mut self) {
        (self.current, self.previous, self.seen) = (None, None, None);
        self.decisions += 1;
    }

    /// Serves a version that is in memory: the one that is served, or the one before.
    pub(super) fn choose(&mut self, version: &str) -> Option<Reloaded> {
        let is = |kept: &Option<Version>| kept.as_ref().is_some_and(|kept| kept.snapshot.model.version() == version);
        let changed = !is(&self.current);
        if changed && !is(&self.previous) {
            return None;
        }
        if changed {
            std::mem::swap(&mut self.current, &mut self.previous);
        }
        self.decisions += 1;
        self.outcome(changed)
    }

    /// A job that loads its file.
    pub(super) fn load_job(&self, wanted: Wanted, policy: &ReloadPolicy) -> LoadJob {
        let hash = |kept: &Option<Version>| kept.as_ref().map(|version| version.hash);
        LoadJob {
            wanted,
            name: self.name.clone(),
            path: self.path.clone(),
            options: self.options.clone(),
            limit: policy.max_model_bytes.unwrap_or(MAX_MODEL_BYTES),
            explains_late: policy.explains_late,
            seen: self.seen,
            current: hash(&self.current),
            previous: hash(&self.previous),
            decisions: self.decisions,
        }
    }

    /// Serves what was loaded. What a client has asked for since the job began stays: the version that it chose is
    /// served until the file's content changes again, and an unloaded model stays unloaded.
    pub(super) fn install(&mut self, outcome: LoadOutcome, policy: &mut ReloadPolicy) -> Polled {
        let is_latest = self.decisions == outcome.decisions;
        if is_latest || self.is_served() {
            self.seen = outcome.seen.or(self.seen);
        }
        match outcome.file {
            FileState::Unchanged => Ok(None),
            FileState::Refused(error) => Err(error.into()),
            FileState::OtherVersion { asked, in_file } => Err(self.unknown_version(asked, in_file)),
            _ if !is_latest => Err(ReloadError::Overtaken(self.shown())),
            FileState::Current => {
                self.current.iter().for_each(|version| version.snapshot.note_reload(None));
                let is_asked = !matches!(outcome.wanted, Wanted::Content(Trigger::Timer));
                Ok(self.outcome(false).filter(|_| is_asked))
            }
            FileState::Previous => {
                std::mem::swap(&mut self.current, &mut self.previous);
                self.decisions += 1;
                Ok(self.outcome(true))
            }
            FileState::New(served, hash) => self.take(*served, hash, policy),
        }
    }

    fn take(&mut self, mut new: ServedModel, hash: ContentHash, policy: &mut ReloadPolicy) -> Polled {
        // The version is in memory already: it may have been installed while this load waited for its lock.
        if let Some(done) = self.choose(new.model.version()) {
            self.current.iter_mut().for_each(|version| version.hash = hash);
            return Ok(Some(done));
        }
        let fits = |old: &Schema| new.model.schema().accepts_same_requests(old);
        let served = self.current.as_ref().map(|version| version.snapshot.model.schema());
        if let Some(old) = served.filter(|old| !policy.allow_schema_change && !fits(old)) {
            let difference = difference(old, new.model.schema());
            return Err(ReloadError::SchemaDiffers { name: new.name, path: self.path.clone(), difference });
        }
        new.is_default = *policy.default.get_or_insert_with(|| new.name.clone()) == new.name;
        self.name = Some(new.name.clone());
        // The version before the previous one is freed here, off the request path.
        self.previous = self.current.replace(Version { snapshot: Arc::new(new), hash });
        self.decisions += 1;
        Ok(self.outcome(true))
    }

    fn outcome(&self, changed: bool) -> Option<Reloaded> {
        let served = &self.current.as_ref()?.snapshot;
        Some(Reloaded { name: served.name.clone(), version: served.model.version().to_owned(), changed })
    }

    /// The registered name; the file's path until there is one.
    pub(super) fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.path.display().to_string())
    }

    fn unknown_version(&self, version: String, in_file: Option<String>) -> ReloadError {
        let kept = [&self.current, &self.previous].into_iter().flatten();
        let mut available: Vec<String> = Vec::new();
        for known in kept.map(|kept| kept.snapshot.model.version().to_owned()).chain(in_file) {
            if !available.contains(&known) {
                available.push(known);
            }
        }
        ReloadError::UnknownVersion { name: self.shown(), version, available }
    }
}
