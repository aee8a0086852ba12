//! Maps that make a classifier's probabilities agree with how often they come true.

use serde::{Deserialize, Serialize};

/// Of a sigmoid's two numbers: the size at most, far beyond what any scores give.
const MOST: f64 = 1e9;

/// From the probability of a class, as the estimator gives it, to the calibrated one; both 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CalibrationMap {
    /// 1 / (1 + e^−(slope · p + intercept)).
    Sigmoid {
        /// What p is multiplied by.
        slope: f64,
        /// What is added.
        intercept: f64,
    },
    /// Straight lines between points; before the first and after the last it is constant.
    Isotonic {
        /// The points' probabilities, ascending.
        from: Vec<f64>,
        /// What they become: as many, none smaller than the one before.
        to: Vec<f64>,
    },
}

impl CalibrationMap {
    /// The calibrated probability.
    pub fn apply(&self, p: f64) -> f64 {
        match self {
            Self::Sigmoid { slope, intercept } => 1.0 / (1.0 + (-(slope * p + intercept)).exp()),
            Self::Isotonic { from, to } => {
                let after = from.partition_point(|x| *x <= p);
                let (Some(high), Some(before)) = (to.get(after), after.checked_sub(1)) else {
                    return if after == 0 { to[0] } else { to[to.len() - 1] };
                };
                let share = (p - from[before]) / (from[after] - from[before]);
                (to[before] + (high - to[before]) * share).min(*high)
            }
        }
    }

    /// The largest factor by which a small change of p is multiplied.
    fn steepest(&self) -> f64 {
        match self {
            Self::Sigmoid { slope, .. } => slope.abs() / 4.0,
            Self::Isotonic { from, to } => {
                let slope = |(x, y): (&[f64], &[f64])| (y[1] - y[0]) / (x[1] - x[0]);
                from.windows(2).zip(to.windows(2)).map(slope).fold(0.0, f64::max)
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        let shares = |values: &[f64]| values.iter().all(|v| (0.0..=1.0).contains(v));
        match self {
            Self::Sigmoid { slope, intercept } if slope.abs() <= MOST && intercept.abs() <= MOST => Ok(()),
            Self::Sigmoid { slope, intercept } => {
                Err(format!("a sigmoid of slope {slope} and intercept {intercept} is out of range"))
            }
            Self::Isotonic { from, to } if from.len() != to.len() || from.is_empty() => {
                Err(format!("an isotonic map has {} points and {} values", from.len(), to.len()))
            }
            Self::Isotonic { from, to } if !shares(from) || !shares(to) => {
                Err("an isotonic map has a number outside of 0 to 1".to_owned())
            }
            Self::Isotonic { from, .. } if !from.windows(2).all(|pair| pair[0] < pair[1]) => {
                Err("the points of an isotonic map do not ascend".to_owned())
            }
            Self::Isotonic { to, .. } if !to.windows(2).all(|pair| pair[0] <= pair[1]) => {
                Err("the values of an isotonic map descend".to_owned())
            }
            Self::Isotonic { .. } => Ok(()),
        }
    }
}

/// The maps of a classifier: one for the second of two classes; with more classes one per class, against the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrator {
    /// The maps, in class order.
    pub maps: Vec<CalibrationMap>,
}

impl Calibrator {
    /// The `calibrator` section.
    ///
    /// # Errors
    /// postcard's sentence.
    pub fn to_section(&self) -> Result<Vec<u8>, String> {
        postcard::to_allocvec(self).map_err(|e| e.to_string())
    }

    /// Reads a `calibrator` section for this many classes. postcard allocates no more than the bytes can fill.
    ///
    /// # Errors
    /// One sentence: not this shape, bytes left over, or maps that are none.
    pub fn decode(section: &[u8], n_classes: usize) -> Result<Self, String> {
        let calibrator: Self = match postcard::take_from_bytes(section) {
            Ok((calibrator, [])) => calibrator,
            Ok((_, rest)) => return Err(format!("the calibrator section has {} bytes too many", rest.len())),
            Err(e) => return Err(format!("the calibrator section: {e}")),
        };
        let n_maps = if n_classes == 2 { 1 } else { n_classes };
        if calibrator.maps.len() != n_maps {
            let got = calibrator.maps.len();
            return Err(format!("the calibrator section has {got} maps, {n_classes} classes have {n_maps}"));
        }
        let is_sigmoid = |map: &CalibrationMap| matches!(map, CalibrationMap::Sigmoid { .. });
        if calibrator.maps.iter().any(is_sigmoid) && !calibrator.maps.iter().all(is_sigmoid) {
            return Err("the calibrator section has maps of two kinds".to_owned());
        }
        let checked = calibrator.maps.iter().try_for_each(CalibrationMap::check);
        checked.map(|()| calibrator).map_err(|e| format!("the calibrator section: {e}"))
    }

    /// Calibrates probabilities in place, row-major `[n_rows, n_classes]`. Those of two classes are p and 1 − p; those
    /// of several are divided by their sum, and all the same where that is 0.
    #[expect(clippy::cast_precision_loss, reason = "there are 1,000 classes at most")]
    pub fn apply(&self, probability: &mut [f64]) {
        if let [map] = self.maps.as_slice() {
            for of_row in probability.as_chunks_mut::<2>().0 {
                let p = map.apply(of_row[1]);
                *of_row = [1.0 - p, p];
            }
            return;
        }
        for of_row in probability.chunks_exact_mut(self.maps.len()) {
            of_row.iter_mut().zip(&self.maps).for_each(|(p, map)| *p = map.apply(*p));
            let sum: f64 = of_row.iter().sum();
            if sum > 0.0 {
                for p in of_row {
                    *p /= sum;
                }
            } else {
                of_row.fill(1.0 / self.maps.len() as f64);
            }
        }
    }

    /// True when another CPU's `exp` may differ in it.
    pub fn is_portable(&self) -> bool {
        self.maps.iter().all(|map| matches!(map, CalibrationMap::Isotonic { .. }))
    }

    /// By how much a small change of a probability is multiplied at most, at least 1.
    pub fn steepest(&self) -> f64 {
        self.maps.iter().map(CalibrationMap::steepest).fold(1.0, f64::max)
    }

    /// `isotonic` or `sigmoid`.
    pub fn method(&self) -> &'static str {
        if self.is_portable() { "isotonic" } else { "sigmoid" }
    }
}
