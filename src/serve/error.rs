//! What can go wrong while models are loaded and asked. No HTTP status here: `http::problem` maps these errors to one.

use std::io;
use std::path::PathBuf;

use crate::model::prediction::PredictError;

/// There was no room within the admission wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server is over capacity")]
pub struct Overloaded;

/// Why a batch was not answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ComputeError {
    /// No memory or no permit within the admission wait.
    #[error("the server is over capacity")]
    Overloaded,
    /// The compute deadline passed.
    #[error("the prediction took longer than the compute timeout")]
    Deadline,
    /// The model's answer is not a finite number.
    #[error(transparent)]
    NotFinite(#[from] PredictError),
    /// The predictor panicked.
    #[error("the predictor panicked")]
    Panicked,
}

impl From<Overloaded> for ComputeError {
    fn from(_: Overloaded) -> Self {
        Self::Overloaded
    }
}

/// Why a file cannot be served. `Display` is one line: the file and what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is not there, or cannot be read: exit 66.
    #[error("{}: {source}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a valid model: exit 65.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Two models would have one name: exit 78.
    #[error("{} and {} are both called {name:?}; name one of them: --model OTHER={}", first.display(), second.display(), second.display())]
    SameName {
        /// The name.
        name: String,
        /// The file that has it.
        first: PathBuf,
        /// The file that would have it too.
        second: PathBuf,
    },
    /// A name that cannot stand in a URL, or a default that is not served: exit 78.
    #[error("{0}")]
    BadName(String),
}

impl LoadError {
    /// The exit code of its class, after sysexits.h.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Missing { .. } => 66,
            Self::Invalid { .. } => 65,
            Self::SameName { .. } | Self::BadName(_) => 78,
        }
    }
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
