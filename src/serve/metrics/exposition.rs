//! Writes the counts of `drift` as series when they are scraped, and decides which versions are shown.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::Model;

use super::drift::{Counts, Drift};
use super::families::{
    FEATURE_EXPECTED, FEATURE_VALUES, Families, Family, MODEL_INFO, PREDICTION_EXPECTED, PREDICTION_VALUES,
};

/// How long the series of a replaced version are still shown: its last counts are scraped then too.
const SHOWN_AFTER: Duration = Duration::from_mins(10);

/// The versions whose series are shown.
#[derive(Debug, Default)]
pub(super) struct Drifts {
    shown: Mutex<Vec<Shown>>,
}

#[derive(Debug)]
struct Shown {
    drift: Arc<Drift>,
    /// When the version was replaced; none while it is served.
    retired: Option<Instant>,
}

impl Drifts {
    /// The text of the versions that are shown now.
    pub(super) fn text(&self, with_bins: bool) -> DriftText {
        DriftText { drifts: self.lock().iter().map(|s| Arc::clone(&s.drift)).collect(), with_bins }
    }

    pub(super) fn watch(&self, families: &Families, name: &str, model: &Model) -> Arc<Drift> {
        let mut shown = self.lock();
        if let Some(known) = shown.iter_mut().find(|s| is(&s.drift, name, model.version())) {
            known.retired = None;
            return Arc::clone(&known.drift);
        }
        let drift = Arc::new(Drift::new(families, name, model));
        shown.push(Shown { drift: Arc::clone(&drift), retired: None });
        drift
    }

    pub(super) fn retire(&self, drift: &Drift) {
        if let Some(known) = self.lock().iter_mut().find(|s| is(&s.drift, &drift.model, &drift.version)) {
            known.retired = Some(Instant::now());
        }
    }

    /// Drops versions replaced over ten minutes ago, and what is counted per model when no version of it is left.
    pub(super) fn forget_expired(&self, families: &Families) {
        let mut shown = self.lock();
        let (kept, expired) = std::mem::take(&mut *shown)
            .into_iter()
            .partition::<Vec<_>, _>(|s| s.retired.is_none_or(|at| at.elapsed() < SHOWN_AFTER));
        *shown = kept;
        for Shown { drift, .. } in expired {
            forget(families, &drift, &shown);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is(drift: &Drift, name: &str, version: &str) -> bool {
    drift.model == name && drift.version == version
}

/// Drops the series that count a model over all its versions, where no version shown has them any more.
fn forget(families: &Families, drift: &Drift, shown: &[Shown]) {
    let versions: Vec<&Shown> = shown.iter().filter(|s| s.drift.model == drift.model).collect();
    for feature in &drift.features {
        let stays = versions.iter().any(|s| s.drift.features.iter().any(|f| f.name == feature.name));
        if !stays {
            // An error means that it is gone already: two versions expired together.
            let _ = families.out_of_range.remove_label_values(&[&drift.model, &feature.name]);
        }
    }
    if versions.is_empty() {
        let _ = families.prediction_rows.remove_label_values(&[&drift.model]);
        let _ = families.prediction_seconds.remove_label_values(&[&drift.model]);
    }
}

/// The counts of the versions as text. It is written here, because as the library's values thousands of series take
/// several times their text's bytes.
#[derive(Debug)]
pub(super) struct DriftText {
    drifts: Vec<Arc<Drift>>,
    /// False where only the versions are shown.
    with_bins: bool,
}

impl DriftText {
    /// Writes each family that has series.
    pub(super) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        let Self { drifts, with_bins } = self;
        if drifts.is_empty() {
            return Ok(());
        }
        head(out, MODEL_INFO, "gauge")?;
        for drift in drifts {
            line(out, MODEL_INFO, drift, &[&drift.algorithm], 1)?;
        }
        if !with_bins {
            return Ok(());
        }
        self.write_predictions(out, PREDICTION_VALUES, "counter", &|(_, seen, _)| Value::Count(seen))?;
        self.write_predictions(out, PREDICTION_EXPECTED, "gauge", &|(_, _, expected)| Value::Ratio(expected))?;
        self.write_features(out, FEATURE_VALUES, "counter", &|(_, seen, _)| Value::Count(seen))?;
        self.write_features(out, FEATURE_EXPECTED, "gauge", &|(_, _, expected)| Value::Ratio(expected))
    }

    fn write_predictions(&self, out: &mut dyn Write, family: Family, kind: &str, value: ValueOf<'_>) -> fmt::Result {
        head(out, family, kind)?;
        for drift in &self.drifts {
            for series in drift.predictions.iter().flat_map(Counts::series) {
                line(out, family, drift, &[series.0], value(series))?;
            }
        }
        Ok(())
    }

    fn write_features(&self, out: &mut dyn Write, family: Family, kind: &str, value: ValueOf<'_>) -> fmt::Result {
        head(out, family, kind)?;
        for drift in &self.drifts {
            for feature in &drift.features {
                for series in feature.counts.series() {
                    line(out, family, drift, &[&feature.name, series.0], value(series))?;
                }
            }
        }
        Ok(())
    }
}

/// The value of a bin's series: of its label, its count and its expected ratio.
type ValueOf<'a> = &'a dyn Fn((&str, u64, f64)) -> Value;

/// What a series shows.
enum Value {
    Count(u64),
    Ratio(f64),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Ratio(ratio) => ratio.fmt(f),
        }
    }
}

/// A family's two lines of comment.
fn head(out: &mut dyn Write, family: Family, kind: &str) -> fmt::Result {
    let Family { name, help, .. } = family;
    write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n")
}

/// A series of a version: `rest` are the values of its labels behind the model and the version.
fn line(out: &mut dyn Write, family: Family, drift: &Drift, rest: &[&str], value: impl fmt::Display) -> fmt::Result {
    out.write_str(family.name)?;
    let values = [drift.model.as_str(), drift.version.as_str()].into_iter().chain(rest.iter().copied());
    for (i, (label, value)) in family.labels.iter().zip(values).enumerate() {
        write!(out, "{}{label}=\"", if i == 0 { '{' } else { ',' })?;
        write_escaped(out, value)?;
        out.write_char('"')?;
    }
    writeln!(out, "}} {value}")
}

/// A label's value, as the text format escapes it.
fn write_escaped(out: &mut dyn Write, value: &str) -> fmt::Result {
    for part in value.split_inclusive(['\\', '"', '\n']) {
        let (text, escaped) = match part.as_bytes().last() {
            Some(b'\\') => (&part[..part.len() - 1], "\\\\"),
            Some(b'"') => (&part[..part.len() - 1], "\\\""),
            Some(b'\n') => (&part[..part.len() - 1], "\\n"),
            _ => (part, ""),
        };
        out.write_str(text)?;
        out.write_str(escaped)?;
    }
    Ok(())
}
