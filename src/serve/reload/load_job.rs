//! Reads a model's file and checks the model in it: the part of a reload that may take long. During a reload the lock
//! on the models is free meanwhile; [`ModelSource::install`](super::model_source::ModelSource::install) decides whether
//! the result is served.

use std::path::PathBuf;

use crate::import::ImportOptions;
use crate::model::Model;
use crate::serve::contents::{ContentHash, Contents};
use crate::serve::error::LoadError;
use crate::serve::loader;
use crate::serve::registry::ServedModel;

use super::fingerprint::ChangeDetector;

/// Why a file is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The interval has passed: files that look unchanged are not read, and only changes are reported.
    Timer,
    /// SIGHUP or a client: every file is read, and every result is reported.
    Request,
}

/// What a client or the timer wants of a file.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// Its content, when that has changed.
    Content(Trigger),
    /// Its content, if it is this version.
    Version(String),
}

/// The result of the last poll of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Content(ContentHash),
    /// The file was missing or could not be read.
    Unreadable,
}

/// A file to load, and what was known of its model when the job began.
#[derive(Debug)]
pub(super) struct LoadJob {
    pub(super) wanted: Wanted,
    /// The registered name; none: the artifact's own.
    pub(super) name: Option<String>,
    pub(super) path: PathBuf,
    pub(super) options: ImportOptions,
    /// The most bytes that are read of a file.
    pub(super) limit: usize,
    /// True where the first answer that is explained may wait for what explains it.
    pub(super) explains_late: bool,
    pub(super) seen: Option<Seen>,
    /// The content of the version that is served, and of the one before.
    pub(super) current: Option<ContentHash>,
    pub(super) previous: Option<ContentHash>,
    /// [`ModelSource`](super::model_source::ModelSource)'s count of decisions when the job began.
    pub(super) decisions: u64,
}

/// Reserves this many bytes, the most that loading a file may take, before they are used.
pub(super) type ReserveMemory<'m> = &'m dyn Fn(usize);

/// What a file holds, compared with what is served.
#[derive(Debug)]
pub(super) enum FileState {
    /// What the timer has seen before: nothing to report.
    Unchanged,
    /// The version that is served.
    Current,
    /// The version served before.
    Previous,
    /// A new version whose golden rows were answered as stored, ready to be served.
    New(Box<ServedModel>, ContentHash),
    /// Another version than the one that was asked for; none when it cannot be read.
    OtherVersion { asked: String, in_file: Option<String> },
    /// A file that cannot be served.
    Refused(LoadError),
}

/// The result of a [`LoadJob`].
#[derive(Debug)]
pub(super) struct LoadOutcome {
    pub(super) wanted: Wanted,
    pub(super) file: FileState,
    /// What the poll saw; none when the file was not read.
    pub(super) seen: Option<Seen>,
    pub(super) decisions: u64,
}

impl LoadJob {
    /// Reads the file, if it may have changed or was asked for, and checks the model if it is new.
    pub(super) fn run(self, changes: &mut ChangeDetector, reserve: ReserveMemory<'_>) -> LoadOutcome {
        let (file, seen) = match &self.wanted {
            Wanted::Content(Trigger::Timer) if !changes.may_have_changed(&self.path) => (FileState::Unchanged, None),
            Wanted::Content(trigger) => self.content(*trigger, changes, reserve),
            Wanted::Version(version) => (self.version(version, changes, reserve), None),
        };
        LoadOutcome { file, seen, decisions: self.decisions, wanted: self.wanted }
    }

    fn content(
        &self,
        trigger: Trigger,
        changes: &mut ChangeDetector,
        reserve: ReserveMemory<'_>,
    ) -> (FileState, Option<Seen>) {
        // A timer reports each content once, a request everything that is not served.
        let is_known = |seen| trigger == Trigger::Timer && self.seen == Some(seen);
        let contents = match self.read(changes, reserve) {
            Ok(contents) => contents,
            Err(_) if is_known(Seen::Unreadable) => return (FileState::Unchanged, Some(Seen::Unreadable)),
            Err(error) => return (FileState::Refused(error), Some(Seen::Unreadable)),
        };
        // Where there is nothing to compare it with, as at the start, the hash is computed while the file is decoded.
        let holds = |kept: Option<ContentHash>| kept.is_some_and(|hash| contents.hash() == hash);
        let file = if holds(self.current) {
            FileState::Current
        } else if self.seen.is_some() && is_known(Seen::Content(contents.hash())) {
            FileState::Unchanged
        } else if holds(self.previous) {
            FileState::Previous
        } else {
            let loaded = self.verify(&contents, reserve);
            loaded.map_or_else(FileState::Refused, |model| self.new_version(model, contents.hash()))
        };
        (file, Some(Seen::Content(contents.hash())))
    }

    fn version(&self, asked: &str, changes: &mut ChangeDetector, reserve: ReserveMemory<'_>) -> FileState {
        let other = |in_file| FileState::OtherVersion { asked: asked.to_owned(), in_file };
        let Ok(contents) = self.read(changes, reserve) else { return other(None) };
        match self.verify(&contents, reserve) {
            Ok(model) if model.version() == asked => self.new_version(model, contents.hash()),
            Ok(model) => other(Some(model.version().to_owned())),
            Err(error) => FileState::Refused(error),
        }
    }

    /// Reserves the file's length and reads it; then reserves what loading these bytes may take.
    fn read(&self, changes: &mut ChangeDetector, reserve: ReserveMemory<'_>) -> Result<Contents, LoadError> {
        // A longer file may take the name in between: its length is reserved, too.
        let read = || {
            let length = Contents::length(&self.path, self.limit);
            reserve(length);
            Contents::read_within(&self.path, self.limit, length)
        };
        let contents = read().or_else(|_| read())?;
        reserve(loader::most_memory(&contents.bytes));
        changes.files.clone_from(&contents.files);
        Ok(contents)
    }

    fn verify(&self, contents: &Contents, reserve: ReserveMemory<'_>) -> Result<Model, LoadError> {
        loader::load_contents(&self.path, contents, &self.options, reserve)
    }

    /// The model as it would be served. Times it, which takes some milliseconds.
    fn new_version(&self, model: Model, hash: ContentHash) -> FileState {
        let name = self.name.clone().unwrap_or_else(|| model.header().name.clone());
        let served = ServedModel::new(name, model, false);
        if !self.explains_late {
            served.explain_cost_per_row();
        }
        FileState::New(Box::new(served), hash)
    }
}
