//! Random values for `--tune`. "log" draws are uniform in the logarithm; real numbers have three significant digits.

use super::Setting;
use crate::train::random::SplitMix64;

/// What draws depend on besides chance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DataShape {
    /// Rows that a fold's fit has at least.
    pub(crate) n_rows: f64,
    /// Encoded columns at most; at least 1.
    pub(crate) n_columns: u32,
    /// Standard deviation of the target; 1 for classes.
    pub(crate) spread: f64,
}

/// A number from `from` to `to`, log.
pub(super) fn log(random: &mut SplitMix64, from: f64, to: f64) -> Setting {
    Setting::Number(rounded(from * (to / from).powf(random.share())))
}

/// A number from `from` to `to`.
pub(super) fn uniform(random: &mut SplitMix64, from: f64, to: f64) -> Setting {
    Setting::Number(rounded(from + (to - from) * random.share()))
}

/// A count from `from` to `to`, log; `from` alone when `to` is below it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and some hundreds")]
pub(super) fn log_count(random: &mut SplitMix64, from: f64, to: f64) -> Setting {
    Setting::Count((from * (to.max(from) / from).powf(random.share())).round() as u64)
}

fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}
