//! Postprocessing of a classifier's probabilities: they are calibrated, and the class is chosen again.
//! Raw scores stay as they are.

use super::artifact::Opened;
use super::calibrator::Calibrator;
use super::prediction::Prediction;

/// The steps after a classifier's estimator; none by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Postprocessing {
    /// Calibrates probabilities.
    pub calibrator: Option<Calibrator>,
    /// Of two classes the second is answered where its probability is above this; `None`: above 0.5.
    pub threshold: Option<f64>,
}

impl Postprocessing {
    /// That of an artifact whose estimator answers for this many classes, 0 for numbers.
    ///
    /// # Errors
    /// One sentence: header and payload disagree, or the model has no such probabilities.
    pub(super) fn of(opened: &Opened<'_>, n_classes: usize, has_probability: bool) -> Result<Self, String> {
        let header = &opened.header;
        let calibrator = match (opened.section("calibrator"), &header.calibrator) {
            (None, None) => None,
            (Some(_), Some(_)) if !has_probability => {
                return Err("there is a calibrator, but the estimator has no probabilities".to_owned());
            }
            (Some(section), Some(method)) => {
                let calibrator = Calibrator::decode(section, n_classes)?;
                if calibrator.method() != method.as_str() {
                    return Err(format!("the calibrator is {}, the header says {method:?}", calibrator.method()));
                }
                Some(calibrator)
            }
            _ => return Err("header and payload disagree on the calibrator".to_owned()),
        };
        let threshold = match (opened.section("threshold"), &header.threshold) {
            (None, None) => None,
            (Some([]), Some(threshold)) if !(0.0..=1.0).contains(&threshold.above) => {
                return Err(format!("the threshold {} is not between 0 and 1", threshold.above));
            }
            (Some([]), Some(_)) if n_classes != 2 || !has_probability => {
                return Err("there is a threshold, but no probability of one of two classes".to_owned());
            }
            (Some([]), Some(threshold)) => Some(threshold.above),
            (Some([_, ..]), _) => return Err("the threshold section is not empty".to_owned()),
            _ => return Err("header and payload disagree on the threshold".to_owned()),
        };
        Ok(Self { calibrator, threshold })
    }

    /// What may differ on another CPU, of a share of 1e-12, where it was so much before; see
    /// [`Predictor::magnitudes`](super::compiled::Predictor::magnitudes).
    pub(super) fn magnitudes(&self, before: Option<Vec<f64>>, n_rows: usize) -> Option<Vec<f64>> {
        let Some(calibrator) = &self.calibrator else { return before };
        match before {
            Some(terms) => Some(terms.into_iter().map(|terms| terms * calibrator.steepest()).collect()),
            None if calibrator.is_portable() => None,
            None => Some(vec![1.0; n_rows]),
        }
    }

    /// True when answers stay what they are.
    pub fn is_empty(&self) -> bool {
        self.calibrator.is_none() && self.threshold.is_none()
    }

    /// Changes answers that have probabilities; others stay.
    pub fn apply(&self, prediction: &mut Prediction) {
        if self.is_empty() {
            return;
        }
        if let (Some(calibrator), Prediction::Classification { probability: Some(probability), .. }) =
            (&self.calibrator, &mut *prediction)
        {
            calibrator.apply(probability);
        }
        self.choose(prediction);
    }

    /// Chooses the classes of answers that have probabilities anew, of these as they are.
    pub fn choose(&self, prediction: &mut Prediction) {
        let Prediction::Classification { classes, probability: Some(probability) } = prediction else { return };
        if classes.is_empty() {
            return;
        }
        let n_classes = probability.len() / classes.len();
        for (class, of_row) in classes.iter_mut().zip(probability.chunks_exact(n_classes)) {
            *class = self.class(of_row);
        }
    }

    /// The class of a row: by the threshold, else that of the greatest probability; ties: the first.
    fn class(&self, of_row: &[f64]) -> u32 {
        if let (Some(threshold), [_, second]) = (self.threshold, of_row) {
            return u32::from(*second > threshold);
        }
        let mut best = (f64::MIN, 0);
        for (p, class) in of_row.iter().zip(0..) {
            if *p > best.0 {
                best = (*p, class);
            }
        }
        best.1
    }
}
