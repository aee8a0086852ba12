//! What a model expects of a row and what it answers: features, target, task.
//!
//! Requests are judged by the schema alone; the dialects, the CSV reader and the OpenAPI document need nothing else of
//! the artifact.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::drift::Seen;
use super::labels::LabelKind;
use super::statistics::Stats;
use super::target::check_classes;
use crate::text::date::Instant;

pub use super::kind::FeatureKind;
pub use super::target::{MAX_CLASSES, Target, Task, numbered};

/// Features, and encoded columns, at most: tree nodes hold a column in 16 bits.
pub const MAX_COLUMNS: usize = 65_535;

/// The largest number of categories of a feature.
pub const MAX_CATEGORIES: usize = 65_536;

/// The text shown in place of statistics.
pub const NO_STATISTICS: &str = "none: the model was imported without data (import --data)";

/// What stands in for a missing cell, fitted on the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Impute {
    /// The median of a numeric feature; of a date in seconds since 1970.
    Median(f64),
    /// The most frequent category; ties: the first in byte order.
    MostFrequent(String),
}

/// One named input column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the artifact")]
pub struct Feature {
    /// The column's name, unique within a schema.
    pub name: String,
    /// How its cells are read.
    pub kind: FeatureKind,
    /// Unit of measurement, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// One sentence, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// True when the column encodes a protected attribute (`train --sensitive`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// The categories of the file that it was trained on, in byte order; empty for a numeric feature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Present only when that file had missing cells: then null is accepted in requests too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impute: Option<Impute>,
    /// True where the model itself has a rule for missing cells: null, an empty field and an absent column are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// True where the model has a rule for categories that are not listed: they are accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
    /// True where text is compared with the categories as it stands, blanks around it too: another library compares
    /// texts so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untrimmed: bool,
    /// True where the categories are numbers in the model's own library, which compares them as numbers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub numbers: bool,
    /// True where the name's `_` may have been blanks: `LightGBM` writes them so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blanks: bool,
    /// True where a numeric feature takes any number, infinite ones too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unbounded: bool,
    /// True for a model of another library: what is known about its columns comes from the data given with it.
    #[serde(skip)]
    pub is_imported: bool,
    /// What training saw; absent where a model of another library came without data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<Stats>,
}

/// Features in training order, the target and the task. At least one feature, names unique.
#[derive(Debug, Clone)]
pub struct Schema {
    features: Vec<Feature>,
    target: Target,
    labels: LabelKind,
    task: Task,
    by_name: HashMap<String, usize>,
}

impl Schema {
    /// Builds a schema.
    ///
    /// # Errors
    /// One sentence when there is no feature, a name is empty or given twice, a categorical feature lists no
    /// categories (or unsorted, or repeated ones), a numeric one lists some, an imputation does not fit its kind,
    /// or the classes do not fit the task; over [`MAX_COLUMNS`] features or
    /// [`MAX_CLASSES`] classes.
    pub fn new(features: Vec<Feature>, target: Target, task: Task) -> Result<Self, String> {
        if features.is_empty() {
            return Err("no features".to_owned());
        }
        if features.len() > MAX_COLUMNS {
            return Err(format!("{} features, more than {MAX_COLUMNS}", features.len()));
        }
        let mut by_name = HashMap::with_capacity(features.len());
        for (i, feature) in features.iter().enumerate() {
            feature.check()?;
            if by_name.insert(feature.name.clone(), i).is_some() {
                return Err(format!("feature {:?} is listed twice", feature.name));
            }
        }
        check_classes(&target, task)?;
        let labels = LabelKind::of(&target.classes);
        Ok(Self { features, target, labels, task, by_name })
    }

    /// The features, in schema order.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// How many features a row has.
    pub fn n_features(&self) -> usize {
        self.features.len()
    }

    /// The position of the feature called `name`, looked for at `guess` first: most bodies name features in
    /// order.
    pub fn position_near(&self, name: &str, guess: usize) -> Option<usize> {
        let is_there = self.features.get(guess).is_some_and(|feature| feature.name == name);
        if is_there { Some(guess) } else { self.position(name) }
    }

    /// The position of the feature called `name`; of one whose blanks another library wrote as `_`, by both names.
    pub fn position(&self, name: &str) -> Option<usize> {
        let with_blanks = || {
            let written = name.contains(' ').then(|| name.replace(' ', "_"))?;
            self.by_name.get(&written).copied().filter(|position| self.features[*position].blanks)
        };
        self.by_name.get(name).copied().or_else(with_blanks)
    }

    /// What is predicted.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How the target's classes are written in answers.
    pub fn label_kind(&self) -> LabelKind {
        self.labels
    }

    /// Regression, binary or multiclass.
    pub fn task(&self) -> Task {
        self.task
    }

    /// True when `other` asks the same of a row and answers in the same words: names, kinds, categories, whether
    /// null is accepted and a feature may be left out, the target's name and classes, the task. Statistics may differ.
    pub fn accepts_same_requests(&self, other: &Self) -> bool {
        self.task == other.task
            && self.target.name == other.target.name
            && self.target.classes == other.target.classes
            && self.target.outputs == other.target.outputs
            && self.features.len() == other.features.len()
            && self.features.iter().zip(&other.features).all(|(a, b)| {
                a.name == b.name
                    && a.kind == b.kind
                    && a.categories == b.categories
                    && a.accepts_missing() == b.accepts_missing()
                    && a.missing == b.missing
                    && a.unknown == b.unknown
                    && a.untrimmed == b.untrimmed
                    && a.numbers == b.numbers
                    && a.blanks == b.blanks
            })
    }
}

impl Feature {
    /// A numeric feature of a model of another library, with no statistics: any number, and missing cells where the
    /// model has a rule for them.
    pub fn imported(name: String, missing: bool) -> Self {
        Self {
            name,
            kind: FeatureKind::Numeric,
            unit: None,
            description: None,
            sensitive: false,
            categories: Vec::new(),
            impute: None,
            missing,
            unknown: false,
            untrimmed: false,
            numbers: false,
            blanks: false,
            unbounded: true,
            is_imported: true,
            stats: None,
        }
    }

    /// True when a missing cell is accepted: it is filled, or the model has a rule for it.
    pub fn accepts_missing(&self) -> bool {
        self.missing || self.impute.is_some()
    }

    /// What training saw: nothing, where there are no statistics.
    pub fn stats(&self) -> &Stats {
        static NOTHING: Stats = Stats::nothing();
        self.stats.as_ref().unwrap_or(&NOTHING)
    }

    /// What training saw of it, for values that it did not see.
    pub fn seen(&self) -> Seen {
        match (self.kind, self.stats().min.zip(self.stats().max)) {
            (FeatureKind::Categorical, _) => Seen::Categories(self.categories.len()),
            (_, Some((min, max))) => Seen::Range(min, max),
            (_, None) => Seen::Nothing,
        }
    }

    /// The imputed value as a batch holds it (a number, or a category's position).
    pub fn fill_value(&self) -> Option<f64> {
        match self.impute.as_ref()? {
            Impute::Median(v) => Some(*v),
            Impute::MostFrequent(c) => self.category_position(c).map(position_as_f64),
        }
    }

    /// The position of a category, by binary search: categories are in byte order.
    pub fn category_position(&self, category: &str) -> Option<usize> {
        self.categories.binary_search_by(|c| c.as_str().cmp(category)).ok()
    }

    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        if name.is_empty() {
            return Err("a feature has an empty name".to_owned());
        }
        if self.categories.len() > MAX_CATEGORIES {
            let n = self.categories.len();
            return Err(format!("feature {name:?}: {n} categories are more than {MAX_CATEGORIES}"));
        }
        if !self.categories.windows(2).all(|w| w[0] < w[1]) {
            return Err(format!("feature {name:?}: categories are not distinct and in byte order"));
        }
        match self.kind {
            FeatureKind::Categorical if self.categories.is_empty() => {
                return Err(format!("feature {name:?} is categorical but lists no categories"));
            }
            FeatureKind::Categorical => {}
            kind if !self.categories.is_empty() => {
                return Err(format!("feature {name:?} is {kind} but lists categories"));
            }
            kind if self.untrimmed || self.numbers => {
                return Err(format!("feature {name:?} is {kind} but compares categories"));
            }
            kind if kind.is_date() && self.unknown => {
                return Err(format!("feature {name:?} is {kind} but takes categories that are not listed"));
            }
            _ => {}
        }
        if self.missing && self.impute.is_some() {
            return Err(format!("feature {name:?}: a missing cell is filled, or the model's rule is for it, not both"));
        }
        match (&self.impute, self.kind) {
            (None, _) => Ok(()),
            (Some(Impute::Median(v)), FeatureKind::Numeric) if v.is_finite() => Ok(()),
            (Some(Impute::Median(v)), FeatureKind::Date(_)) if Instant::of_f64(*v).is_some() => Ok(()),
            (Some(Impute::MostFrequent(c)), FeatureKind::Categorical) if self.category_position(c).is_some() => Ok(()),
            _ => Err(format!("feature {name:?}: the imputed value does not fit the feature")),
        }
    }
}

/// A category's position as a batch holds it.
#[expect(clippy::cast_precision_loss, reason = "positions stay far below 2^53")]
pub(crate) fn position_as_f64(position: usize) -> f64 {
    position as f64
}
