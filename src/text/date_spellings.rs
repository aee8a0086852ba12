//! How writers of tables spell a date and a time.

use super::date::Instant;

/// Behind a clock that is in UTC, or of no zone.
const ZONES: [&str; 4] = ["", "Z", "+00:00", "+0000"];

/// Digits of a second's fraction: as few as there are, milli-, micro- and nanoseconds.
const FRACTIONS: [usize; 4] = [0, 3, 6, 9];

/// The texts that pandas, polars, databases and JSON have of a point in time, the year first: with `T` or a blank before
/// the clock, with and without a fraction, seconds and UTC; at midnight the date alone too. Each is there once.
pub fn date_spellings(at: Instant) -> Vec<String> {
    let [year, month, day, _, hour] = at.civil();
    let date = format!("{year:04}-{month:02}-{day:02}");
    let of_hour = at.seconds.rem_euclid(3_600);
    let (minute, second) = (of_hour / 60, of_hour % 60);
    let whole = format!("{hour:02}:{minute:02}:{second:02}");
    let nanoseconds = format!("{:09}", at.nanoseconds);
    let fits = |digits: &usize| nanoseconds[*digits..].bytes().all(|digit| digit == b'0');
    let mut clocks: Vec<String> = FRACTIONS
        .iter()
        .filter(|digits| fits(digits))
        .map(|digits| if *digits == 0 { whole.clone() } else { format!("{whole}.{}", &nanoseconds[..*digits]) })
        .collect();
    let shortest = nanoseconds.trim_end_matches('0');
    if !FRACTIONS.contains(&shortest.len()) {
        clocks.push(format!("{whole}.{shortest}"));
    }
    if second == 0 && at.nanoseconds == 0 {
        clocks.push(format!("{hour:02}:{minute:02}"));
    }
    let is_midnight = hour == 0 && minute == 0 && second == 0 && at.nanoseconds == 0;
    let mut all = if is_midnight { vec![date.clone()] } else { Vec::new() };
    for clock in &clocks {
        for zone in ZONES {
            all.extend(["T", " "].map(|between| format!("{date}{between}{clock}{zone}")));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed setup is a failed test")]

    use super::*;
    use crate::text::date::DateForm;

    #[test]
    fn each_spelling_is_read_as_the_same_point_in_time_and_stands_there_once() {
        for text in ["2024-01-05", "2024-01-05 10:30", "2024-01-05T10:30:07.25", "1969-12-31T23:59:59.000001"] {
            let at = Instant::parse(text, DateForm::YearFirst).unwrap();
            let all = date_spellings(at);
            assert!(all.iter().any(|spelling| spelling == text), "{text}: {all:?}");
            assert!(all.iter().all(|spelling| Instant::parse(spelling, DateForm::YearFirst) == Some(at)), "{all:?}");
            let mut once = all.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), all.len());
        }
    }
}
