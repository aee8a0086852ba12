//! Which cells made an answer overflow: those farthest outside the training range. The model itself is not at fault,
//! because its golden rows have finite answers.

use super::neutral::{Given, Stop};
use super::pipeline::Encoder;
use super::prediction::OverflowingCell;
use super::schema::{Feature, FeatureKind, Schema};

/// Most cells reported of one row.
const MOST: usize = 20;

/// The cells to blame: those of which a step makes no finite number, else the farthest from training first; none when
/// the row holds no number.
pub(super) fn cells(schema: &Schema, row: &[f64], encoder: &Encoder) -> Vec<OverflowingCell> {
    let stops = encoder.stops(row);
    if !stops.is_empty() {
        return stops.iter().take(MOST).map(|stop| stopped(schema, row, stop)).collect();
    }
    let given = encoder.given(row);
    let given = |at: usize| given.as_ref().map(|given| given[at]);
    let numbers = schema.features().iter().zip(row).enumerate();
    let numbers = numbers.filter(|(_, (feature, value))| feature.kind == FeatureKind::Numeric && !value.is_nan());
    let mut far: Vec<(f64, usize, f64)> =
        numbers.map(|(at, (feature, value))| (farness(feature, *value, given(at)), at, *value)).collect();
    far.sort_by(|a, b| b.0.total_cmp(&a.0));
    let Some((farthest, ..)) = far.first() else { return Vec::new() };
    // What overflows is near the end of the range of numbers, which is logarithmic: half as far at least.
    let least = farthest.sqrt();
    let is_to_blame = |(i, (farness, ..)): &(usize, (f64, usize, f64))| *i == 0 || *farness >= least && *farness > 1.0;
    let blamed = far.into_iter().enumerate().filter(is_to_blame).take(MOST);
    let reported = blamed.map(|(_, (_, at, value))| {
        let feature = &schema.features()[at];
        let (name, is) = (&feature.name, shown(value));
        let function = given(at).and_then(|given| given.function);
        let becomes = function
            .map_or_else(String::new, |(function, made)| format!(", and {function} makes {} of it", shown(made)));
        let hint = feature.hint();
        let detail = format!("{name} is {is}{becomes}: with it the answer is beyond the range of numbers{hint}");
        OverflowingCell { feature: at, detail }
    });
    reported.collect()
}

/// The cell that a step makes no number of.
fn stopped(schema: &Schema, row: &[f64], stop: &Stop) -> OverflowingCell {
    let Stop { feature, operation, made } = *stop;
    let name = &schema.features()[feature].name;
    let is = if row[feature].is_nan() { "missing".to_owned() } else { shown(row[feature]) };
    let detail = format!("{name} is {is}: {operation} makes {made} of it, and the model takes finite numbers alone");
    OverflowingCell { feature, detail }
}

fn shown(value: f64) -> String {
    if value == 0.0 || (1e-4..1e15).contains(&value.abs()) { format!("{value}") } else { format!("{value:e}") }
}

/// Distance of a value outside the training range, in widths of the range; where the range is not known, the size of
/// what the predictor is given of it.
fn farness(feature: &Feature, value: f64, given: Option<Given>) -> f64 {
    let size = given.map_or(value.abs(), |given| given.size);
    let (Some(min), Some(max)) = (feature.stats().min, feature.stats().max) else { return size };
    let width = (max - min).max(min.abs()).max(max.abs()).max(f64::MIN_POSITIVE);
    (value - value.clamp(min, max)).abs() / width
}
