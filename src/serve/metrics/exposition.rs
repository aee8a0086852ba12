//! Writes the counts of `drift` as series when they are scraped, and decides which versions are shown.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::Model;

use super::counts::Counts;
use super::drift::Drift;
use super::families::{
    FEATURE_DRIFT, FEATURE_EXPECTED, FEATURE_VALUES, Families, Family, MODEL_INFO, PREDICTION_DRIFT,
    PREDICTION_EXPECTED, PREDICTION_VALUES,
};

/// How long the series of a replaced version are still shown: its last counts are scraped then too.
const SHOWN_AFTER: Duration = Duration::from_mins(10);

/// A version's PSI: of each feature that is counted, then of the predictions.
type Psi = (Vec<Option<f64>>, Option<f64>);

/// A number with as many digits as a PSI may have: one near 0 is written with the zeros behind its point.
const WIDEST: f64 = 1.234_567_890_123_456_7e-20;

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
        self.text_with(with_bins, Drift::psi)
    }

    /// Text at least as long as that of the same versions ever is, but for the digits of counts.
    pub(super) fn widest_text(&self) -> DriftText {
        self.text_with(true, |drift| (vec![Some(WIDEST); drift.features.len()], Some(WIDEST)))
    }

    fn text_with(&self, with_bins: bool, psi: impl Fn(&Drift) -> Psi) -> DriftText {
        let shown = self.lock();
        let drifts = shown.iter().map(|s| Arc::clone(&s.drift)).collect();
        let served = shown.iter().filter(|s| s.retired.is_none());
        let served = served.map(|s| (Arc::clone(&s.drift), psi(&s.drift))).collect();
        DriftText { drifts, served, with_bins }
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
            let _ = families.unseen.remove_label_values(&[&drift.model, &feature.name]);
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
    /// Those that are served, with their PSI.
    served: Vec<(Arc<Drift>, Psi)>,
    /// False where only the versions are shown.
    with_bins: bool,
}

impl DriftText {
    /// Writes each family that has series.
    pub(super) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        if self.drifts.is_empty() {
            return Ok(());
        }
        head(out, MODEL_INFO, "gauge")?;
        for (drift, _) in &self.served {
            line(out, MODEL_INFO, &[&drift.model, &drift.version, &drift.algorithm], 1)?;
        }
        head(out, FEATURE_DRIFT, "gauge")?;
        for (drift, (features, _)) in &self.served {
            for (feature, psi) in drift.features.iter().zip(features).filter_map(|(f, psi)| Some((f, (*psi)?))) {
                line(out, FEATURE_DRIFT, &[&drift.model, &feature.name], psi)?;
            }
        }
        head(out, PREDICTION_DRIFT, "gauge")?;
        for (drift, psi) in self.served.iter().filter_map(|(drift, (_, psi))| Some((drift, (*psi)?))) {
            line(out, PREDICTION_DRIFT, &[&drift.model], psi)?;
        }
        if !self.with_bins {
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
                line(out, family, &[&drift.model, &drift.version, series.0], value(series))?;
            }
        }
        Ok(())
    }

    fn write_features(&self, out: &mut dyn Write, family: Family, kind: &str, value: ValueOf<'_>) -> fmt::Result {
        head(out, family, kind)?;
        for drift in &self.drifts {
            for feature in &drift.features {
                for series in feature.counts.series() {
                    let labels = [drift.model.as_str(), &drift.version, &feature.name, series.0];
                    line(out, family, &labels, value(series))?;
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

/// A series with these values of its labels.
fn line(out: &mut dyn Write, family: Family, values: &[&str], value: impl fmt::Display) -> fmt::Result {
    out.write_str(family.name)?;
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
