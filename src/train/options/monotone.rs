//! `--monotone`: the direction in which answers may move with a feature.

use std::fmt;
use std::str::FromStr;

/// A constraint on a numeric feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monotone {
    /// A greater value never answers less.
    Rising,
    /// A greater value never answers more.
    Falling,
}

/// A feature and its constraint, as `age=+1` and `price=-1` give them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonotoneFeature {
    /// The feature's name.
    pub feature: String,
    /// Its direction.
    pub direction: Monotone,
}

impl FromStr for MonotoneFeature {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (feature, direction) =
            text.rsplit_once('=').ok_or_else(|| format!("{text:?} is not COLUMN=+1 or COLUMN=-1"))?;
        let direction = match direction.trim() {
            "+1" | "1" => Monotone::Rising,
            "-1" => Monotone::Falling,
            other => return Err(format!("{other:?} is not +1 or -1")),
        };
        Ok(Self { feature: feature.trim().to_owned(), direction })
    }
}

impl fmt::Display for MonotoneFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.direction == Monotone::Rising { "+1" } else { "-1" };
        write!(f, "{}={direction}", self.feature)
    }
}
