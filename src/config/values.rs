//! Parsers of flags' values: switches, counts, sizes, times, shares, addresses.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::bind::BindAddress;
use super::names::Names;

/// A value as an error tells it. What stands before `@` may be a secret.
pub(super) fn told(text: &str) -> String {
    text.rsplit_once('@').map_or_else(|| format!("is {text:?}"), |(_, end)| format!("ends with {end:?}"))
}

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

/// A finite number of at least 0.
pub(crate) fn amount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(amount) if amount.is_finite() && amount >= 0.0 => Ok(amount),
        _ => Err("expected a number of at least 0".to_owned()),
    }
}

/// A level above 0 and below 1.
pub(crate) fn level(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(level) if level > 0.0 && level < 1.0 => Ok(level),
        _ => Err("expected a level between 0 and 1, as 0.9".to_owned()),
    }
}

/// A share from 0 to below 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("expected a share from 0 to below 1".to_owned()),
    }
}

/// An address: IP:port, or `:port` and `localhost:port`, both of which are IPv4 loopback: a static binary has no
/// resolver.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    const EXAMPLES: &str =
        "such as 127.0.0.1:8000, localhost:8000, :8000 or [::1]:8000; 0.0.0.0:8000 for all interfaces";
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let local = text.strip_prefix("localhost").unwrap_or(text).strip_prefix(':');
    if let Some(port) = local.and_then(|port| port.parse().ok()) {
        return Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    }
    if let Ok(port) = text.parse::<u16>() {
        return Err(format!("a port alone; for loopback write :{port}, for all interfaces 0.0.0.0:{port}"));
    }
    Err(format!("expected an IP address and a port, {EXAMPLES}"))
}

/// An address, or `unix:` and the absolute path of a Unix socket.
pub(crate) fn bind_address(text: &str) -> Result<BindAddress, String> {
    match text.strip_prefix("unix:") {
        Some(path) if path.starts_with('/') && !path.ends_with('/') => Ok(BindAddress::Unix(path.into())),
        Some(_) => Err("expected the path of a socket from the root, such as unix:/run/smartserve.sock".to_owned()),
        None => {
            address(text).map(BindAddress::Tcp).map_err(|e| format!("{e}; or unix:/run/smartserve.sock, a Unix socket"))
        }
    }
}

/// What stands between columns: an ASCII character, or `tab`.
pub(crate) fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        b"space" => Ok(b' '),
        [byte] if byte.is_ascii_punctuation() && *byte != b'"' || matches!(byte, b'\t' | b' ') => Ok(*byte),
        _ => Err("expected one character such as , ; or |, or tab".to_owned()),
    }
}

/// What stands before the fraction of a number.
pub(crate) fn decimal(text: &str) -> Result<char, String> {
    match text {
        "." => Ok('.'),
        "," => Ok(','),
        _ => Err("expected . or ,".to_owned()),
    }
}

/// What stands between the thousands of a number.
pub(crate) fn thousands(text: &str) -> Result<char, String> {
    match text {
        "," => Ok(','),
        "." => Ok('.'),
        "'" => Ok('\''),
        "_" => Ok('_'),
        " " | "space" => Ok(' '),
        _ => Err("expected , . ' _ or space".to_owned()),
    }
}

/// Words: a CSV record of them, white space around each left out. A variable may hold several, a line each.
pub(crate) fn words(text: &str) -> Result<Names, String> {
    let words = records(text)?;
    if words.0.is_empty() || words.0.iter().any(String::is_empty) {
        return Err("expected words between commas; an empty cell is missing anyway".to_owned());
    }
    Ok(words)
}

fn records(text: &str) -> Result<Names, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut fields = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        fields.extend(record.iter().map(|field| field.trim().to_owned()));
    }
    Ok(Names(fields))
}

/// Names of columns: a CSV record, white space around each left out. A variable may hold several, a line each.
pub(crate) fn names(text: &str) -> Result<Names, String> {
    let Names(names) = records(text)?;
    if names.is_empty() || names.iter().any(String::is_empty) {
        return Err("expected names between commas; a column without a name is called by its place, as #1".to_owned());
    }
    Ok(Names(names))
}
