//! Polls the models' files and publishes what they hold in the registry.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::import::{ImportChoices, ImportOptions};
use crate::model::check_name;
use crate::serve::contents::looks_like_a_model;
use crate::serve::error::{LoadError, ReloadError};
use crate::serve::lifecycle::Lifecycle;
use crate::serve::metrics::{Metrics, ReloadResult};
use crate::serve::registry::Registry;

use super::model_source::{ModelFile, ModelSource, Polled, ReloadPolicy, Reloaded, Trigger};

/// The ending of an artifact in a directory.
const EXTENSION: &str = "model";

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
}

/// The files behind the models. One poll at a time.
#[derive(Debug)]
pub struct Reloader {
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    files: Mutex<ModelFiles>,
}

#[derive(Debug, Default)]
struct ModelFiles {
    sources: Vec<ModelSource>,
    directory: Option<PathBuf>,
    choices: ImportChoices,
    /// Files of the directory that are no model, each told once.
    skipped: HashSet<PathBuf>,
    policy: ReloadPolicy,
}

impl Reloader {
    /// A reloader without files. It publishes in `registry`.
    pub fn new(registry: Arc<Registry>, metrics: Arc<Metrics>) -> Self {
        Self { registry, metrics, files: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, ModelFiles> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
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
        files.policy =
            ReloadPolicy { default: sources.default.clone(), allow_schema_change: sources.allow_schema_change };
        let mut errors = Vec::new();
        for file in &sources.files {
            match ModelSource::open(file, &mut files.policy) {
                Ok(source) => match files.sources.iter().find(|s| s.name == source.name) {
                    Some(first) => {
                        let (name, first) = (source.name.clone(), first.path.clone());
                        errors.push(LoadError::SameName { name, first, second: file.path.clone() });
                    }
                    None => files.sources.push(source),
                },
                Err(error) => errors.push(error),
            }
        }
        if let Some(path) = &sources.directory
            && let Err(source) = std::fs::read_dir(path)
        {
            errors.push(LoadError::Missing { path: path.clone(), source });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        self.poll_directory(&mut files);
        self.publish(&files);
        match &sources.default {
            Some(name) if sources.directory.is_none() && self.registry.get(name).is_none() => {
                let names: Vec<&str> = files.sources.iter().map(|s| s.name.as_str()).collect();
                let names = names.join(", ");
                let problem = format!("--default-model {name:?} is not served; the models are {names}");
                Err(vec![LoadError::BadName(problem)])
            }
            _ => Ok(()),
        }
    }

    /// Polls every file and serves what has changed.
    pub fn poll(&self, trigger: Trigger) {
        let mut files = self.lock();
        let ModelFiles { sources, policy, .. } = &mut *files;
        for source in sources.iter_mut().filter(|source| source.is_served()) {
            let polled = source.poll(trigger, policy);
            self.report(source, &polled);
        }
        self.poll_directory(&mut files);
        self.publish(&files);
    }

    /// Follows the files that come and go in the directory: loads the sources that have never been served.
    fn poll_directory(&self, ModelFiles { sources, directory, choices, skipped, policy }: &mut ModelFiles) {
        let Some(directory) = directory else { return };
        match list(directory, sources, skipped) {
            Ok(files) => update(sources, files, choices),
            // Its models stay: nothing is known about their files.
            Err(error) => {
                tracing::error!(directory = %directory.display(), %error, "cannot read the models' directory");
                return;
            }
        }
        let (named, new): (Vec<_>, Vec<_>) = sources.iter_mut().partition(|source| source.is_named());
        let mut named: HashMap<_, _> = named.into_iter().map(|s| (s.name.clone(), s.path.clone())).collect();
        for source in new {
            let polled = source.load_new(&named, policy);
            self.report(source, &polled);
            if source.is_named() {
                named.insert(source.name.clone(), source.path.clone());
            }
        }
    }

    /// Serves what a model's file holds now, or the given version: the one served before, or the one in the file. A
    /// chosen version stays until the file's content changes.
    ///
    /// # Errors
    /// [`ReloadError`]; the model is served as before.
    pub fn reload(&self, name: &str, version: Option<&str>) -> Result<Reloaded, ReloadError> {
        let mut files = self.lock();
        let ModelFiles { sources, policy, .. } = &mut *files;
        let source = sources.iter_mut().find(|source| source.name == name && source.is_named());
        let source = source.ok_or_else(|| ReloadError::UnknownModel(name.to_owned()))?;
        let polled = match version {
            Some(version) => source.choose(version, policy),
            None => source.poll(Trigger::Request, policy),
        };
        self.report(source, &polled);
        self.publish(&files);
        // A request always has a result.
        polled?.ok_or_else(|| ReloadError::UnknownModel(name.to_owned()))
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
        let source = files.sources.iter_mut().find(|source| source.name == name && source.is_served());
        source.ok_or_else(|| ReloadError::UnknownModel(name.to_owned()))?.unload();
        self.publish(&files);
        tracing::info!(model = name, "{name} was unloaded: no longer served");
        Ok(())
    }

    /// Logs and counts the result of a poll.
    fn report(&self, source: &ModelSource, polled: &Polled) {
        let (name, path) = (source.name.as_str(), source.path.display());
        match polled {
            Ok(None) => {}
            Ok(Some(Reloaded { version, changed, .. })) => {
                // At the start all models are announced together.
                if *changed && !self.registry.is_empty() {
                    tracing::info!(model = name, version, "serving {name} version {version}");
                }
                self.metrics.reloaded(ReloadResult::Ok);
            }
            Err(error) => {
                match source.current() {
                    Some(served) => {
                        let version = served.model.version();
                        served.note_reload(Some(error.to_string()));
                        tracing::error!(model = name, version, %error, "not reloaded; {name} goes on as {version}");
                    }
                    None if source.is_named() => tracing::error!(model = name, %error, "not loaded"),
                    None => tracing::error!(%path, %error, "not served; it is looked at again when it changes"),
                }
                self.metrics.reloaded(ReloadResult::Error);
            }
        }
    }

    /// Serves what the sources hold, if that has changed.
    fn publish(&self, files: &ModelFiles) {
        let models: Vec<_> = files.sources.iter().filter_map(ModelSource::current).collect();
        let before = self.registry.list();
        let same = before.len() == models.len() && before.iter().zip(&models).all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            self.registry.replace(models, &self.metrics);
        }
    }
}

/// The paths of the models in a directory, in order: `*.model`, and what its content tells to be a model of another
/// library, a file or a directory. Hidden ones are left out; others that are no model are noted in `skipped`, and told once.
///
/// One that is a source already stays one while it is there: while it is written it may look like anything.
fn list(directory: &Path, sources: &[ModelSource], skipped: &mut HashSet<PathBuf>) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let is_known = |path: &PathBuf| sources.iter().any(|source| source.in_directory && source.path == *path);
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        let is_artifact = path.extension().is_some_and(|extension| extension == EXTENSION);
        if is_artifact || is_known(&path) || looks_like_a_model(&path) {
            files.push(path);
        } else if skipped.insert(path.clone()) {
            tracing::info!(path = %path.display(), "skipped: it is no model");
        }
    }
    files.sort();
    Ok(files)
}

/// Removes the sources whose files have gone from the directory and adds its new files.
fn update(sources: &mut Vec<ModelSource>, files: Vec<PathBuf>, choices: &ImportChoices) {
    sources.retain(|source| {
        let stays = !source.in_directory || files.contains(&source.path);
        if !stays && source.is_served() {
            tracing::info!(model = source.name, path = %source.path.display(), "its file has gone: no longer served");
        }
        stays
    });
    for path in files {
        if !sources.iter().any(|source| source.path == path) {
            let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
            let name = name.map(|name| name.to_string_lossy().into_owned());
            if let Some(name) = name.as_deref().filter(|name| check_name(name).is_err()) {
                let path = path.display();
                tracing::warn!(%path, "{name:?} cannot be a model's name: unless it has one of its own it is served as model");
            }
            sources.push(ModelSource::in_directory(path, options(name.as_deref(), choices)));
        }
    }
}

/// How an entry of a directory is read. Its name is what a model of another library is called that has none of its own.
fn options(entry: Option<&str>, choices: &ImportChoices) -> ImportOptions {
    let entry = entry.filter(|entry| check_name(entry).is_ok());
    let mut options = choices.of(entry);
    options.entry = options.name.take();
    options.is_for_all = !entry.is_some_and(|entry| choices.names(entry));
    options
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
            tracing::error!("looking at the models' files panicked");
        }
    }
}
