//! One model's place: its file, what of it is served, what was before.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{Model, check_name};
use crate::serve::loader::{self, ContentHash, LoadError, Loaded};
use crate::serve::registry::{ServedModel, Snapshot};

use super::fingerprint::Touched;
use super::{Asked, ModelFile, ReloadError, Reloaded};

/// What holds for all models.
#[derive(Debug, Default)]
pub(super) struct ReloadPolicy {
    /// The default model's name; the first one served gives it when it was not told.
    pub(super) default: Option<String>,
    pub(super) allow_schema_change: bool,
}

/// How a look at a file went.
#[derive(Debug)]
pub(super) enum Look {
    /// Nothing new, and nobody asked.
    Nothing,
    /// The version told is served.
    Done(Reloaded),
    /// Nothing has changed for those who ask the model.
    Failed(ReloadError),
}

/// A model with the content that it was made of.
#[derive(Debug)]
struct Version {
    served: Snapshot,
    hash: ContentHash,
}

/// What the file held at the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Content(ContentHash),
    /// It was not there, or could not be read.
    Unreadable,
}

/// One model's place.
#[derive(Debug)]
pub(super) struct ModelSource {
    /// The registered name; the file's path while nothing of it has been served.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) in_directory: bool,
    touched: Touched,
    seen: Option<Seen>,
    current: Option<Version>,
    /// What was served before, kept for a rollback.
    previous: Option<Version>,
    /// Taken out by someone who asked for it: the clock does not bring it back.
    is_unloaded: bool,
}

impl ModelSource {
    /// The place of a file named by itself, loaded.
    pub(super) fn open(file: &ModelFile, policy: &mut ReloadPolicy) -> Result<Self, LoadError> {
        if let Some(name) = &file.name {
            check_name(name).map_err(LoadError::BadName)?;
        }
        let Loaded { model, hash } = loader::load(&file.path)?;
        let name = file.name.clone().unwrap_or_else(|| model.header().name.clone());
        let mut source = Self { name, in_directory: false, ..Self::in_directory(file.path.clone()) };
        source.seen = Some(Seen::Content(hash));
        source.install(model, hash, policy);
        Ok(source)
    }

    /// The place of a file in a directory, not looked at yet.
    pub(super) fn in_directory(path: PathBuf) -> Self {
        Self {
            name: path.display().to_string(),
            path,
            in_directory: true,
            touched: Touched::default(),
            seen: None,
            current: None,
            previous: None,
            is_unloaded: false,
        }
    }

    /// What is served.
    pub(super) fn current(&self) -> Option<Snapshot> {
        self.current.as_ref().map(|version| Arc::clone(&version.served))
    }

    /// True when something of it is served.
    pub(super) fn is_served(&self) -> bool {
        self.current.is_some()
    }

    /// True when it has a name of its own: it is served, or was until it was unloaded.
    pub(super) fn is_named(&self) -> bool {
        self.is_served() || self.is_unloaded
    }

    /// Serves nothing of it until it is asked for again. Its models are freed with the last request that holds them.
    pub(super) fn unload(&mut self) {
        (self.current, self.previous, self.seen, self.is_unloaded) = (None, None, None, true);
    }

    /// Looks at the file; serves it when its content is new and good.
    pub(super) fn look(&mut self, asked: Asked, policy: &mut ReloadPolicy) -> Look {
        match self.changed(asked) {
            Ok(None) if asked == Asked::Never => Look::Nothing,
            Ok(None) => self.unchanged(),
            Ok(Some((bytes, hash))) => self.take(&bytes, hash, policy),
            Err(error) => Look::Failed(error.into()),
        }
    }

    /// Serves a version by its name: the one before, or what the file holds.
    pub(super) fn choose(&mut self, version: &str, policy: &mut ReloadPolicy) -> Look {
        let is = |kept: &Option<Version>| kept.as_ref().is_some_and(|kept| kept.served.model.version() == version);
        if is(&self.current) {
            return self.unchanged();
        }
        if is(&self.previous) {
            return self.swap();
        }
        match self.read() {
            Ok((bytes, hash)) => match loader::verify(&self.path, &bytes) {
                Ok(model) if model.version() == version => self.take_model(model, hash, policy),
                Ok(model) => Look::Failed(self.unknown_version(version, Some(&model))),
                Err(error) => Look::Failed(error.into()),
            },
            Err(_) => Look::Failed(self.unknown_version(version, None)),
        }
    }

    /// Serves the first good content of a file in a directory, under the artifact's own name. `is_taken` knows the
    /// names of the others.
    pub(super) fn enter(&mut self, is_taken: impl Fn(&str) -> Option<PathBuf>, policy: &mut ReloadPolicy) -> Look {
        let (bytes, hash) = match self.changed(Asked::Never) {
            Ok(None) => return Look::Nothing,
            Ok(Some(content)) => content,
            Err(error) => return Look::Failed(error.into()),
        };
        let model = match loader::verify(&self.path, &bytes) {
            Ok(model) => model,
            Err(error) => return Look::Failed(error.into()),
        };
        let name = model.header().name.clone();
        if let Some(first) = is_taken(&name) {
            return Look::Failed(LoadError::SameName { name, first, second: self.path.clone() }.into());
        }
        self.name = name;
        self.install(model, hash, policy)
    }

    /// The file's content, when it is another than at the last look.
    fn changed(&mut self, asked: Asked) -> Result<Option<(Vec<u8>, ContentHash)>, LoadError> {
        if !self.touched.look(&self.path) && asked == Asked::Never {
            return Ok(None);
        }
        let read = self.read();
        let seen = read.as_ref().map_or(Seen::Unreadable, |(_, hash)| Seen::Content(*hash));
        let before = self.seen.replace(seen);
        let served = self.current.as_ref().map(|version| Seen::Content(version.hash));
        // The clock hears of each content once; whoever asks hears of everything that is not served.
        let is_old = served == Some(seen) || asked == Asked::Never && before == Some(seen);
        if is_old { Ok(None) } else { read.map(Some) }
    }

    fn read(&self) -> Result<(Vec<u8>, ContentHash), LoadError> {
        let bytes = loader::read(&self.path)?;
        let hash = loader::hash(&bytes);
        Ok((bytes, hash))
    }

    fn take(&mut self, bytes: &[u8], hash: ContentHash, policy: &mut ReloadPolicy) -> Look {
        if self.previous.as_ref().is_some_and(|previous| previous.hash == hash) {
            return self.swap();
        }
        match loader::verify(&self.path, bytes) {
            Ok(model) => self.take_model(model, hash, policy),
            Err(error) => Look::Failed(error.into()),
        }
    }

    fn take_model(&mut self, model: Model, hash: ContentHash, policy: &mut ReloadPolicy) -> Look {
        let fits = |old: &Version| model.schema().accepts_same_requests(old.served.model.schema());
        if !policy.allow_schema_change && !self.current.as_ref().is_none_or(fits) {
            return Look::Failed(ReloadError::SchemaDiffers { name: self.name.clone(), path: self.path.clone() });
        }
        self.install(model, hash, policy)
    }

    fn install(&mut self, model: Model, hash: ContentHash, policy: &mut ReloadPolicy) -> Look {
        let default = policy.default.get_or_insert_with(|| self.name.clone());
        let served = Arc::new(ServedModel::new(self.name.clone(), model, *default == self.name));
        self.is_unloaded = false;
        // What was kept before is freed here, off the request path.
        self.previous = self.current.replace(Version { served, hash });
        self.outcome(true)
    }

    /// Serves what was served before.
    fn swap(&mut self) -> Look {
        std::mem::swap(&mut self.current, &mut self.previous);
        self.outcome(true)
    }

    fn unchanged(&self) -> Look {
        self.outcome(false)
    }

    fn outcome(&self, changed: bool) -> Look {
        match &self.current {
            Some(Version { served, .. }) => {
                Look::Done(Reloaded { name: self.name.clone(), version: served.model.version().to_owned(), changed })
            }
            None => Look::Nothing,
        }
    }

    fn unknown_version(&self, version: &str, in_file: Option<&Model>) -> ReloadError {
        let kept = [&self.current, &self.previous].into_iter().flatten().map(|kept| &kept.served.model);
        let mut available: Vec<String> = Vec::new();
        for model in kept.chain(in_file) {
            if !available.iter().any(|known| known == model.version()) {
                available.push(model.version().to_owned());
            }
        }
        ReloadError::UnknownVersion { name: self.name.clone(), version: version.to_owned(), available }
    }
}
