//! Models whose files change while they are served: read again off the request path, checked as at the start, swapped
//! whole. A bad file leaves the old model serving.
//!
//! Stands apart from the registry, which requests ask: this side knows files, content hashes and what was served
//! before. Everything here blocks on files and CPU; async code calls it by `spawn_blocking`, as [`watch`] does.

mod directory;
mod fingerprint;
mod model_source;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Serving;
use super::loader::LoadError;
use super::metrics::ReloadResult;
use model_source::{Look, ModelSource, ReloadPolicy};

/// Where models come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--model [NAME=]PATH`, in order. A bad one at the start is an error.
    pub files: Vec<ModelFile>,
    /// `--models DIR`: every `*.model` in it, under the artifact's own name. A bad one is skipped; files come and go.
    pub directory: Option<PathBuf>,
    /// `--default-model`; otherwise the first model found is the default one, for good.
    pub default: Option<String>,
    /// `--allow-schema-change`.
    pub allow_schema_change: bool,
}

/// One `--model`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// The name to serve it under; none: the artifact's own.
    pub name: Option<String>,
    /// The file.
    pub path: PathBuf,
}

/// What a reload came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reloaded {
    /// The model's registered name.
    pub name: String,
    /// The version that is served now.
    pub version: String,
    /// False when it was served already.
    pub changed: bool,
}

/// Why a model was not reloaded. The old one, if there is one, goes on. `Display` is the public text.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// No such model: 404.
    #[error("no model is called {0:?}")]
    UnknownModel(String),
    /// Neither what is served, nor what was before, nor what the file holds has this version: 404.
    #[error("{name} has no version {version:?}; it has {}", available.join(", "))]
    UnknownVersion {
        /// The model.
        name: String,
        /// What was asked for.
        version: String,
        /// The versions that there are.
        available: Vec<String>,
    },
    /// The default model stays as long as the process: 422.
    #[error("{0} is the default model and cannot be unloaded")]
    IsDefault(String),
    /// The file cannot be served: 422.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The file's model takes other requests or gives other answers than the one served: 409.
    #[error("{}: its schema differs from the one served as {name}; --allow-schema-change allows that", path.display())]
    SchemaDiffers {
        /// The model.
        name: String,
        /// The file.
        path: PathBuf,
    },
}

/// Who asks for a look at a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// The clock: only a change is worth a word.
    Never,
    /// A person or a program, which wants to hear how it went.
    Explicitly,
}

/// The files behind the models. One look at a time.
#[derive(Debug, Default)]
pub struct Reloader {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sources: Vec<ModelSource>,
    directory: Option<PathBuf>,
    policy: ReloadPolicy,
}

impl Reloader {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Serving {
    /// Loads what `sources` name and serves it from now on. In a directory bad files are skipped, logged and counted.
    ///
    /// # Errors
    /// [`LoadError`] of a file named by itself, two models of one name, a default that is not among them.
    pub fn open(&self, sources: &Sources) -> Result<(), LoadError> {
        let mut state = self.reloader.lock();
        state.directory.clone_from(&sources.directory);
        state.policy =
            ReloadPolicy { default: sources.default.clone(), allow_schema_change: sources.allow_schema_change };
        for file in &sources.files {
            let source = ModelSource::open(file, &mut state.policy)?;
            if let Some(first) = state.sources.iter().find(|s| s.name == source.name) {
                let (name, first) = (source.name.clone(), first.path.clone());
                return Err(LoadError::SameName { name, first, second: file.path.clone() });
            }
            state.sources.push(source);
        }
        directory::look(&mut state, self);
        state.publish(self);
        match &sources.default {
            Some(name) if sources.directory.is_none() && self.registry.get(name).is_none() => {
                let names: Vec<&str> = state.sources.iter().map(|s| s.name.as_str()).collect();
                let names = names.join(", ");
                Err(LoadError::BadName(format!("--default-model {name:?} is not served; the models are {names}")))
            }
            _ => Ok(()),
        }
    }

    /// Looks at every file and serves what has changed. `asked`: someone wants to know (SIGHUP), so that files which
    /// look untouched are read too, and unchanged ones are counted.
    pub fn look_at_models(&self, asked: bool) {
        let asked = if asked { Asked::Explicitly } else { Asked::Never };
        let mut state = self.reloader.lock();
        let State { sources, policy, .. } = &mut *state;
        for source in sources.iter_mut().filter(|source| source.is_served()) {
            let name = source.name.clone();
            self.tell(&name, source.look(asked, policy));
        }
        directory::look(&mut state, self);
        state.publish(self);
    }

    /// Serves what a model's file holds now, or the version asked for: what was served before, or what the file holds.
    /// A chosen version stays until the file's content changes.
    ///
    /// # Errors
    /// [`ReloadError`]; the model goes on as it was.
    pub fn reload(&self, name: &str, version: Option<&str>) -> Result<Reloaded, ReloadError> {
        let mut state = self.reloader.lock();
        let State { sources, policy, .. } = &mut *state;
        let source = sources.iter_mut().find(|source| source.name == name && source.is_named());
        let source = source.ok_or_else(|| ReloadError::UnknownModel(name.to_owned()))?;
        let look = match version {
            Some(version) => source.choose(version, policy),
            None => source.look(Asked::Explicitly, policy),
        };
        let outcome = self.tell(name, look);
        state.publish(self);
        // A look that was asked for always has something to say.
        outcome.unwrap_or_else(|| Err(ReloadError::UnknownModel(name.to_owned())))
    }

    /// Serves a model no longer, until it is reloaded. Requests that hold it go on.
    ///
    /// # Errors
    /// [`ReloadError`]: there is no such model, or it is the default one.
    pub fn unload(&self, name: &str) -> Result<(), ReloadError> {
        let mut state = self.reloader.lock();
        if state.policy.default.as_deref() == Some(name) {
            return Err(ReloadError::IsDefault(name.to_owned()));
        }
        let source = state.sources.iter_mut().find(|source| source.name == name && source.is_served());
        source.ok_or_else(|| ReloadError::UnknownModel(name.to_owned()))?.unload();
        state.publish(self);
        tracing::info!(model = name, "{name} was unloaded: no longer served");
        Ok(())
    }

    /// Logs and counts how a look went.
    fn tell(&self, name: &str, look: Look) -> Option<Result<Reloaded, ReloadError>> {
        match &look {
            Look::Nothing => return None,
            Look::Done(Reloaded { version, changed: true, .. }) => {
                tracing::info!(model = name, version, "serving {name} version {version}");
                self.metrics.reloaded(ReloadResult::Ok);
            }
            Look::Done(_) => self.metrics.reloaded(ReloadResult::Ok),
            Look::Failed(error) => {
                tracing::error!(model = name, %error, "not reloaded; what was served before goes on");
                self.metrics.reloaded(ReloadResult::Error);
            }
        }
        match look {
            Look::Nothing => None,
            Look::Done(outcome) => Some(Ok(outcome)),
            Look::Failed(error) => Some(Err(error)),
        }
    }
}

impl State {
    /// Serves what the slots hold, if that is anything else than before.
    fn publish(&self, serving: &Serving) {
        let models: Vec<_> = self.sources.iter().filter_map(ModelSource::current).collect();
        let before = serving.registry.list();
        let same = before.len() == models.len() && before.iter().zip(&models).all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            serving.registry.replace(models, &serving.metrics);
        }
    }
}

/// Looks at the models' files every `interval` and whenever a reload is asked for, until the process stops.
pub async fn watch(serving: Arc<Serving>, interval: Duration) {
    loop {
        let asked = tokio::select! {
            () = tokio::time::sleep(interval) => false,
            () = serving.lifecycle.reload_requested() => true,
            () = serving.lifecycle.stopped() => return,
        };
        let serving = Arc::clone(&serving);
        let look = tokio::task::spawn_blocking(move || serving.look_at_models(asked));
        if look.await.is_err() {
            tracing::error!("looking at the models' files panicked");
        }
    }
}
