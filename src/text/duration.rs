//! Durations for people.

use std::time::Duration;

/// A duration that goes on, to the second below ten minutes: `40 s`, `2 min 10 s`, `12 min`, `2.5 h`.
pub fn so_far(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 90..600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => rough(duration),
    }
}

/// A duration with about two digits: `40 s`, `3 min`, `2.5 h`.
#[expect(clippy::cast_precision_loss, reason = "a duration for people")]
pub fn rough(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..90 => format!("{seconds} s"),
        seconds @ 90..5_400 => format!("{} min", (seconds + 30) / 60),
        seconds => format!("{:.1} h", seconds as f64 / 3_600.0),
    }
}
