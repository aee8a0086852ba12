//! How a feature's cells are read.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::date::DateForm;

/// How a feature's cells are read. A build that does not know a kind refuses the artifact by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum FeatureKind {
    /// Finite numbers.
    Numeric,
    /// One of [`Feature::categories`](super::schema::Feature::categories).
    Categorical,
    /// Dates and times, written in this form; a batch holds them as seconds since 1970.
    Date(DateForm),
}

impl FeatureKind {
    /// All of them.
    const ALL: [Self; 5] = [
        Self::Numeric,
        Self::Categorical,
        Self::Date(DateForm::YearFirst),
        Self::Date(DateForm::DayFirst),
        Self::Date(DateForm::MonthFirst),
    ];

    /// Its name in artifacts: `numeric`, `categorical`, `date`, `date-day-first`, `date-month-first`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Numeric => "numeric",
            Self::Categorical => "categorical",
            Self::Date(DateForm::YearFirst) => "date",
            Self::Date(DateForm::DayFirst) => "date-day-first",
            Self::Date(DateForm::MonthFirst) => "date-month-first",
        }
    }

    /// True for dates and times.
    pub fn is_date(self) -> bool {
        matches!(self, Self::Date(_))
    }
}

impl fmt::Display for FeatureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<FeatureKind> for &'static str {
    fn from(kind: FeatureKind) -> Self {
        kind.name()
    }
}

impl TryFrom<String> for FeatureKind {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| {
            let names = Self::ALL.map(|kind| format!("`{kind}`")).join(", ");
            format!("unknown kind `{name}`, expected one of {names}")
        })
    }
}
