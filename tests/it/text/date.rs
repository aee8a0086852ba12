//! Dates and times: the instant that a text names, what is none, and how instants are written.

use smartserve::text::date::DateForm::{self, DayFirst, MonthFirst, YearFirst};
use smartserve::text::date::Instant;

const SECOND: i128 = 1_000_000_000;

fn nanoseconds(text: &str, form: DateForm) -> Option<i128> {
    Instant::parse(text, form).map(|at| i128::from(at.seconds) * SECOND + i128::from(at.nanoseconds))
}

#[test]
fn a_time_is_nanoseconds_since_1970() {
    let cases = [
        ("1970-01-01", 0),
        ("1970-01", 0),
        (" 1970-01-02 ", 86_400 * SECOND),
        ("1970/1/2", 86_400 * SECOND),
        ("1969-12-31T23:59:59.5Z", -SECOND / 2),
        ("2000-02-29T12:34:56Z", 951_827_696 * SECOND),
        ("2100-03-01 00:00", 4_107_542_400 * SECOND),
        ("2024-01-31T09:30:15.25", 1_706_693_415 * SECOND + SECOND / 4),
        ("2024-01-31T09:30:15,2500000004", 1_706_693_415 * SECOND + SECOND / 4),
        ("2024-01-31t11:30:15+02:00", 1_706_693_415 * SECOND),
        ("2024-01-31 04:00:15 -0530", 1_706_693_415 * SECOND),
        ("2024-01-31 11:30:15+02", 1_706_693_415 * SECOND),
        ("2024-01-31 09:30:15 UTC", 1_706_693_415 * SECOND),
        ("2024-1-31 9:30:15 am", 1_706_693_415 * SECOND),
        ("0001-01-01", -62_135_596_800 * SECOND),
        ("9999-12-31T23:59:59Z", 253_402_300_799 * SECOND),
    ];
    for (text, expected) in cases {
        for form in DateForm::ALL {
            assert_eq!(nanoseconds(text, form), Some(expected), "{text}");
        }
    }
}

#[test]
fn day_or_month_is_first_as_the_form_says() {
    let of = |text: &str, form| Instant::parse(text, form).map(|at| at.to_string());
    let march = Some("2021-03-04".to_owned());
    let april = Some("2021-04-03".to_owned());
    for text in ["4/3/2021", "04-03-2021", "04/03/2021 00:00", "4/3/2021 12:00 AM"] {
        assert_eq!((of(text, DayFirst), of(text, MonthFirst)), (march.clone(), april.clone()), "{text}");
        assert_eq!(of(text, YearFirst), None, "{text}");
    }
    assert_eq!((of("04.03.2021", DayFirst), of("04.03.2021", MonthFirst)), (march, None));
    assert_eq!(of("3/4/2021 5:06 PM", MonthFirst).as_deref(), Some("2021-03-04T17:06:00Z"));
    assert_eq!((of("13/4/2021", MonthFirst), of("4/13/2021", DayFirst)), (None, None));
    assert_eq!((of("3/4/21", MonthFirst), of("3/2021", MonthFirst)), (None, None));
    assert_eq!((of("3/4/2021 13:06 PM", MonthFirst), of("3/4/2021 0:06 AM", MonthFirst)), (None, None));
}

#[test]
fn what_is_no_day_or_time_is_none() {
    for text in [
        "",
        "2024",
        "20240131",
        "24-01-31",
        "2024-13-01",
        "2024-00-10",
        "0000-00-00",
        "0000-12-31",
        "2023-02-29",
        "1900-02-29",
        "2024-04-31",
        "2024-01/31",
        "2024-01-31-01",
        "2024-01-31T",
        "2024-01-31T24:00",
        "2024-01-31T09:60",
        "2024-01-31T09",
        "2024-01-31T09:30.5",
        "2024-01-31T09:30:15.",
        "2024-01-31T09:30:15.x",
        "2024-01-31T09:30+",
        "2024-01-31T09:30+2",
        "2024-01-31T09:30Zz",
        "2024-01-31T09:30:15:00",
        "9999-12-31T23:59:60Z",
        "0001-01-01T00:00+01:00",
        "2024-01-31T11:30+25:00",
        "2024-01-31T11:30-24:00",
        "2024-01-31T11:30+01:60",
        "+024-01-31",
        "2024-01-3é",
        "2024-01-31 é",
        "09:30:15",
        "1.5",
    ] {
        assert!(DateForm::ALL.into_iter().all(|form| Instant::parse(text, form).is_none()), "{text}");
    }
}

#[test]
fn an_f64_keeps_the_microsecond_and_its_text_gives_the_same_bits() {
    let texts = [
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00.000001Z",
        "2021-03-04T05:06:07.123456Z",
        "2021-03-04T05:06:07.123457Z",
        "2199-12-31T23:59:59.999999Z",
        "2021-03-04",
        "0001-01-01",
    ];
    for text in texts {
        let value = Instant::parse(text, YearFirst).unwrap().to_f64();
        assert_eq!(Instant::of_f64(value).unwrap().to_string(), text);
    }
    // Finer than f64 is there: the text may be another, the bits are the same.
    for text in ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.123456789Z", "2300-01-01T00:00:00.7Z"] {
        let value = Instant::parse(text, YearFirst).unwrap().to_f64();
        let shown = Instant::of_f64(value).unwrap().to_string();
        assert_eq!(Instant::parse(&shown, YearFirst).unwrap().to_f64().to_bits(), value.to_bits(), "{shown}");
    }
    for none in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e15, -1e15] {
        assert_eq!(Instant::of_f64(none), None, "{none}");
    }
}

#[test]
fn every_day_of_eight_centuries_comes_back_from_its_text() {
    for day in -150_000_i64..150_000 {
        let at = Instant { seconds: day * 86_400, nanoseconds: 0 };
        assert_eq!(Instant::parse(&at.to_string(), YearFirst), Some(at));
    }
    let civil = |text: &str| Instant::parse(text, YearFirst).unwrap().civil();
    assert_eq!(civil("2024-02-29T23:59:59.9Z"), [2024, 2, 29, 3, 23]);
    assert_eq!(civil("1969-12-28"), [1969, 12, 28, 6, 0]);
    assert_eq!(civil("1970-01-05 01:00+01:00"), [1970, 1, 5, 0, 0]);
}
