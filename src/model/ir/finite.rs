//! A check that all forms share.

/// Refuses numbers that are not finite; `what` names one of them.
pub(super) fn check_finite<'a>(
    what: impl std::fmt::Display,
    numbers: impl IntoIterator<Item = &'a f64>,
) -> Result<(), String> {
    if numbers.into_iter().all(|number| number.is_finite()) { Ok(()) } else { Err(format!("{what} is not finite")) }
}
