//! Reads and judges the file of one model: the part of a reload that may take long. It holds no lock on the models;
//! [`ModelSource::install`](super::model_source::ModelSource::install) decides what comes of it.

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

/// What is to be served of a file.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// Its content, when that has changed.
    Content(Trigger),
    /// Its content, if it is this version.
    Version(String),
}

/// What the last poll of a file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Content(ContentHash),
    /// The file was missing or could not be read.
    Unreadable,
}

/// A file to be judged, and what was known of its model when that began.
#[derive(Debug)]
pub(super) struct Judging {
    pub(super) wanted: Wanted,
    /// The registered name; none: the artifact's own.
    pub(super) name: Option<String>,
    pub(super) path: PathBuf,
    pub(super) options: ImportOptions,
    pub(super) seen: Option<Seen>,
    /// The content of the version that is served, and of the one before.
    pub(super) current: Option<ContentHash>,
    pub(super) previous: Option<ContentHash>,
    /// How often it had been decided what is served.
    pub(super) decisions: u64,
}

/// Makes room for so many bytes, that judging a file takes at most, before it takes them.
pub(super) type MakeRoom<'m> = &'m dyn Fn(usize);

/// What a file holds.
#[derive(Debug)]
pub(super) enum Found {
    /// It looks as it did, or holds what a timer has reported.
    Nothing,
    /// The version that is served.
    Current,
    /// The version served before.
    Previous,
    /// A version that keeps its word, as it would be served.
    New(Box<ServedModel>, ContentHash),
    /// Another version than the one that was asked for; none when it cannot be read.
    OtherVersion { asked: String, in_file: Option<String> },
    /// What cannot be served.
    Refused(LoadError),
}

/// The end of a [`Judging`].
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) wanted: Wanted,
    pub(super) found: Found,
    /// What a poll found; none when it did not look.
    pub(super) seen: Option<Seen>,
    pub(super) decisions: u64,
}

impl Judging {
    /// Reads the file, if it may have changed or was asked for, and judges what is new in it.
    pub(super) fn judge(self, changes: &mut ChangeDetector, make_room: MakeRoom<'_>) -> Judged {
        let (found, seen) = match &self.wanted {
            Wanted::Content(Trigger::Timer) if !changes.may_have_changed(&self.path) => (Found::Nothing, None),
            Wanted::Content(trigger) => self.content(*trigger, changes, make_room),
            Wanted::Version(version) => (self.version(version, changes, make_room), None),
        };
        Judged { found, seen, decisions: self.decisions, wanted: self.wanted }
    }

    fn content(
        &self,
        trigger: Trigger,
        changes: &mut ChangeDetector,
        make_room: MakeRoom<'_>,
    ) -> (Found, Option<Seen>) {
        let read = self.read(changes, make_room);
        let seen = read.as_ref().map_or(Seen::Unreadable, |contents| Seen::Content(contents.hash()));
        let holds = |kept: Option<ContentHash>| kept.is_some_and(|hash| seen == Seen::Content(hash));
        // A timer reports each content once, a request everything that is not served.
        let is_known = trigger == Trigger::Timer && self.seen == Some(seen);
        let found = match read {
            _ if holds(self.current) => Found::Current,
            _ if is_known => Found::Nothing,
            _ if holds(self.previous) => Found::Previous,
            Ok(contents) => {
                let hash = contents.hash();
                self.verify(&contents).map_or_else(Found::Refused, |model| self.new_version(model, hash))
            }
            Err(error) => Found::Refused(error),
        };
        (found, Some(seen))
    }

    fn version(&self, asked: &str, changes: &mut ChangeDetector, make_room: MakeRoom<'_>) -> Found {
        let other = |in_file| Found::OtherVersion { asked: asked.to_owned(), in_file };
        let Ok(contents) = self.read(changes, make_room) else { return other(None) };
        match self.verify(&contents) {
            Ok(model) if model.version() == asked => self.new_version(model, contents.hash()),
            Ok(model) => other(Some(model.version().to_owned())),
            Err(error) => Found::Refused(error),
        }
    }

    /// Reads the file, with room for its bytes; then makes room for what comes of them.
    fn read(&self, changes: &mut ChangeDetector, make_room: MakeRoom<'_>) -> Result<Contents, LoadError> {
        make_room(Contents::length(&self.path));
        let contents = Contents::read(&self.path)?;
        make_room(loader::most_memory(&contents.bytes));
        changes.files.clone_from(&contents.files);
        Ok(contents)
    }

    fn verify(&self, contents: &Contents) -> Result<Model, LoadError> {
        loader::verify_contents(&self.path, contents, &self.options)
    }

    /// The model as it would be served; timing it is part of judging it.
    fn new_version(&self, model: Model, hash: ContentHash) -> Found {
        let name = self.name.clone().unwrap_or_else(|| model.header().name.clone());
        Found::New(Box::new(ServedModel::new(name, model, false)), hash)
    }
}
