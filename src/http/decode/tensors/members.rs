//! What the members of a request's objects have in common: error texts, and counts.

use crate::http::json::Value;
use crate::text::did_you_mean::nearest;
use crate::text::number::MAX_EXACT_F64;
use crate::text::shorten::shortened;

/// The text for a member that is unknown or of another kind. `members` are the known ones, each with its kind.
#[cold]
pub(super) fn misplaced(of: &str, members: &[(&str, &str)], key: &str, value: &Value<'_>) -> String {
    if let Some((_, kind)) = members.iter().find(|(member, _)| *member == key) {
        return format!("{key} must be {kind}, not {}", value.noun());
    }
    let names = || members.iter().map(|(member, _)| *member);
    format!("{of} has no member {}", unknown(key, names()))
}

/// A name that is not among `known`, and what may have been meant.
#[cold]
pub(super) fn unknown<'k>(name: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    let hint = match nearest(name, known.clone()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("it has {}", known.collect::<Vec<_>>().join(", ")),
    };
    format!("{}; {hint}", shortened(name))
}

#[cold]
pub(super) fn not_an_object(what: &str, value: &Value<'_>) -> String {
    format!("{what} must be an object, not {}", value.noun())
}

/// A number as a count, if it is a whole one below 2⁵³ (above, two whole numbers read the same).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a whole number below 2^53")]
pub(super) fn whole(number: f64) -> Option<usize> {
    (number.fract() == 0.0 && (0.0..MAX_EXACT_F64).contains(&number)).then_some(number as usize)
}
