//! Numbers of reports, for people.

/// A figure with about four significant digits.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if (0.001..10.0).contains(&size) => format!("{value:.3}"),
        size if (10.0..1_000.0).contains(&size) => format!("{value:.2}"),
        size if (1_000.0..1e6).contains(&size) => format!("{value:.0}"),
        _ => format!("{value:.3e}"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a file's size for people")]
pub(crate) fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
