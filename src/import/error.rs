//! What is wrong with a source, and where.

use std::fmt;

/// A source that is not read: the file, the place in it, what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    file: Option<String>,
    /// From the outermost to the innermost.
    place: Vec<String>,
    problem: String,
    /// It is a choice that was made for it, not the source.
    is_choice: bool,
}

impl ImportError {
    /// A problem, one sentence without the place.
    pub fn new(problem: impl fmt::Display) -> Self {
        Self { file: None, place: Vec::new(), problem: problem.to_string(), is_choice: false }
    }

    /// A choice that means nothing for this source, one sentence.
    pub fn of_choice(problem: impl fmt::Display) -> Self {
        Self { is_choice: true, ..Self::new(problem) }
    }

    /// True where a choice is wrong, and the source may be sound.
    pub fn is_choice(&self) -> bool {
        self.is_choice
    }

    /// The same error, within this place: a key, `trees[3]`, `line 12`, `byte 300`. The innermost place is added first.
    #[must_use]
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.place.insert(0, place.to_string());
        self
    }

    /// The same, in this file of the source, unless one is named already.
    #[must_use]
    pub fn in_file(mut self, name: &str) -> Self {
        self.file.get_or_insert_with(|| name.to_owned());
        self
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = self.file.as_ref().filter(|file| !file.is_empty()) {
            write!(f, "{file}: ")?;
        }
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place.join("."))?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ImportError {}

impl From<String> for ImportError {
    fn from(problem: String) -> Self {
        Self::new(problem)
    }
}
