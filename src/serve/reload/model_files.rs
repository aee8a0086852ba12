//! The files of the models, which one lock guards: which there are, and which version of each is served.

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

use super::load_job::{FileState, LoadOutcome, Trigger, Wanted};
use super::load_memory::{AT_ONCE, LoadMemory, blocking_lock};
use super::model_source::{LoadLock, ModelFile, ModelSource, Polled, ReloadPolicy};

/// The ending of an artifact in a directory.
const EXTENSION: &str = "model";

#[derive(Debug, Default)]
pub(super) struct ModelFiles {
    pub(super) sources: Vec<ModelSource>,
    pub(super) directory: Option<PathBuf>,
    pub(super) choices: ImportChoices,
    /// Files of the directory that are no model; each is logged once.
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

    /// The load locks of the sources that `is_meant` accepts, in order.
    pub(super) fn load_locks(&self, is_meant: fn(&ModelSource) -> bool) -> Vec<LoadLock> {
        self.sources.iter().filter(|source| is_meant(source)).map(|source| Arc::clone(&source.load_lock)).collect()
    }

    /// The source with this load lock; none when its file has gone from the directory.
    pub(super) fn source(&self, load_lock: &LoadLock) -> Option<&ModelSource> {
        self.sources.iter().find(|source| Arc::ptr_eq(&source.load_lock, load_lock))
    }

    /// The sources that have never been served, each with what is to be looked at: content that has changed, or all of
    /// it where a name is free that another source had.
    pub(super) fn to_be_served(&self) -> Vec<(LoadLock, Trigger)> {
        let has = |name: &String| self.sources.iter().any(|source| source.name.as_ref() == Some(name));
        let trigger = |source: &ModelSource| match &source.waits_for {
            Some(name) if !has(name) => Trigger::Request,
            _ => Trigger::Timer,
        };
        let new = self.sources.iter().filter(|source| !source.is_named());
        new.map(|source| (Arc::clone(&source.load_lock), trigger(source))).collect()
    }

    /// Serves what was loaded for the source with this load lock, unless another source has its name.
    pub(super) fn install(&mut self, load_lock: &LoadLock, mut outcome: LoadOutcome) -> Polled {
        let is_it = |source: &ModelSource| Arc::ptr_eq(&source.load_lock, load_lock);
        let mut waits_for = None;
        if let FileState::New(new, _) = &outcome.file
            && let Some(first) = self.sources.iter().find(|s| s.name.as_ref() == Some(&new.name) && !is_it(s))
            && let Some(source) = self.source(load_lock)
        {
            let (name, first, second) = (new.name.clone(), first.path.clone(), source.path.clone());
            waits_for = Some(name.clone());
            let is_found = source.in_directory;
            outcome.file = FileState::Refused(LoadError::SameName { name, first, second, is_found });
        }
        let Some(source) = self.sources.iter_mut().find(|source| is_it(source)) else { return Ok(None) };
        if !matches!(outcome.file, FileState::Unchanged) {
            source.waits_for = waits_for;
        }
        source.install(outcome, &mut self.policy)
    }

    /// Notes that loading the source with this load lock takes at most `bytes`. Gives the bytes that the largest files
    /// loaded at once may take.
    pub(super) fn note_memory(&mut self, load_lock: &LoadLock, bytes: usize) -> usize {
        let source = self.sources.iter_mut().find(|source| Arc::ptr_eq(&source.load_lock, load_lock));
        if let Some(source) = source {
            source.most_memory = source.most_memory.max(bytes);
        }
        let mut most: Vec<usize> = self.sources.iter().map(|source| source.most_memory).collect();
        most.sort_unstable_by_key(|bytes| Reverse(*bytes));
        most.iter().take(AT_ONCE).sum()
    }

    /// Loads a file given by itself.
    pub(super) fn open(&mut self, file: &ModelFile, memory: &LoadMemory) -> Result<(), LoadError> {
        let source = ModelSource::new(file)?;
        let load_lock = Arc::clone(&source.load_lock);
        let job = source.load_job(Wanted::Content(Trigger::Request), &self.policy);
        self.sources.push(source);
        let most = Cell::new(0);
        let outcome = job.run(&mut blocking_lock(&load_lock), &|bytes| most.set(bytes.max(most.get())));
        memory.grow_to(self.note_memory(&load_lock, most.get()));
        let Err(error) = self.install(&load_lock, outcome) else { return Ok(()) };
        self.sources.pop();
        Err(match error {
            ReloadError::Load(error) => error,
            other => LoadError::Invalid { path: file.path.clone(), problem: other.to_string() },
        })
    }

    /// Warns of each choice for a model by a name that no file has: it would be ignored without a word, unless such a
    /// file comes.
    pub(super) fn warn_of_unused_choices(&self) {
        if self.directory.is_none() {
            return;
        }
        let entries = self.sources.iter().map(|source| match &source.name {
            Some(name) if !source.in_directory => Some(name.clone()),
            _ => entry(&source.path),
        });
        let entries: Vec<String> = entries.flatten().collect();
        for name in self.choices.unused(&entries.iter().map(String::as_str).collect::<Vec<_>>()) {
            tracing::warn!(
                model = name,
                "--answer, --iterations or --zero-as-missing is for {name:?}: no file or folder in the directory, and \
                 no --model, has that name yet"
            );
        }
    }

    /// Removes the sources whose files have gone from the directory and adds its new files. A file that is no model is
    /// logged once.
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
                let name = entry(&path);
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

/// What an entry of a directory is called: a file without its ending.
fn entry(path: &Path) -> Option<String> {
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.map(|name| name.to_string_lossy().into_owned())
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

/// Locks a mutex whatever happened to the thread that had it before: values under these locks are replaced whole.
pub(super) fn lock_ignoring_poison<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
