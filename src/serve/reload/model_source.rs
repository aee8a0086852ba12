//! The source of one model: its file, the version that is served, the version before.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::import::ImportOptions;
use crate::model::schema::Schema;
use crate::model::{Model, check_name};
use crate::serve::contents::{ContentHash, Contents};
use crate::serve::error::{LoadError, ReloadError};
use crate::serve::loader;
use crate::serve::registry::{ServedModel, Snapshot};

use super::fingerprint::ChangeDetector;
use super::schema_difference::difference;

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

/// Why a file is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The interval has passed: files that look unchanged are not read, and only changes are reported.
    Timer,
    /// SIGHUP or a client: every file is read, and every result is reported.
    Request,
}

/// What holds for all models.
#[derive(Debug, Default)]
pub(super) struct ReloadPolicy {
    /// The default model's name; without one, the first model served becomes the default.
    pub(super) default: Option<String>,
    pub(super) allow_schema_change: bool,
}

/// The result of a poll; none when a timer found nothing new. After an error the model is served as before.
pub(super) type Polled = Result<Option<Reloaded>, ReloadError>;

/// A version of the model with the hash of its file.
#[derive(Debug)]
struct Version {
    snapshot: Snapshot,
    hash: ContentHash,
}

/// What the last poll found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Content(ContentHash),
    /// The file was missing or could not be read.
    Unreadable,
}

/// The source of one model.
#[derive(Debug)]
pub(super) struct ModelSource {
    /// The registered name; the file's path until a version has been served.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) in_directory: bool,
    options: ImportOptions,
    changes: ChangeDetector,
    /// The names of the files of a directory that were read last.
    files: Vec<String>,
    seen: Option<Seen>,
    current: Option<Version>,
    /// The version served before, kept for a rollback.
    previous: Option<Version>,
    /// A client unloaded it: a timer does not bring it back.
    is_unloaded: bool,
}

impl ModelSource {
    /// The source of a file given by itself, loaded.
    pub(super) fn open(file: &ModelFile, policy: &mut ReloadPolicy) -> Result<Self, LoadError> {
        if let Some(name) = &file.name {
            check_name(name).map_err(LoadError::BadName)?;
        }
        let mut source = Self { in_directory: false, ..Self::in_directory(file.path.clone(), file.options.clone()) };
        let contents = source.read()?;
        let hash = contents.hash();
        let model = source.verify(&contents)?;
        source.name = file.name.clone().unwrap_or_else(|| model.header().name.clone());
        source.seen = Some(Seen::Content(hash));
        source.install(model, hash, policy);
        Ok(source)
    }

    /// The source of a file in a directory, not polled yet.
    pub(super) fn in_directory(path: PathBuf, options: ImportOptions) -> Self {
        Self {
            name: path.display().to_string(),
            path,
            in_directory: true,
            options,
            changes: ChangeDetector::default(),
            files: Vec::new(),
            seen: None,
            current: None,
            previous: None,
            is_unloaded: false,
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
        self.is_served() || self.is_unloaded
    }

    /// Serves no version until a client reloads it. The versions are freed with the last requests that hold them.
    pub(super) fn unload(&mut self) {
        (self.current, self.previous, self.seen, self.is_unloaded) = (None, None, None, true);
    }

    /// Serves the file's content when it is new and valid.
    pub(super) fn poll(&mut self, trigger: Trigger, policy: &mut ReloadPolicy) -> Polled {
        match self.changed_content(trigger)? {
            None if trigger == Trigger::Timer => Ok(None),
            None => Ok(self.outcome(false)),
            Some(contents) => match &self.previous {
                Some(previous) if previous.hash == contents.hash() => Ok(self.swap()),
                _ => self.take_model(self.verify(&contents)?, contents.hash(), policy),
            },
        }
    }

    /// Serves the given version: the one served before, or the one in the file.
    pub(super) fn choose(&mut self, version: &str, policy: &mut ReloadPolicy) -> Polled {
        let is = |kept: &Option<Version>| kept.as_ref().is_some_and(|kept| kept.snapshot.model.version() == version);
        if is(&self.current) {
            return Ok(self.outcome(false));
        }
        if is(&self.previous) {
            return Ok(self.swap());
        }
        let Ok(contents) = self.read() else { return Err(self.unknown_version(version, None)) };
        let model = self.verify(&contents)?;
        if model.version() != version {
            return Err(self.unknown_version(version, Some(&model)));
        }
        self.take_model(model, contents.hash(), policy)
    }

    /// Serves the first valid content of a file in a directory, under the artifact's own name. `named` has the path of each
    /// source by its name.
    pub(super) fn load_new(&mut self, named: &HashMap<String, PathBuf>, policy: &mut ReloadPolicy) -> Polled {
        let Some(contents) = self.changed_content(Trigger::Timer)? else { return Ok(None) };
        let model = self.verify(&contents)?;
        let name = model.header().name.clone();
        if let Some(first) = named.get(&name) {
            return Err(LoadError::SameName { name, first: first.clone(), second: self.path.clone() }.into());
        }
        self.name = name;
        Ok(self.install(model, contents.hash(), policy))
    }

    /// The file's content, if it has changed since the last poll.
    fn changed_content(&mut self, trigger: Trigger) -> Result<Option<Contents>, LoadError> {
        if !self.changes.may_have_changed(&self.path, &self.files) && trigger == Trigger::Timer {
            return Ok(None);
        }
        let read = self.read();
        let seen = read.as_ref().map_or(Seen::Unreadable, |contents| Seen::Content(contents.hash()));
        let before = self.seen.replace(seen);
        let served = self.current.as_ref().map(|version| Seen::Content(version.hash));
        // A timer reports each content once, a request everything that is not served.
        let is_served = served == Some(seen);
        if let Some(version) = self.current.as_ref().filter(|_| is_served) {
            version.snapshot.note_reload(None);
        }
        let is_old = is_served || trigger == Trigger::Timer && before == Some(seen);
        if is_old { Ok(None) } else { read.map(Some) }
    }

    fn read(&mut self) -> Result<Contents, LoadError> {
        let contents = Contents::read(&self.path)?;
        self.files.clone_from(&contents.files);
        Ok(contents)
    }

    fn verify(&self, contents: &Contents) -> Result<Model, LoadError> {
        loader::verify_contents(&self.path, contents, &self.options)
    }

    fn take_model(&mut self, model: Model, hash: ContentHash, policy: &mut ReloadPolicy) -> Polled {
        let fits = |old: &Schema| model.schema().accepts_same_requests(old);
        let served = self.current.as_ref().map(|version| version.snapshot.model.schema());
        if let Some(old) = served.filter(|old| !policy.allow_schema_change && !fits(old)) {
            let difference = difference(old, model.schema());
            return Err(ReloadError::SchemaDiffers { name: self.name.clone(), path: self.path.clone(), difference });
        }
        Ok(self.install(model, hash, policy))
    }

    fn install(&mut self, model: Model, hash: ContentHash, policy: &mut ReloadPolicy) -> Option<Reloaded> {
        let default = policy.default.get_or_insert_with(|| self.name.clone());
        let snapshot = Arc::new(ServedModel::new(self.name.clone(), model, *default == self.name));
        self.is_unloaded = false;
        // The version before the previous one is freed here, off the request path.
        self.previous = self.current.replace(Version { snapshot, hash });
        self.outcome(true)
    }

    /// Serves the previous version.
    fn swap(&mut self) -> Option<Reloaded> {
        std::mem::swap(&mut self.current, &mut self.previous);
        self.outcome(true)
    }

    fn outcome(&self, changed: bool) -> Option<Reloaded> {
        let version = self.current.as_ref()?.snapshot.model.version().to_owned();
        Some(Reloaded { name: self.name.clone(), version, changed })
    }

    fn unknown_version(&self, version: &str, in_file: Option<&Model>) -> ReloadError {
        let kept = [&self.current, &self.previous].into_iter().flatten().map(|kept| &kept.snapshot.model);
        let mut available: Vec<String> = Vec::new();
        for model in kept.chain(in_file) {
            if !available.iter().any(|known| known == model.version()) {
                available.push(model.version().to_owned());
            }
        }
        ReloadError::UnknownVersion { name: self.name.clone(), version: version.to_owned(), available }
    }
}
