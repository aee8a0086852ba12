//! Which cells made an answer overflow: those farthest outside the training range. The model itself is not at fault, because
//! its golden rows have finite answers.

use super::neutral::Stop;
use super::prediction::OverflowingCell;
use super::schema::{Feature, Kind, Schema};

/// Most cells reported of one row.
const MOST: usize = 20;

/// The cells to blame: those that the model's own `stops` make no number of, else the farthest from training first; none
/// when the row holds no number.
pub(super) fn cells(schema: &Schema, row: &[f64], stops: &[Stop]) -> Vec<OverflowingCell> {
    if !stops.is_empty() {
        return stops.iter().take(MOST).map(|stop| stopped(schema, row, stop)).collect();
    }
    let numbers = schema.features().iter().zip(row).enumerate();
    let numbers = numbers.filter(|(_, (feature, value))| feature.kind == Kind::Numeric && !value.is_nan());
    let mut far: Vec<(f64, usize, f64)> =
        numbers.map(|(at, (feature, value))| (farness(feature, *value), at, *value)).collect();
    far.sort_by(|a, b| b.0.total_cmp(&a.0));
    let Some((farthest, ..)) = far.first() else { return Vec::new() };
    // What overflows is near the end of the range of numbers, which is logarithmic: half as far at least.
    let least = farthest.sqrt();
    let is_to_blame = |(i, (farness, ..)): &(usize, (f64, usize, f64))| *i == 0 || *farness >= least && *farness > 1.0;
    let blamed = far.into_iter().enumerate().filter(is_to_blame).take(MOST);
    let reported = blamed.map(|(_, (_, at, value))| {
        let feature = &schema.features()[at];
        let name = &feature.name;
        let detail =
            format!("{name} is {value:e}: with it the answer is beyond the range of numbers{}", feature.hint());
        OverflowingCell { feature: at, detail }
    });
    reported.collect()
}

/// The cell that a step makes no number of.
fn stopped(schema: &Schema, row: &[f64], stop: &Stop) -> OverflowingCell {
    let name = &schema.features()[stop.feature].name;
    let value = row[stop.feature];
    let is = match value {
        v if v.is_nan() => "missing".to_owned(),
        v if v == 0.0 || (1e-4..1e15).contains(&v.abs()) => format!("{v}"),
        v => format!("{v:e}"),
    };
    let detail = format!("{name} is {is}: {} makes no finite number of it", stop.operation);
    OverflowingCell { feature: stop.feature, detail }
}

/// Distance of a value outside the training range, in widths of the range; its size where the range is not known.
fn farness(feature: &Feature, value: f64) -> f64 {
    let (Some(min), Some(max)) = (feature.stats().min, feature.stats().max) else { return value.abs() };
    let width = (max - min).max(min.abs()).max(max.abs()).max(f64::MIN_POSITIVE);
    (value - value.clamp(min, max)).abs() / width
}
