//! Intervals in a report for people.

use std::fmt::{self, Formatter};

use super::numbers::short;
use crate::train::evaluate::coverage::Coverage;

/// One line: each level, the share of the test rows that it held, and how wide it was.
pub(super) fn line(f: &mut Formatter<'_>, levels: &[Coverage]) -> fmt::Result {
    let Some(first) = levels.first() else { return Ok(()) };
    let of_level = |c: &Coverage| {
        let size = match (c.mean_width, c.mean_set_size) {
            (Some(width), _) => format!("{} wide", short(width)),
            (_, size) => format!("{:.2} classes", size.unwrap_or_default()),
        };
        format!("{:.0} % held {:.1} % ({size})", 100.0 * c.level, 100.0 * c.coverage)
    };
    let what = if first.mean_width.is_some() { "intervals" } else { "sets" };
    let levels: Vec<String> = levels.iter().map(of_level).collect();
    writeln!(f, "{what} of {} test rows: {}", first.n, levels.join(", "))
}
