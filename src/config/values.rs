//! Parsers of flags' values: switches, counts, sizes, times, shares.

use std::time::Duration;

/// A boolean: typed as a bare flag, or 1, 0, true or false in the environment.
pub(crate) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("expected 1, 0, true or false".to_owned()),
    }
}

/// A whole number of at least 1.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|n| *n >= 1);
    count.ok_or_else(|| "expected a whole number of at least 1".to_owned())
}

/// Bytes: `2MiB`, `64kB`, `512`.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let size: bytesize::ByteSize = text.parse().map_err(|_| "expected a size such as 512KiB or 2MiB".to_owned())?;
    usize::try_from(size.as_u64()).ok().filter(|n| *n > 0).ok_or_else(|| "the size is out of range".to_owned())
}

/// A duration: `250ms`, `10s`, `1m30s`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "expected a time such as 250ms or 10s".to_owned())
}

/// A share from 0 to below 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("expected a share from 0 to below 1".to_owned()),
    }
}
