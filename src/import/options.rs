//! The options for reading a source.

use std::collections::BTreeMap;

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
    /// The name of its file or folder in a directory of models. Used if the source has no name, or only MLflow's
    /// default `model`.
    pub entry: Option<String>,
    /// Given for all models of a directory: artifacts there ignore it.
    pub is_for_all: bool,
}

/// The choices for several models: for all, and for some by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportChoices {
    all: ImportOptions,
    named: BTreeMap<String, ImportOptions>,
}

impl ImportChoices {
    /// Those of a model, or of all that have none of their own.
    pub fn of_mut(&mut self, name: Option<&str>) -> &mut ImportOptions {
        match name {
            Some(name) => self.named.entry(name.to_owned()).or_insert_with(|| self.all.clone()),
            None => &mut self.all,
        }
    }

    /// Those of a model; `None` is one that has no name of its own.
    pub fn of(&self, name: Option<&str>) -> ImportOptions {
        let named = name.and_then(|name| self.named.get(name));
        ImportOptions { name: name.map(str::to_owned), ..named.unwrap_or(&self.all).clone() }
    }

    /// True where some were made for a model by its name.
    pub fn names(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// The names that none of `names` is.
    pub fn unused<'a>(&'a self, names: &[&str]) -> impl Iterator<Item = &'a str> {
        self.named.keys().map(String::as_str).filter(|name| !names.contains(name))
    }
}

impl ImportOptions {
    /// True where rounds were chosen for this model, which not every model has.
    pub(super) fn chooses_rounds(&self) -> bool {
        self.iterations.is_some() && !self.is_for_all
    }

    /// True where something was chosen for this model, which an artifact has inside.
    pub fn are_given(&self) -> bool {
        let is_chosen = self.answers != Answers::default() || self.iterations.is_some() || self.zero_as_missing;
        is_chosen && !self.is_for_all
    }
}
