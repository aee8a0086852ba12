//! Counters added up over their labels: what one invocation of AWS Lambda added to them is their difference.

use prometheus::core::Collector as _;
use prometheus::proto::MetricFamily;

use super::families::Families;
use super::reason::ReloadResult;

/// Counts since the start of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows predicted, by all models.
    pub rows: u64,
    /// Panics that were caught.
    pub panics: u64,
    /// Models that were reloaded.
    pub reloads: u64,
    /// Reloads that failed.
    pub failed_reloads: u64,
    /// Log lines that were dropped.
    pub dropped_log_lines: u64,
}

impl Totals {
    pub(super) fn of(families: &Families) -> Self {
        let rows = families.prediction_rows.collect();
        let rows = rows.iter().flat_map(MetricFamily::get_metric).map(|metric| metric.get_counter().get_value());
        let [reloads, failed_reloads] =
            [ReloadResult::Ok, ReloadResult::Error].map(|result| families.reloads[result as usize].get());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts, whole and below 2⁵³")]
        let rows = rows.sum::<f64>() as u64;
        Self {
            rows,
            panics: families.panics.get(),
            reloads,
            failed_reloads,
            dropped_log_lines: families.log_lines_dropped.get(),
        }
    }

    /// What was added since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            rows: self.rows.saturating_sub(before.rows),
            panics: self.panics.saturating_sub(before.panics),
            reloads: self.reloads.saturating_sub(before.reloads),
            failed_reloads: self.failed_reloads.saturating_sub(before.failed_reloads),
            dropped_log_lines: self.dropped_log_lines.saturating_sub(before.dropped_log_lines),
        }
    }
}
