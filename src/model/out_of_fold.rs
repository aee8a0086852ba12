//! Out-of-fold predictions of a regression, beside the residuals of its calibration: what a plot of predicted against
//! observed values needs. A classifier's stand in its calibration already.

use super::artifact::Opened;

/// The section's name.
pub const SECTION: &str = "out_of_fold";

/// The section of these predictions, one a row of the calibration, in its order, in the target's unit.
///
/// # Errors
/// postcard's sentence.
pub fn to_section(predictions: &[f64]) -> Result<Vec<u8>, String> {
    postcard::to_allocvec(predictions).map_err(|e| e.to_string())
}

/// Reads the section. postcard allocates no more than the bytes can fill.
///
/// # Errors
/// One sentence: not a list of numbers, or bytes left over.
pub fn decode(section: &[u8]) -> Result<Vec<f64>, String> {
    match postcard::take_from_bytes(section) {
        Ok((predictions, [])) => Ok(predictions),
        Ok((_, rest)) => Err(format!("the {SECTION} section has {} bytes too many", rest.len())),
        Err(e) => Err(format!("the {SECTION} section: {e}")),
    }
}

/// Checks an artifact's section, where there is one, for so many classes; 0 for regression.
///
/// # Errors
/// One sentence: what does not agree.
pub(super) fn check(opened: &Opened<'_>, n_classes: usize) -> Result<(), String> {
    let Some(section) = opened.section(SECTION) else { return Ok(()) };
    if n_classes > 0 {
        return Err(format!("there is an {SECTION} section, which is of numbers, and the model answers with classes"));
    }
    let Some(calibration) = &opened.header.calibration else {
        return Err(format!("there is an {SECTION} section without a calibration section"));
    };
    let predictions = decode(section)?;
    if predictions.len() as u64 != calibration.n {
        let (got, expected) = (predictions.len(), calibration.n);
        return Err(format!("the {SECTION} section has {got} predictions, the calibration {expected} rows"));
    }
    match predictions.iter().position(|prediction| !prediction.is_finite()) {
        Some(row) => Err(format!("the {SECTION} section's prediction of row {row} is not finite")),
        None => Ok(()),
    }
}
