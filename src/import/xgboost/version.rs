//! The version of `XGBoost` that wrote a file: which are read, and which are tested.

use crate::import::error::ImportError;

/// The versions whose files are compared with the library's own answers.
const TESTED: [[i32; 2]; 5] = [[1, 7], [2, 1], [3, 0], [3, 1], [3, 2]];

/// The last major version whose files are read.
const LAST: i32 = 3;

/// Checks a file's version, `[major, minor, patch]`; a note for people where it is none of the tested ones.
///
/// # Errors
/// It is not there, or none of 1.0 to 3.x: what such a file means may have changed.
pub(super) fn check(version: &[i32]) -> Result<Option<String>, ImportError> {
    let refused = |problem: String| Err(ImportError::new(problem).within("version"));
    let [major, minor, ..] = *version else {
        return refused("it is not there: files of XGBoost 1.0 and later have it".to_owned());
    };
    if !(1..=LAST).contains(&major) || version.iter().any(|part| *part < 0) {
        let shown = shown(version);
        return refused(format!("the file is of XGBoost {shown}, read are files of 1.0 to {LAST}.x"));
    }
    let tested = TESTED.map(|tested| shown(&tested)).join(", ");
    let is_tested = TESTED.contains(&[major, minor]);
    Ok((!is_tested).then(|| format!("Read, not tested against XGBoost {major}.{minor}: tested are {tested}.")))
}

/// `3.2.0`
pub(super) fn shown(version: &[i32]) -> String {
    version.iter().map(ToString::to_string).collect::<Vec<String>>().join(".")
}
