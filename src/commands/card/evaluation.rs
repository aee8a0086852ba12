//! The plots of a model's evaluation: rows of training, each answered by a model of the k-fold run that was not fitted
//! on it.

use crate::model::Model;
use crate::model::artifact::Opened;
use crate::model::calibration::{Calibration, Scores};
use crate::model::out_of_fold;

use super::curves::Curves;
use super::plot::{Plot, range, some};

/// Most classes with plots of their own.
const MAX_CLASSES: usize = 6;

/// Bars of the residuals' histogram.
const BARS: u32 = 20;

/// The plots, and a sentence about their rows; what is not there is said instead.
pub(super) fn plots(model: &Model, opened: &Opened<'_>) -> (Vec<String>, String) {
    let calibration = opened.section("calibration").and_then(|section| Calibration::decode(section).ok());
    let Some(Calibration { folds, scores, fold }) = calibration else {
        let why =
            "There are no plots: the file holds no out-of-fold scores (train --folds, import --data with --target).";
        return (Vec::new(), why.to_owned());
    };
    let n = fold.len();
    let about = if model.header().source.is_some() {
        format!("The {n} rows that were given to import.")
    } else {
        format!("The {n} training rows, each answered by the one of {folds} models that was not fitted on its fold.")
    };
    match scores {
        Scores::Residuals { residual, .. } => {
            let predicted = opened.section(out_of_fold::SECTION).and_then(|s| out_of_fold::decode(s).ok());
            (of_numbers(model, &residual, predicted.as_deref()), about)
        }
        Scores::Probabilities { observed, probability } => (of_classes(model, &observed, &probability), about),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a picture")]
fn of_numbers(model: &Model, residual: &[f64], predicted: Option<&[f64]>) -> Vec<String> {
    let target = &model.schema().target();
    let unit = target.unit.as_ref().map(|unit| format!(" [{unit}]")).unwrap_or_default();
    let (is, error) = (format!("{}{unit}", target.name), format!("observed − predicted{unit}"));
    let mut plots = Vec::new();
    if let Some(predicted) = predicted {
        let pairs: Vec<(f64, f64)> = some(residual.len()).map(|i| (predicted[i], predicted[i] + residual[i])).collect();
        let all = range(pairs.iter().flat_map(|(p, y)| [*p, *y]));
        let plot = Plot::new("Predicted and observed", (&format!("predicted {is}"), "observed"), all, all);
        plots.push(plot.line("guide", [(all.0, all.0), (all.1, all.1)]).dots(pairs).svg());
        let pairs: Vec<(f64, f64)> = some(residual.len()).map(|i| (predicted[i], residual[i])).collect();
        let (x, y) = (range(pairs.iter().map(|p| p.0)), range(pairs.iter().map(|p| p.1).chain([0.0])));
        let plot = Plot::new("Residuals", (&format!("predicted {is}"), &error), x, y);
        plots.push(plot.line("guide", [(x.0, 0.0), (x.1, 0.0)]).dots(pairs).svg());
    }
    let (low, high) = range(residual.iter().copied());
    let width = (high - low) / f64::from(BARS);
    if width > 0.0 && width.is_finite() {
        let edge = |i: u32| low + width * f64::from(i);
        let count = |i: u32| {
            let is_last = i + 1 == BARS;
            residual.iter().filter(|r| **r >= edge(i) && (**r < edge(i + 1) || is_last)).count() as f64
        };
        let bars: Vec<(f64, f64, f64)> = (0..BARS).map(|i| (edge(i), edge(i + 1), count(i))).collect();
        let most = bars.iter().map(|bar| bar.2).fold(0.0, f64::max);
        plots.push(Plot::new("How residuals spread", (&error, "rows"), (low, high), (0.0, most)).bars(bars).svg());
    }
    plots
}

fn of_classes(model: &Model, observed: &[u32], probability: &[f64]) -> Vec<String> {
    let classes = &model.schema().target().classes;
    let n_classes = classes.len();
    // Of two classes the second's say all.
    let shown = if n_classes == 2 { 1..2 } else { 0..n_classes.min(MAX_CLASSES) };
    let mut plots = Vec::new();
    for class in shown {
        let rows = probability.chunks_exact(n_classes).zip(observed);
        let rows = rows.map(|(p, observed)| (p[class], *observed as usize == class)).collect();
        let Some(curves) = Curves::new(rows) else { continue };
        let (name, unit) = (&classes[class], (0.0, 1.0));
        let plot = |title: &str, labels| Plot::new(&format!("{title}: {name}"), labels, unit, unit);
        let Curves { roc, precision_recall, trade_off, calibration, prevalence } = curves;
        let guide = [(0.0, 0.0), (1.0, 1.0)];
        let (false_alarms, recall) = ("false alarms (share of the others)", "found (recall)");
        plots.push(plot("ROC", (false_alarms, recall)).line("guide", guide).line("line", roc).svg());
        let flat = [(0.0, prevalence), (1.0, prevalence)];
        let labels = (recall, "right (precision)");
        plots.push(plot("Precision and recall", labels).line("guide", flat).line("line", precision_recall).svg());
        let labels = ("mean probability", "share observed");
        let dots = calibration.clone();
        plots.push(plot("Calibration", labels).line("guide", guide).line("line", calibration).dots(dots).svg());
        let labels = ("threshold", "precision (solid), recall (dashed)");
        let precision = trade_off.iter().map(|(t, precision, _)| (*t, *precision));
        let recall = trade_off.iter().map(|(t, _, recall)| (*t, *recall));
        let mut traded = plot("Threshold", labels).line("line", precision).line("second", recall);
        if n_classes == 2 {
            let above = model.header().threshold.as_ref().map_or(0.5, |threshold| threshold.above);
            traded = traded.line("guide", [(above, 0.0), (above, 1.0)]);
        }
        plots.push(traded.svg());
    }
    plots
}
