//! The files behind the models, as the lock on them guards them: which there are, and what is served of them.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::import::{ImportChoices, ImportOptions};
use crate::model::check_name;
use crate::serve::contents::looks_like_a_model;
use crate::serve::error::{LoadError, ReloadError};

use super::judging::{Found, Judged, Trigger, Wanted};
use super::model_source::{ModelFile, ModelSource, Polled, ReloadPolicy, Turn};
use super::room::{AT_ONCE, JudgingRoom};

/// The ending of an artifact in a directory.
const EXTENSION: &str = "model";

#[derive(Debug, Default)]
pub(super) struct ModelFiles {
    pub(super) sources: Vec<ModelSource>,
    pub(super) directory: Option<PathBuf>,
    pub(super) choices: ImportChoices,
    /// Files of the directory that are no model, each told once.
    skipped: HashSet<PathBuf>,
    pub(super) policy: ReloadPolicy,
    /// False until all that is found at the start can be served together.
    pub(super) is_open: bool,
}

impl ModelFiles {
    /// The model called `name`, served or unloaded.
    pub(super) fn named(&mut self, name: &str) -> Result<&mut ModelSource, ReloadError> {
        let source = self.sources.iter_mut().find(|source| source.name.as_deref() == Some(name));
        source.ok_or_else(|| ReloadError::UnknownModel(name.to_owned()))
    }

    /// The paths of the sources in the directory.
    pub(super) fn in_directory(&self) -> Vec<PathBuf> {
        self.sources.iter().filter(|source| source.in_directory).map(|source| source.path.clone()).collect()
    }

    /// The turns of the sources that are meant, in order.
    pub(super) fn turns(&self, is_meant: fn(&ModelSource) -> bool) -> Vec<Turn> {
        self.sources.iter().filter(|source| is_meant(source)).map(|source| Arc::clone(&source.turn)).collect()
    }

    /// The source whose turn it is; none when its file has gone from the directory.
    pub(super) fn source(&self, turn: &Turn) -> Option<&ModelSource> {
        self.sources.iter().find(|source| Arc::ptr_eq(&source.turn, turn))
    }

    /// The sources that have never been served, each with what is to be looked at: content that has changed, or all of it
    /// where a name is free that another source had.
    pub(super) fn to_be_served(&self) -> Vec<(Turn, Trigger)> {
        let has = |name: &String| self.sources.iter().any(|source| source.name.as_ref() == Some(name));
        let trigger = |source: &ModelSource| match &source.waits_for {
            Some(name) if !has(name) => Trigger::Request,
            _ => Trigger::Timer,
        };
        let new = self.sources.iter().filter(|source| !source.is_named());
        new.map(|source| (Arc::clone(&source.turn), trigger(source))).collect()
    }

    /// Serves what was found in the file of the source whose turn it is, unless another one has its name.
    pub(super) fn install(&mut self, turn: &Turn, mut judged: Judged) -> Polled {
        let is_it = |source: &ModelSource| Arc::ptr_eq(&source.turn, turn);
        let mut waits_for = None;
        if let Found::New(new, _) = &judged.found
            && let Some(first) = self.sources.iter().find(|s| s.name.as_ref() == Some(&new.name) && !is_it(s))
            && let Some(source) = self.source(turn)
        {
            let (name, first, second) = (new.name.clone(), first.path.clone(), source.path.clone());
            waits_for = Some(name.clone());
            let is_found = source.in_directory;
            judged.found = Found::Refused(LoadError::SameName { name, first, second, is_found });
        }
        let Some(source) = self.sources.iter_mut().find(|source| is_it(source)) else { return Ok(None) };
        if !matches!(judged.found, Found::Nothing) {
            source.waits_for = waits_for;
        }
        source.install(judged, &mut self.policy)
    }

    /// Notes that judging the file of the source whose turn it is takes `bytes` at most. Bytes that all files which are
    /// judged at once may take.
    pub(super) fn note_judged(&mut self, turn: &Turn, bytes: usize) -> usize {
        let source = self.sources.iter_mut().find(|source| Arc::ptr_eq(&source.turn, turn));
        if let Some(source) = source {
            source.most_judged = source.most_judged.max(bytes);
        }
        let mut most: Vec<usize> = self.sources.iter().map(|source| source.most_judged).collect();
        most.sort_unstable_by_key(|bytes| Reverse(*bytes));
        most.iter().take(AT_ONCE).sum()
    }

    /// Loads a file given by itself.
    pub(super) fn open(&mut self, file: &ModelFile, room: &JudgingRoom) -> Result<(), LoadError> {
        let source = ModelSource::new(file)?;
        let turn = Arc::clone(&source.turn);
        let judging = source.judging(Wanted::Content(Trigger::Request));
        self.sources.push(source);
        let most = Cell::new(0);
        let judged = judging.judge(&mut held(&turn), &|bytes| most.set(bytes.max(most.get())));
        room.make(self.note_judged(&turn, most.get()));
        let Err(error) = self.install(&turn, judged) else { return Ok(()) };
        self.sources.pop();
        Err(match error {
            ReloadError::Load(error) => error,
            other => LoadError::Invalid { path: file.path.clone(), problem: other.to_string() },
        })
    }

    /// Removes the sources whose files have gone from the directory and adds its new files. Files that are no model are
    /// told once.
    pub(super) fn update(&mut self, Listed { models, others }: Listed) {
        for path in others {
            if !self.skipped.contains(&path) {
                tracing::info!(path = %path.display(), "skipped: it is no model");
                self.skipped.insert(path);
            }
        }
        self.sources.retain(|source| {
            let stays = !source.in_directory || models.contains(&source.path);
            if !stays && source.is_served() {
                let (model, path) = (source.shown(), source.path.display());
                tracing::info!(model, %path, "its file has gone: no longer served");
            }
            stays
        });
        for path in models {
            if !self.sources.iter().any(|source| source.path == path) {
                let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
                let name = name.map(|name| name.to_string_lossy().into_owned());
                if let Some(name) = name.as_deref().filter(|name| check_name(name).is_err()) {
                    let (path, unless) = (path.display(), "unless it has one of its own it is served as model");
                    tracing::warn!(%path, "{name:?} cannot be a model's name: {unless}");
                }
                let options = options(name.as_deref(), &self.choices);
                self.sources.push(ModelSource::in_directory(path, options));
            }
        }
    }
}

/// The files of a directory, in order, without hidden ones.
pub(super) struct Listed {
    models: Vec<PathBuf>,
    others: Vec<PathBuf>,
}

/// How an entry of a directory is read. Its name is what a model of another library is called that has none of its own.
fn options(entry: Option<&str>, choices: &ImportChoices) -> ImportOptions {
    let entry = entry.filter(|entry| check_name(entry).is_ok());
    let mut options = choices.of(entry);
    options.entry = options.name.take();
    options.is_for_all = !entry.is_some_and(|entry| choices.names(entry));
    options
}

/// Lists a directory: models are `*.model`, and what its content tells to be a model of another library, a file or a
/// directory. One of the `known` stays one while it is there: while it is written it may look like anything.
pub(super) fn list(directory: &Path, known: &[PathBuf]) -> io::Result<Listed> {
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let is_model = |path: &PathBuf| {
        let is_artifact = path.extension().is_some_and(|extension| extension == EXTENSION);
        is_artifact || known.contains(path) || looks_like_a_model(path)
    };
    let mut paths = std::fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    let (models, others) = paths.into_iter().partition(is_model);
    Ok(Listed { models, others })
}

/// The lock; a thread that panicked under it has left whole values.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
