//! Intervals in texts for people.

use std::fmt::{self, Display, Formatter};

use super::numbers::short;
use crate::model::artifact::Coverage;

/// Each level, the share of the test rows whose truth it held, and how wide it was: `of 102 test rows: 80 % held …`.
#[derive(Debug, Clone, Copy)]
pub struct CoverageText<'a>(&'a [Coverage]);

impl<'a> CoverageText<'a> {
    /// Of these levels; `None` where there are none.
    pub fn new(levels: &'a [Coverage]) -> Option<Self> {
        (!levels.is_empty()).then_some(Self(levels))
    }

    /// What they are of: `intervals`, or `sets` of classes.
    pub fn what(self) -> &'static str {
        if self.0.iter().any(|level| level.mean_width.is_some()) { "intervals" } else { "sets" }
    }
}

impl Display for CoverageText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let of_level = |c: &Coverage| {
            let size = match (c.mean_width, c.mean_set_size) {
                (Some(width), _) => format!("{} wide", short(width)),
                (_, size) => format!("{:.2} classes", size.unwrap_or_default()),
            };
            format!("{:.0} % held {:.1} % ({size})", 100.0 * c.level, 100.0 * c.coverage)
        };
        let n = self.0.first().map_or(0, |first| first.n);
        let levels: Vec<String> = self.0.iter().map(of_level).collect();
        write!(f, "of {n} test rows: {}", levels.join(", "))
    }
}
