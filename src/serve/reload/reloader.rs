//! Polls the models' files and publishes what they hold in the registry.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use crate::import::ImportChoices;
use crate::serve::error::{LoadError, ReloadError};
use crate::serve::lifecycle::Lifecycle;
use crate::serve::metrics::{Metrics, ReloadResult};
use crate::serve::registry::Registry;

use super::fingerprint::ChangeDetector;
use super::load_job::{Trigger, Wanted};
use super::load_memory::{LoadMemory, LoadPermit, blocking_lock};
use super::model_files::{ModelFiles, list, lock_ignoring_poison};
use super::model_source::{LoadLock, ModelFile, ModelSource, Polled, ReloadPolicy, Reloaded};

/// Where models come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--model [NAME=]PATH`, in order. A bad one at the start is an error.
    pub files: Vec<ModelFile>,
    /// `--models DIR`: every model in it, an artifact under its own name, another library's under
    /// that of its file or folder. A bad one is skipped; they come and go.
    pub directory: Option<PathBuf>,
    /// How models of other libraries are read that lie in the directory; by the name of their file without its ending.
    pub choices: ImportChoices,
    /// `--default-model`; without it the first model found is the default one for as long as the process runs.
    pub default: Option<String>,
    /// `--allow-schema-change`.
    pub allow_schema_change: bool,
    /// `--max-model-bytes`, the most that is read of a file; none: its default.
    pub max_model_bytes: Option<usize>,
    /// True where the first answer that is explained may wait for what explains it; else a version is served once that
    /// is there.
    pub explains_late: bool,
}

/// Loads the models' files. Each file is loaded by one thread at a time. Once the server is open, none is loaded under
/// the lock on the models: however long a load takes, requests that need no file are done at once, and another file can
/// be loaded meanwhile. [`open`](Self::open), before that, keeps the lock while it loads the files given by themselves.
#[derive(Debug)]
pub struct Reloader {
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    /// Locked to look up or exchange an entry, never while waiting for a [`LoadLock`], which is held
    /// for a whole load.
    files: Mutex<ModelFiles>,
    pub(super) memory: LoadMemory,
}

impl Reloader {
    /// A reloader without files. It publishes in `registry`.
    pub fn new(registry: Arc<Registry>, metrics: Arc<Metrics>) -> Self {
        Self { registry, metrics, files: Mutex::default(), memory: LoadMemory::default() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, ModelFiles> {
        lock_ignoring_poison(&self.files)
    }

    /// Loads and serves what `sources` name. Bad files in a directory are skipped, logged and counted.
    ///
    /// # Errors
    /// [`LoadError`], one at least: of each file given by itself, a directory that cannot be read, two models with one
    /// name, a default model that is not among them.
    pub fn open(&self, sources: &Sources) -> Result<(), Vec<LoadError>> {
        let mut files = self.lock();
        files.directory.clone_from(&sources.directory);
        files.choices.clone_from(&sources.choices);
        files.policy = ReloadPolicy {
            default: sources.default.clone(),
            allow_schema_change: sources.allow_schema_change,
            max_model_bytes: sources.max_model_bytes,
            explains_late: sources.explains_late,
        };
        let mut errors: Vec<_> = sources.files.iter().filter_map(|file| files.open(file, &self.memory).err()).collect();
        drop(files);
        if let Some(path) = &sources.directory
            && let Err(source) = std::fs::read_dir(path)
        {
            errors.push(LoadError::Missing { path: path.clone(), source });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        self.poll_directory();
        let mut files = self.lock();
        files.warn_of_unused_choices();
        files.is_open = true;
        self.publish(&files);
        match &sources.default {
            Some(name) if sources.directory.is_none() && self.registry.get(name).is_none() => {
                let names: Vec<&str> = files.sources.iter().filter_map(|s| s.name.as_deref()).collect();
                let names = names.join(", ");
                let problem = format!("--default-model {name:?} is not served; the models are {names}");
                Err(vec![LoadError::BadName(problem)])
            }
            _ => Ok(()),
        }
    }

    /// Polls every file and serves what has changed.
    pub fn poll(&self, trigger: Trigger) {
        // Not in the loop's head, which would hold the lock until its end.
        let load_locks = self.lock().load_locks(ModelSource::is_served);
        for load_lock in load_locks {
            // What went wrong is reported.
            let _ = self.load(&load_lock, Wanted::Content(trigger), ModelSource::is_served);
        }
        self.poll_directory();
    }

    /// Follows the files that come and go in the directory: loads the sources that have never been served.
    fn poll_directory(&self) {
        let (directory, known) = {
            let files = self.lock();
            (files.directory.clone(), files.in_directory())
        };
        let Some(directory) = directory else { return };
        let listed = match list(&directory, &known) {
            Ok(listed) => listed,
            // Its models stay: nothing is known about their files.
            Err(error) => {
                tracing::error!(directory = %directory.display(), %error, "cannot read the models' directory");
                return;
            }
        };
        let mut files = self.lock();
        files.update(listed);
        self.publish(&files);
        let new = files.to_be_served();
        drop(files);
        for (load_lock, trigger) in new {
            // As above.
            let _ = self.load(&load_lock, Wanted::Content(trigger), |source| !source.is_named());
        }
    }

    /// Loads a source's file under its load lock, if `is_meant` still accepts the source, and serves the result.
    fn load(&self, load_lock: &LoadLock, wanted: Wanted, is_meant: fn(&ModelSource) -> bool) -> Polled {
        let changes = blocking_lock(load_lock);
        let permit = self.memory.blocking_permit();
        self.load_with(load_lock, changes, permit, wanted, is_meant)
    }

    /// [`load`](Self::load) of a source that is locked, with a permit.
    pub(super) fn load_with(
        &self,
        load_lock: &LoadLock,
        mut changes: OwnedMutexGuard<ChangeDetector>,
        permit: LoadPermit,
        wanted: Wanted,
        is_meant: fn(&ModelSource) -> bool,
    ) -> Polled {
        let begun = {
            let files = self.lock();
            files.source(load_lock).filter(|source| is_meant(source)).map(|it| it.load_job(wanted, &files.policy))
        };
        let Some(job) = begun else { return Ok(None) };
        let outcome = job.run(&mut changes, &|bytes| self.reserve(load_lock, bytes));
        drop(permit);
        let mut files = self.lock();
        let polled = files.install(load_lock, outcome);
        self.publish(&files);
        if let Some(source) = files.source(load_lock) {
            self.report(source, &polled, files.is_open);
        }
        polled
    }

    /// Reserves `bytes`, the most that loading a source's file takes, beside the largest other file that may be loaded
    /// meanwhile. Informs the registry's observers if that is more than before.
    fn reserve(&self, load_lock: &LoadLock, bytes: usize) {
        let all = self.lock().note_memory(load_lock, bytes);
        if self.memory.grow_to(all) {
            self.registry.announce();
        }
    }

    /// Bytes that files loaded at once may take, by the largest ones so far. During a reload the registry's observers
    /// are informed of more before it is used.
    pub fn load_memory(&self) -> usize {
        self.memory.bytes()
    }

    /// Stops serving a model until it is reloaded. Requests that hold it finish.
    ///
    /// # Errors
    /// [`ReloadError`]: there is no such model, or it is the default one.
    pub fn unload(&self, name: &str) -> Result<(), ReloadError> {
        let mut files = self.lock();
        if files.policy.default.as_deref() == Some(name) {
            return Err(ReloadError::IsDefault(name.to_owned()));
        }
        let source = files.named(name)?;
        if !source.is_served() {
            return Err(ReloadError::UnknownModel(name.to_owned()));
        }
        source.unload();
        self.publish(&files);
        tracing::info!(model = name, "{name} was unloaded: no longer served");
        Ok(())
    }

    /// Logs and counts the result of a poll.
    pub(super) fn report(&self, source: &ModelSource, polled: &Polled, is_open: bool) {
        let (name, path) = (source.shown(), source.path.display());
        match polled {
            Ok(None) => {}
            Ok(Some(Reloaded { version, changed, .. })) => {
                // At the start all models are announced together.
                if *changed && is_open {
                    tracing::info!(model = name, version, "serving {name} version {version}");
                }
                self.metrics.reloaded(ReloadResult::Ok);
            }
            Err(error @ ReloadError::Overtaken(_)) => tracing::info!(model = name, "{error}"),
            Err(error) => {
                match source.current() {
                    Some(served) => {
                        let version = served.model.version();
                        served.note_reload(Some(error.to_string()));
                        tracing::error!(model = name, version, %error, "not reloaded; {name} goes on as {version}");
                    }
                    None if source.is_named() => tracing::error!(model = name, %error, "not loaded"),
                    None if source.waits_for.is_some() => {
                        tracing::error!(%path, %error, "not served as long as another model has its name");
                    }
                    None => tracing::error!(%path, %error, "not served; it is looked at again when it changes"),
                }
                self.metrics.reloaded(ReloadResult::Error);
            }
        }
    }

    /// Serves what the sources hold, if that has changed.
    pub(super) fn publish(&self, files: &ModelFiles) {
        if !files.is_open {
            return;
        }
        let models: Vec<_> = files.sources.iter().filter_map(ModelSource::current).collect();
        let before = self.registry.list();
        let same = before.len() == models.len() && before.iter().zip(&models).all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            self.registry.replace(models, &self.metrics);
        }
    }
}

/// Polls the models' files every `interval` and whenever a reload is requested, until the process stops.
pub async fn watch(reloader: Arc<Reloader>, lifecycle: Lifecycle, interval: Duration) {
    loop {
        let trigger = tokio::select! {
            () = tokio::time::sleep(interval) => Trigger::Timer,
            () = lifecycle.reload_requested() => Trigger::Request,
            () = lifecycle.stopped() => return,
        };
        let reloader = Arc::clone(&reloader);
        if tokio::task::spawn_blocking(move || reloader.poll(trigger)).await.is_err() {
            tracing::error!("checking the models' files panicked");
        }
    }
}
