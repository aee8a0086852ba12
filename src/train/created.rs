//! Seconds since 1970 as RFC 3339, for `SOURCE_DATE_EPOCH`: no clock and no time zone involved.

const DAY: u64 = 86_400;

/// `2001-09-09T01:46:40Z` of 1000000000. `None` past the year 9999.
pub fn rfc3339(seconds: u64) -> Option<String> {
    let (mut days, rest) = (seconds / DAY, seconds % DAY);
    if days > 2_932_896 {
        return None;
    }
    let mut year = 1970;
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let mut month = 1;
    while days >= days_of_month(year, month) {
        days -= days_of_month(year, month);
        month += 1;
    }
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    Some(format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", days + 1))
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn days_of(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}
