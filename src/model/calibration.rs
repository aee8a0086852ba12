//! Out-of-fold scores of the training rows: what intervals and prediction sets are made from.
//!
//! Kept in a section of its own rather than in the JSON head: a head is at most 16 MiB, the training rows are not.

use serde::{Deserialize, Serialize};

use super::artifact::Opened;

/// One entry a training row, in row order; with `--time` none of the earliest, which no fold held out. The served
/// estimator is fitted on all training rows; these scores come from the k-fold run, in which each row is scored by a
/// model that was not fitted on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Folds of the run.
    pub folds: u32,
    /// The fold that held the row out, shape `[n_rows]`.
    pub fold: Vec<u32>,
    /// The scores.
    pub scores: Scores,
}

/// Out-of-fold scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Scores {
    /// Regression.
    Residuals {
        /// Observed minus predicted, in the target's unit, shape `[n_rows]`.
        residual: Vec<f64>,
        /// Population standard deviation of the trees' answers for the row, from the model of its fold, shape
        /// `[n_rows]`; empty for other methods.
        difficulty: Vec<f64>,
    },
    /// Classification.
    Probabilities {
        /// Position of the observed class, shape `[n_rows]`.
        observed: Vec<u32>,
        /// Class probabilities, row-major `[n_rows, n_classes]` (1 and 0 where the method only votes for a class).
        probability: Vec<f64>,
    },
}

/// Reads an artifact's `calibration` section, where there is one, for this many classes; 0 for regression.
///
/// # Errors
/// One sentence: what does not agree.
pub(super) fn read(opened: &Opened<'_>, n_classes: usize) -> Result<Option<Calibration>, String> {
    match (opened.section("calibration"), &opened.header.calibration) {
        (None, None) => Ok(None),
        (Some(bytes), Some(info)) => {
            let calibration = Calibration::decode(bytes)?;
            calibration.check(info.n, info.folds, n_classes)?;
            Ok(Some(calibration))
        }
        _ => Err("header and payload disagree on calibration".to_owned()),
    }
}

impl Calibration {
    /// The `calibration` section.
    ///
    /// # Errors
    /// postcard's sentence.
    pub fn to_section(&self) -> Result<Vec<u8>, String> {
        postcard::to_allocvec(self).map_err(|e| e.to_string())
    }

    /// Reads a `calibration` section. postcard allocates no more than the bytes can fill.
    ///
    /// # Errors
    /// One sentence: not this shape, or bytes left over.
    pub fn decode(section: &[u8]) -> Result<Self, String> {
        match postcard::take_from_bytes(section) {
            Ok((calibration, [])) => Ok(calibration),
            Ok((_, rest)) => Err(format!("the calibration section has {} bytes too many", rest.len())),
            Err(e) => Err(format!("the calibration section: {e}")),
        }
    }

    /// Checks that every row has its entries and that they are in range. `n_classes` is 0 for regression.
    ///
    /// # Errors
    /// One sentence: what does not agree.
    pub fn check(&self, n: u64, folds: u32, n_classes: usize) -> Result<(), String> {
        let rows = self.fold.len();
        let finite = |values: &[f64]| values.iter().all(|v| v.is_finite());
        let fits = match &self.scores {
            Scores::Residuals { residual, difficulty } => {
                n_classes == 0
                    && residual.len() == rows
                    && (difficulty.is_empty() || difficulty.len() == rows)
                    && finite(residual)
                    && finite(difficulty)
                    && difficulty.iter().all(|d| *d >= 0.0)
            }
            Scores::Probabilities { observed, probability } => {
                n_classes > 0
                    && observed.len() == rows
                    && probability.len() == rows * n_classes
                    && observed.iter().all(|c| (*c as usize) < n_classes)
                    && probability.iter().all(|p| (0.0..=1.0).contains(p))
            }
        };
        if rows as u64 != n || self.folds != folds {
            return Err("header and calibration section disagree on rows or folds".to_owned());
        }
        if fits && self.fold.iter().all(|f| *f < folds) {
            return Ok(());
        }
        Err("the calibration section does not fit the model".to_owned())
    }
}
