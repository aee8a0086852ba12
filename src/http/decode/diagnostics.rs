//! The errors of one body: each with a pointer to its place, at most 20 of them.

use crate::http::problem::FieldError;
use crate::model::schema::Schema;
use crate::text::did_you_mean::nearest;
use crate::text::shorten::{brief, shortened};

use super::places::Places;
use super::pointer::{self, Step};

/// The most errors in one answer.
pub(super) const MAX_REPORTED: usize = 20;

/// The errors of a body, in the order of their places.
#[derive(Debug, Default)]
pub struct Diagnostics {
    reported: Vec<FieldError>,
    has_more: bool,
    /// The line being read, where rows are lines.
    line: Option<usize>,
    places: Places,
}

impl Diagnostics {
    /// Notes an error at the place that `steps` lead to from the body's root.
    #[cold]
    pub fn add(&mut self, steps: &[Step<'_>], detail: impl FnOnce() -> String) {
        if self.is_full() {
            self.has_more = true;
        } else {
            let detail = self.line.map_or_else(String::new, |line| format!("line {line}: ")) + &detail();
            self.reported.push(FieldError::new(pointer::to(steps), detail));
        }
    }

    /// Notes how the body holds its rows.
    pub(super) fn set_places(&mut self, places: Places) {
        self.places = places;
    }

    /// How the body holds its rows.
    pub(super) fn places(&self) -> Places {
        self.places
    }

    /// Errors from here on are of this line, from 1.
    pub(super) fn set_line(&mut self, line: usize) {
        self.line = Some(line);
    }

    /// True when no more errors are kept: a did-you-mean for each of a million wrong cells would take seconds.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.reported.len() == MAX_REPORTED
    }

    /// True when nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.reported.is_empty()
    }

    /// The errors, and whether there may be more.
    pub fn into_errors(self) -> (Vec<FieldError>, bool) {
        (self.reported, self.has_more)
    }
}

/// The text for a name that the model does not know.
#[cold]
pub(in crate::http) fn unknown_feature(schema: &Schema, name: &str) -> String {
    const SHOWN: usize = 12;
    let names = || schema.features().iter().map(|f| f.name.as_str());
    let hint = match nearest(name, names()) {
        Some(near) => format!("; did you mean {near:?}?"),
        None if schema.n_features() <= SHOWN => {
            format!("; it has {}", names().map(brief).collect::<Vec<_>>().join(", "))
        }
        None => String::new(),
    };
    format!("{} is not a feature of this model{hint}", shortened(name))
}

/// The text for a feature that is missing.
#[cold]
pub(in crate::http) fn missing_feature(schema: &Schema, position: usize) -> String {
    let feature = &schema.features()[position];
    let null = match (&feature.impute, feature.missing) {
        (Some(_), _) => "; null is filled as in training",
        (None, true) => "; null is a missing cell",
        (None, false) => "",
    };
    format!("{} is missing{}{null}", brief(&feature.name), feature.hint())
}
