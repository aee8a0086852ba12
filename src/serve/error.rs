//! What can go wrong while models are loaded and asked. No HTTP status here: `http::problem` maps these errors to one.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::prediction::PredictError;
use crate::text::shorten::shortened;

/// No memory and no permit were free within the admission wait.
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
    /// The answer for a row is not a finite number.
    #[error(transparent)]
    NotFinite(#[from] PredictError),
    /// The predictor panicked.
    #[error("the predictor panicked")]
    Panicked,
}

impl ComputeError {
    /// The same error, rows counted from the first of a stream of batches: this one begins with row `first`.
    #[must_use]
    pub fn counted_from(mut self, first: usize) -> Self {
        if let Self::NotFinite(error) = &mut self {
            error.row += first;
        }
        self
    }
}

impl From<Overloaded> for ComputeError {
    fn from(_: Overloaded) -> Self {
        Self::Overloaded
    }
}

/// Why a file cannot be served. `Display` is one line: the file and what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is missing or cannot be read.
    #[error("{}: {source}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not a valid model.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Choices of reading another library's model, given with an artifact.
    #[error("{}: it is an artifact, which has --answer, --iterations and --zero-as-missing inside: leave them out", path.display())]
    Options {
        /// The file.
        path: PathBuf,
    },
    /// A choice of reading another library's model that means nothing for this one.
    #[error("{}: {problem}", path.display())]
    Choice {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Two models have one name.
    #[error("{} and {} are both called {name:?}; {}", first.display(), second.display(), rename(second, *is_found))]
    SameName {
        /// The name.
        name: String,
        /// The file that has it already.
        first: PathBuf,
        /// The other file.
        second: PathBuf,
        /// The second model was found in a directory, not given by `--model`.
        is_found: bool,
    },
    /// A name that is not valid in a URL, or a default model that is not served.
    #[error("{0}")]
    BadName(String),
}

/// What to do about a file whose model has the name of another.
fn rename(file: &Path, is_found: bool) -> String {
    let file = file.display();
    if is_found {
        return format!("move one of them out of the directory and give it by itself: --model OTHER={file}");
    }
    format!("name one of them: --model OTHER={file}")
}

/// Why a model was not reloaded. The old version, if there is one, is served as before. `Display` is the public text.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// There is no such model.
    #[error("no model is called {}", shortened(.0))]
    UnknownModel(String),
    /// The version is neither served, nor the previous one, nor in the file.
    #[error("{name} has no version {}; it has {}", shortened(version), available.join(", "))]
    UnknownVersion {
        /// The model.
        name: String,
        /// The version asked for.
        version: String,
        /// The known versions.
        available: Vec<String>,
    },
    /// The default model is never unloaded.
    #[error("{0} is the default model and cannot be unloaded")]
    IsDefault(String),
    /// A client chose a version or unloaded the model while its file was judged: that stays.
    #[error("{0} was changed by another request while its file was judged; ask again to serve what the file holds")]
    Overtaken(String),
    /// Other files were loaded until the deadline of this load.
    #[error("{0} was not loaded: other loads took all of its time; ask again")]
    Busy(String),
    /// The load panicked, which is logged.
    #[error("a load did not end: {0}")]
    Failed(String),
    /// The file cannot be served.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The file's model takes other requests or gives other answers than the served one.
    #[error("{}: its schema differs from the one served as {name} ({difference}); --allow-schema-change allows that", path.display())]
    SchemaDiffers {
        /// The model.
        name: String,
        /// The file.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
}
