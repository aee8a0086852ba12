//! How the report of a classifier says what its probabilities are, and what its threshold trades for what.

use std::fmt::{self, Formatter};

use super::numbers::short;
use crate::model::algorithm::Algorithm;
use crate::model::prediction::Probabilities;
use crate::text::printable::printable;
use crate::train::evaluate::thresholds::TradeOff;

/// The figures that only probabilities have.
const OF_PROBABILITIES: &str = "log-loss, ROC AUC, average precision or Brier score";

/// What a method without probabilities does instead.
pub(super) fn without_probabilities(algorithm: Algorithm) -> String {
    format!("{algorithm} answers with a class alone, without probabilities")
}

/// Says what the probabilities are, where it is worth a word.
pub(super) fn probabilities(
    f: &mut Formatter<'_>,
    algorithm: Algorithm,
    kind: Option<&str>,
    calibrator: Option<&str>,
) -> fmt::Result {
    if kind == Some(Probabilities::Absent.as_str()) {
        writeln!(f, "{}: it has no {OF_PROBABILITIES}", without_probabilities(algorithm))?;
    }
    if kind == Some(Probabilities::Votes.as_str()) {
        writeln!(f, "probabilities are the shares of the trees that vote for a class")?;
    }
    if let Some(method) = calibrator {
        writeln!(f, "probabilities are calibrated ({method}), each fold's by a map that was fitted on the others'")?;
    }
    Ok(())
}

/// The table of thresholds: when `class`, the second, is answered.
pub(super) fn trade_off(
    f: &mut Formatter<'_>,
    class: &str,
    on: &str,
    rows: &[TradeOff],
    chosen_by: Option<&str>,
) -> fmt::Result {
    writeln!(f, "\n{} where its probability is above  ({on})", printable(class))?;
    writeln!(f, "threshold     rows  precision  recall     f1  false alarms")?;
    for row in rows {
        let (threshold, mark) = (short_threshold(row.threshold), if row.chosen { "  the model's" } else { "" });
        let (predicted, precision, recall, f1, alarms) =
            (row.predicted, row.precision, row.recall, row.f1, row.false_alarms);
        writeln!(
            f,
            "{threshold:<9}  {predicted:>7}  {precision:>9.3}  {recall:>6.3}  {f1:>5.3}  {alarms:>12.3}{mark}"
        )?;
    }
    if let Some(by) = chosen_by {
        writeln!(
            f,
            "the threshold was chosen by {by} on these rows, which flatters their classes; the holdout had no part in it"
        )?;
    }
    Ok(())
}

/// A threshold of up to four digits.
fn short_threshold(value: f64) -> String {
    let text = value.to_string();
    if text.len() <= 6 { text } else { short(value) }
}
