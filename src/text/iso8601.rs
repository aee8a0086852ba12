//! Dates and times of ISO 8601, as tables hold them.

const SECONDS_OF_A_DAY: i64 = 86_400;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, of a text such as `2024-01-31`, `2024-01`, `2024-01-31
/// 09:30`, `2024-01-31T09:30:15.25` or `2024-01-31T09:30:15+02:00`; without an offset it is taken for UTC. `None`: it
/// is another text, or there is no such day or time.
pub fn parse_time(text: &str) -> Option<i128> {
    let text = text.trim();
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let seconds = days(date)? * SECONDS_OF_A_DAY;
    let (of_day, nanoseconds) = time.map_or(Some((0, 0)), of_day)?;
    Some(i128::from(seconds + of_day) * 1_000_000_000 + i128::from(nanoseconds))
}

/// Days since 1970 of `2024-01-31` or `2024-01`.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let (year, month) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?);
    let day = parts.next().map_or(Some(1), |day| digits(day, 2))?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        _ => 31,
    };
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=length).contains(&day) {
        return None;
    }
    // Days from the civil calendar: a year begins in March, so that the leap day is its last.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = shifted_year.div_euclid(4) - shifted_year.div_euclid(100) + shifted_year.div_euclid(400);
    Some(shifted_year * 365 + leap_days + (153 * shifted_month + 2) / 5 + day - 1 - 719_468)
}

/// Seconds, and nanoseconds, of `09:30`, `09:30:15` or `09:30:15.25`, and an offset (`Z`, `+02:00`, `+0200`, `+02`).
fn of_day(time: &str) -> Option<(i64, i64)> {
    let at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, offset) = (time[..at].trim_end(), offset(&time[at..])?);
    let (clock, fraction) = clock.split_once(['.', ',']).map_or((clock, None), |(clock, part)| (clock, Some(part)));
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next();
    if fraction.is_some() && second.is_none() || parts.next().is_some() {
        return None;
    }
    let second = second.map_or(Some(0), |second| digits(second, 2))?;
    // 60 is a leap second.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let nanoseconds = fraction.map_or(Some(0), nanoseconds)?;
    Some((hour * 3_600 + minute * 60 + second - offset, nanoseconds))
}

/// Nanoseconds of the digits behind a second's point; more than nine are cut off.
fn nanoseconds(fraction: &str) -> Option<i64> {
    digits(fraction, fraction.len())?;
    digits(&format!("{fraction:0<9}")[..9], 9)
}

/// Seconds that a clock is ahead of UTC.
fn offset(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first() {
        None | Some(b'Z' | b'z') => return (text.len() <= 1).then_some(0),
        Some(b'+') => 1,
        _ => -1,
    };
    let clock = text[1..].replace(':', "");
    let (hours, minutes) = clock.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { 0 } else { digits(minutes, 2)? };
    Some(sign * (digits(hours, 2)? * 3_600 + minutes * 60))
}

/// A number of exactly so many digits.
fn digits(text: &str, n: usize) -> Option<i64> {
    (text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
