//! What may be chosen when a source is read.

/// What `prediction` is for a classifier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Answers {
    /// The label, with the classes' probabilities beside it.
    #[default]
    Label,
    /// What the library's own `predict` gives.
    Library,
}

/// Which rounds of a boosted model are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Iterations {
    /// Up to the best one that early stopping noted.
    Best,
    /// All of them.
    All,
}

/// The choices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// What a classifier answers.
    pub answers: Answers,
    /// None: as the library's own `predict` does it.
    pub iterations: Option<Iterations>,
    /// A 0 is a missing cell, as in models fitted on sparse matrices.
    pub zero_as_missing: bool,
    /// The model's name; none: the source's own, else `model`.
    pub name: Option<String>,
}
