//! How often intervals hold the truth of rows that the model was not fitted on, and how wide they are.

use crate::model::artifact::Coverage;
use crate::model::compiled::Scratch;
use crate::model::conformal::Conformal;
use crate::model::intervals::Intervals;
use crate::model::prediction::Prediction;
use crate::train::data::split_data::LabeledBatch;
use crate::train::data::target::Observed;
use crate::train::evaluate::schedule::RunOutcome;

/// The levels that reports tell.
const LEVELS: [f64; 3] = [0.8, 0.9, 0.95];

/// Of a run and its test rows with their answers, at each level that there are scored rows for.
#[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 rows")]
pub(crate) fn of_test(
    outcome: &RunOutcome,
    n_classes: usize,
    tested: Option<&(&LabeledBatch, Prediction)>,
) -> Vec<Coverage> {
    let (Some(out_of_fold), Some((test, answers))) = (&outcome.out_of_fold, tested) else { return Vec::new() };
    let (n, pipeline) = (test.batch.n_rows(), &outcome.fitted.pipeline);
    let conformal = Conformal::new(&out_of_fold.calibration, n_classes).filter(|_| n > 0);
    let Some(conformal) = conformal else { return Vec::new() };
    let spread = if conformal.is_scaled() { pipeline.spread(&test.batch, 0..n, &mut Scratch::default()) } else { None };
    let of_level = |level: f64| {
        let q = conformal.quantile(level).ok()?;
        let intervals = conformal.intervals(answers, q, || spread.clone());
        let (held, size) = match (&intervals, &test.observed) {
            (Intervals::Ranges(ranges), Observed::Values(values)) => {
                let held = ranges.chunks_exact(2).zip(values).filter(|(r, v)| r[0] <= **v && **v <= r[1]).count();
                (held, ranges.chunks_exact(2).map(|range| range[1] - range[0]).sum::<f64>())
            }
            (Intervals::Sets { is_in, n_classes }, Observed::Classes(classes)) => {
                let held = is_in.chunks_exact(*n_classes).zip(classes).filter(|(set, c)| set[**c as usize]).count();
                (held, is_in.iter().filter(|is_in| **is_in).count() as f64)
            }
            _ => return None,
        };
        let mean = size / n as f64;
        let is_class = n_classes > 0;
        let (mean_width, mean_set_size) = ((!is_class).then_some(mean), is_class.then_some(mean));
        Some(Coverage { level, coverage: held as f64 / n as f64, mean_width, mean_set_size, n: n as u64 })
    };
    LEVELS.into_iter().filter_map(of_level).collect()
}
