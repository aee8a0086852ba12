//! The numbers that a model is given of a date: its parts.
//!
//! A batch holds a date as seconds since 1970 in UTC, to the microsecond ([`Instant::to_f64`]); what is made of it is
//! made from that one number, wherever it came from.

use serde::{Deserialize, Serialize};

use super::drift::Cells;
use super::schema::Feature;
use crate::text::date::Instant;

/// A number that a step makes of a date, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatePart {
    /// The year.
    Year,
    /// 1 to 12.
    Month,
    /// The day of the month, 1 to 31.
    Day,
    /// 0 for Monday to 6, as pandas counts.
    Weekday,
    /// 0 to 23.
    Hour,
    /// Seconds since 1970-01-01, with their fraction.
    Seconds,
}

impl DatePart {
    /// All of them, in the order of the columns that they become.
    pub const ALL: [Self; 6] = [Self::Year, Self::Month, Self::Day, Self::Weekday, Self::Hour, Self::Seconds];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Weekday => "weekday",
            Self::Hour => "hour",
            Self::Seconds => "seconds",
        }
    }

    /// Of a date as a batch holds it; NaN of a missing one.
    #[expect(clippy::cast_precision_loss, reason = "years and what is smaller")]
    pub fn of(self, seconds: f64) -> f64 {
        if self == Self::Seconds {
            return seconds;
        }
        let Some(at) = Instant::of_f64(seconds) else { return f64::NAN };
        let [year, month, day, weekday, hour] = at.civil();
        let part = match self {
            Self::Year => year,
            Self::Month => month,
            Self::Day => day,
            Self::Weekday => weekday,
            Self::Hour => hour,
            Self::Seconds => at.seconds,
        };
        part as f64
    }
}

/// A date as a batch holds it, as text: `2021-03-04`, `2021-03-04T05:06:07Z`.
pub fn shown(seconds: f64) -> String {
    Instant::of_f64(seconds).map_or_else(|| format!("{seconds} seconds since 1970"), |at| at.to_string())
}

impl Feature {
    /// A number of this feature as people read it: of a date its text.
    pub fn shown(&self, value: f64) -> String {
        if self.kind.is_date() { shown(value) } else { format!("{value}") }
    }

    /// The cells that drift is counted in, as [`Cells::new`]; of dates the labels are dates.
    pub fn drift_cells(&self) -> Cells {
        let bins = &self.stats().bins;
        let mut labels = bins.labels(&self.categories);
        if self.kind.is_date() {
            labels.iter_mut().zip(&bins.edges).for_each(|(label, edge)| *label = shown(*edge));
        }
        Cells::labelled(bins, labels)
    }
}
