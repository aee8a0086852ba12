//! How a report says whether a model is worth more than its baseline.

use std::fmt::{self, Formatter};

use super::numbers::short;
use crate::text::printable::printable;
use crate::train::evaluate::baseline::{Baseline, Gain};

/// What the baseline is: `the mean, 22.53`.
pub(super) fn called(baseline: &Baseline) -> String {
    let Baseline { answers_with, answer, .. } = baseline;
    let answer = answer.parse().map_or_else(
        |_| printable(answer).to_string(),
        |number: f64| if answers_with == "commonest class" { answer.clone() } else { short(number) },
    );
    format!("the {answers_with}, {answer}")
}

/// One sentence: is the model better than its baseline, by how much, beyond the folds' noise?
pub(super) fn sentence(f: &mut Formatter<'_>, baseline: &Baseline) -> fmt::Result {
    let is = |verdict: &str| baseline.gains.iter().any(|gain| gain.verdict == Some(verdict));
    let verdict = match baseline.gains.as_slice() {
        [] => return Ok(()),
        [Gain { verdict: None, .. }, ..] => "without folds the noise is not known",
        _ if is("better") && is("worse") => "beyond the folds' noise: better in one, worse in the other",
        _ if is("better") => "beyond the folds' noise: better than the baseline",
        _ if is("worse") => "beyond the folds' noise: WORSE than the baseline, which looks at no feature",
        _ => "within the folds' noise: NOT SHOWN to be better than the baseline, which looks at no feature",
    };
    let of_figure = |gain: &Gain| {
        let (less, more) = if gain.figure == "accuracy" { ("lower", "higher") } else { ("higher", "lower") };
        let way = if gain.gain < 0.0 { less } else { more };
        let noise = gain.standard_error.map(|error| format!(" ± {}", short(error))).unwrap_or_default();
        format!("{} {way} by {}{noise}", gain.figure, short(gain.gain.abs()))
    };
    let gains: Vec<String> = baseline.gains.iter().map(of_figure).collect();
    writeln!(f, "against the baseline ({}): {}; {verdict}", called(baseline), gains.join(", "))
}
