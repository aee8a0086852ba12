//! Dates and times as tables hold them: ISO 8601, and what pandas, spreadsheets and databases write. Integer arithmetic
//! alone: no clock, and of time zones only offsets. A time without an offset is taken for UTC.

use std::fmt::Write;

const SECONDS_OF_A_DAY: i64 = 86_400;
/// 0001-01-01 and 10000-01-01, in seconds since 1970: dates lie between them.
const FIRST_AND_END: [i64; 2] = [-62_135_596_800, 253_402_300_800];
/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;
/// Of 400 years, after which the calendar repeats.
const DAYS_OF_AN_ERA: i64 = 146_097;

/// In which order a column writes day, month and year. A year of four digits in front (`2021-03-04`, `2021/3/4`) can be
/// read in one way only and is taken in every form; a year has four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateForm {
    /// `2021-03-04`, `2021-03`
    YearFirst,
    /// `04.03.2021`, `4/3/2021`, `04-03-2021`
    DayFirst,
    /// `3/4/2021`, `03-04-2021`; with dots the day is always first, and such a text is refused
    MonthFirst,
}

impl DateForm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::YearFirst, Self::DayFirst, Self::MonthFirst];

    /// What `--date COLUMN=FORM` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::YearFirst => "year-first",
            Self::DayFirst => "day-first",
            Self::MonthFirst => "month-first",
        }
    }

    /// Texts of it, as the end of a sentence.
    pub fn examples(self) -> &'static str {
        match self {
            Self::YearFirst => "2021-03-04, 2021-03-04T17:06:07Z or 2021-03-04 17:06:07+01:00",
            Self::DayFirst => "04.03.2021 or 4/3/2021 17:06 (the day first), or 2021-03-04T17:06:07Z",
            Self::MonthFirst => "3/4/2021 or 03/04/2021 5:06 PM (the month first), or 2021-03-04T17:06:07Z",
        }
    }

    /// A regular expression that the texts of this form match, without blanks around them; it does not know how many
    /// days a month has.
    pub fn pattern(self) -> String {
        const YEAR_FIRST: &str = r"\d{4}-\d{1,2}(-\d{1,2})?|\d{4}/\d{1,2}(/\d{1,2})?|\d{4}\.\d{1,2}(\.\d{1,2})?";
        const TIME: &str =
            r"[Tt ] *\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?([Zz]|UTC|GMT|[+-]\d{2}(:?\d{2})?))?";
        let more = match self {
            Self::YearFirst => "",
            Self::DayFirst => r"|\d{1,2}-\d{1,2}-\d{4}|\d{1,2}/\d{1,2}/\d{4}|\d{1,2}\.\d{1,2}\.\d{4}",
            Self::MonthFirst => r"|\d{1,2}-\d{1,2}-\d{4}|\d{1,2}/\d{1,2}/\d{4}",
        };
        format!("^({YEAR_FIRST}{more})({TIME})?$")
    }
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub seconds: i64,
    /// Nanoseconds after them, below 1,000,000,000.
    pub nanoseconds: u32,
}

impl Instant {
    /// Of a text such as `2024-01-31`, `2024-01`, `2024/1/31 9:30`, `2024-01-31T09:30:15.25`,
    /// `2024-01-31 09:30:15+02:00` or, as `form` says, `31.01.2024` or `1/31/2024 5:06 PM`. `None`: it is another text,
    /// there is no such day or time, or it is outside of the years 1 to 9999.
    pub fn parse(text: &str, form: DateForm) -> Option<Self> {
        let text = text.trim();
        let (date, time) = match text.find(['T', 't', ' ']) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let (of_day, nanoseconds) = time.map_or(Some((0, 0)), of_day)?;
        let seconds = days(date, form)? * SECONDS_OF_A_DAY + of_day;
        let [first, end] = FIRST_AND_END;
        (first..end).contains(&seconds).then_some(Self { seconds, nanoseconds })
    }

    /// Of a count since 1970 of which a second has so many (1, 1,000, 1,000,000 or 1,000,000,000), as column formats
    /// have it; `None` outside of the years 1 to 9999.
    pub fn of_count(count: i64, per_second: u32) -> Option<Self> {
        let per_second = i64::from(per_second.clamp(1, 1_000_000_000));
        let seconds = count.div_euclid(per_second);
        let nanoseconds = u32::try_from(count.rem_euclid(per_second) * (1_000_000_000 / per_second)).ok()?;
        let [first, end] = FIRST_AND_END;
        (first..end).contains(&seconds).then_some(Self { seconds, nanoseconds })
    }

    /// Seconds since 1970 as an `f64`: to the microsecond, of what is finer the beginning. From the year 2242 on `f64`
    /// has steps of up to 31 µs.
    #[expect(clippy::cast_precision_loss, reason = "seconds of the years 1 to 9999 are below 2^53")]
    pub fn to_f64(self) -> f64 {
        let seconds = self.seconds as f64 + f64::from(self.nanoseconds / 1_000) / 1e6;
        // The last moment of 9999 would be rounded up to 10000.
        seconds.min((FIRST_AND_END[1] as f64).next_down())
    }

    /// The instant, to the microsecond, of seconds since 1970; `None` outside of the years 1 to 9999.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole seconds of the years 1 to 9999, and 0 to 1,000,000 microseconds"
    )]
    pub fn of_f64(seconds: f64) -> Option<Self> {
        let whole = seconds.floor();
        let micros = ((seconds - whole) * 1e6).round() as u32;
        let [first, end] = FIRST_AND_END;
        // A cast of NaN or of too large a number gives one that is not in range, or 0.
        let seconds = if seconds.is_nan() { i64::MAX } else { whole as i64 };
        let carried = seconds.saturating_add(i64::from(micros / 1_000_000));
        let nanoseconds = micros % 1_000_000 * 1_000;
        (first..end).contains(&carried).then_some(Self { seconds: carried, nanoseconds })
    }

    /// Year, month (1 to 12), day (1 to 31), weekday (0 for Monday, as pandas counts) and hour (0 to 23), in UTC.
    pub fn civil(self) -> [i64; 5] {
        let days = self.seconds.div_euclid(SECONDS_OF_A_DAY);
        let [year, month, day] = civil_of(days);
        // 1970-01-01 was a Thursday.
        [year, month, day, (days + 3).rem_euclid(7), self.seconds.rem_euclid(SECONDS_OF_A_DAY) / 3_600]
    }
}

/// `2021-03-04` at midnight, else `2021-03-04T05:06:07Z` with what there is of a fraction.
impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [year, month, day, _, hour] = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        let of_day = self.seconds.rem_euclid(SECONDS_OF_A_DAY);
        if of_day == 0 && self.nanoseconds == 0 {
            return Ok(());
        }
        write!(f, "T{hour:02}:{:02}:{:02}", of_day / 60 % 60, of_day % 60)?;
        if self.nanoseconds > 0 {
            let mut fraction = String::new();
            write!(fraction, "{:09}", self.nanoseconds)?;
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// Days since 1970 of a date: `days_from_civil` of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". A
/// year begins in March there, so that the leap day is its last.
fn days(date: &str, form: DateForm) -> Option<i64> {
    let [year, month, day] = numbers(date, form)?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        _ => 31,
    };
    if year < 1 || !(1..=12).contains(&month) || !(1..=length).contains(&day) {
        return None;
    }
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = shifted_year.div_euclid(4) - shifted_year.div_euclid(100) + shifted_year.div_euclid(400);
    Some(shifted_year * 365 + leap_days + (153 * shifted_month + 2) / 5 + day - 1 - DAYS_TO_1970)
}

/// Year, month and day of days since 1970: the same author's `civil_from_days`.
fn civil_of(days: i64) -> [i64; 3] {
    let shifted = days + DAYS_TO_1970;
    let era = shifted.div_euclid(DAYS_OF_AN_ERA);
    let of_era = shifted.rem_euclid(DAYS_OF_AN_ERA);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    [year_of_era + era * 400 + i64::from(month <= 2), month, day]
}

/// Year, month and day as they are written; a month alone is its first day.
fn numbers(date: &str, form: DateForm) -> Option<[i64; 3]> {
    let separator = date.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let mut parts = date.split(separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    if first.len() == 4 {
        return Some([digits(first, 4)?, one_or_two(second)?, third.map_or(Some(1), one_or_two)?]);
    }
    let (first, second, year) = (one_or_two(first)?, one_or_two(second)?, digits(third?, 4)?);
    match form {
        DateForm::YearFirst => None,
        DateForm::DayFirst => Some([year, second, first]),
        DateForm::MonthFirst => (separator != '.').then_some([year, first, second]),
    }
}

/// Seconds, and nanoseconds, of `9:30`, `09:30:15`, `09:30:15.25` or `9:30 PM`, and an offset (`Z`, `UTC`, `+02:00`,
/// `+0200`, `+02`).
fn of_day(time: &str) -> Option<(i64, u32)> {
    let (clock, offset) = if let Some(clock) = time.strip_suffix("UTC").or_else(|| time.strip_suffix("GMT")) {
        (clock, 0)
    } else {
        let at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
        (&time[..at], offset(&time[at..])?)
    };
    let (clock, half) = half_of_day(clock.trim());
    let (clock, fraction) = clock.split_once(['.', ',']).map_or((clock, None), |(clock, part)| (clock, Some(part)));
    let mut parts = clock.split(':');
    let (hour, minute) = (one_or_two(parts.next()?)?, digits(parts.next()?, 2)?);
    let second = parts.next();
    if fraction.is_some() && second.is_none() || parts.next().is_some() {
        return None;
    }
    let second = second.map_or(Some(0), |second| digits(second, 2))?;
    let hour = match half {
        None => hour,
        Some(half) => (1..=12).contains(&hour).then_some(hour % 12 + 12 * half)?,
    };
    // 60 is a leap second.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let nanoseconds = fraction.map_or(Some(0), nanoseconds)?;
    Some((hour * 3_600 + minute * 60 + second - offset, nanoseconds))
}

/// A clock's text without AM (0) or PM (1), and which it has.
fn half_of_day(clock: &str) -> (&str, Option<i64>) {
    let ends = |word: &str| {
        let at = clock.len().checked_sub(word.len())?;
        clock.get(at..).filter(|end| end.eq_ignore_ascii_case(word)).map(|_| clock[..at].trim_end())
    };
    match (ends("AM"), ends("PM")) {
        (Some(clock), _) => (clock, Some(0)),
        (None, Some(clock)) => (clock, Some(1)),
        (None, None) => (clock, None),
    }
}

/// Nanoseconds of the digits behind a second's point; more than nine are cut off.
fn nanoseconds(fraction: &str) -> Option<u32> {
    let is_number = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("{fraction:0<9}")[..9].parse().ok())?
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
    let hours = digits(hours, 2)?;
    let minutes = if minutes.is_empty() { 0 } else { digits(minutes, 2)? };
    // Python and ISO 8601 have offsets of less than a day.
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// A number of one digit or two.
fn one_or_two(text: &str) -> Option<i64> {
    digits(text, 1).or_else(|| digits(text, 2))
}

/// A number of exactly so many digits.
fn digits(text: &str, n: usize) -> Option<i64> {
    (text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
