//! Columns of text in which a reader sees numbers or dates: why they are text, and what reads them. For sentences about
//! many categories.

use std::collections::BTreeMap;

use crate::model::schema::Feature;
use crate::table::{DateScan, Numerals, Spellings};
use crate::text::date::{DateForm, Instant};
use crate::text::flag::flag;
use crate::text::shorten::shortened;

/// Texts that are looked at to tell how a column is written.
const LOOKED_AT: usize = 256;

/// Most units of one column.
const MOST_UNITS: usize = 3;

/// Letters of a unit, at most.
const LONGEST_UNIT: usize = 6;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The end of a sentence about too many encoded columns: the feature with most categories, and why it is text if that
/// can be told. Empty where no feature has any.
pub(crate) fn widest(features: &[Feature]) -> String {
    let Some(feature) = features.iter().max_by_key(|feature| feature.categories.len()) else { return String::new() };
    let (name, n) = (&feature.name, feature.categories.len());
    match why_text(name, &feature.categories) {
        _ if n < 2 => String::new(),
        Some(why) => format!("; {name:?} has {n} categories: {why}"),
        None => format!("; {name:?} alone has {n} categories"),
    }
}

/// Why a column of these texts, each there once, is none of dates or numbers though most of them look so, and what to
/// do.
pub(super) fn why_text(name: &str, texts: &[String]) -> Option<String> {
    let few = &texts[..texts.len().min(LOOKED_AT)];
    if is_most(&DateScan::of(few)) {
        let dates = DateScan::of(texts);
        let (_, other) = dates.other_than(dates.commonest()).filter(|_| is_most(&dates))?;
        let (other, date) = (shortened(other), flag("--date", name));
        return Some(format!("most of its cells are dates, and {other} is none: {date} makes such cells an error"));
    }
    let most = |is_so: &dyn Fn(&str) -> bool| {
        let mut fitting = few.iter().filter(|text| is_so(text));
        let first = fitting.next()?;
        ((fitting.count() + 1) * 2 > few.len()).then(|| shortened(first))
    };
    if let Some(first) = most(&has_short_year) {
        return Some(format!("most of its cells are dates with a year of two digits, such as {first}: write all four"));
    }
    if let Some(first) = most(&has_month_name) {
        return Some(format!(
            "most of its cells are dates with the month's name, such as {first}: write them as 2021-03-04 (pandas: \
             to_datetime)"
        ));
    }
    if let Some(first) = most(&is_time_of_day) {
        return Some(format!(
            "most of its cells are times of a day, such as {first}: write seconds (pandas: \
             to_timedelta(…).dt.total_seconds())"
        ));
    }
    let first = most(&|text| unit(text).is_some())?;
    let mut units: BTreeMap<&str, usize> = BTreeMap::new();
    for unit in few.iter().filter_map(|text| unit(text)) {
        *units.entry(unit).or_default() += 1;
    }
    let what = format!("most of its cells are numbers with a unit, such as {first}");
    match units.keys().copied().collect::<Vec<_>>().as_slice() {
        [one] => Some(format!("{what}: write the numbers alone (pandas: str.replace({one:?}, \"\"))")),
        units if units.len() <= MOST_UNITS => {
            let units = units.join(", ");
            Some(format!("{what}: write them in one unit and without it (there are {units})"))
        }
        _ => None,
    }
}

/// True when most texts are dates of one form.
fn is_most(dates: &DateScan) -> bool {
    dates.n_of(dates.commonest()) * 2 > dates.n
}

/// `03/04/21`, `4.3.21`
fn has_short_year(text: &str) -> bool {
    let date = text.split(' ').next().unwrap_or_default();
    ['/', '.', '-'].into_iter().any(|mark| match date.split(mark).collect::<Vec<_>>().as_slice() {
        [first, second, year] => {
            let whole = [first, second].map(|part| part.parse::<u8>().unwrap_or_default());
            let is_day = whole.iter().all(|n| (1..=31).contains(n)) && whole.iter().any(|n| *n <= 12);
            is_day && year.len() == 2 && year.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    })
}

/// `Jan 5, 2021`, `01-January-2021`: a month's name or its first letters, and a number.
fn has_month_name(text: &str) -> bool {
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() >= 3);
    let is_month = |word: &str| MONTHS.iter().any(|month| month.starts_with(&word.to_ascii_lowercase()));
    has_digit && words.any(is_month)
}

/// `17:06:07`
fn is_time_of_day(text: &str) -> bool {
    Instant::parse(&format!("2000-01-01 {text}"), DateForm::YearFirst).is_some()
}

/// The unit of a number: `kg` of `10 kg` and `10kg`, `CHF` of `CHF 1.00`.
fn unit(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_number = |text: &str| {
        Numerals::default().parse(text).is_some() || Spellings::of(text).advice(text, Numerals::default()).is_some()
    };
    if let Some((code, number)) = text.split_once(' ') {
        let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if is_code && is_number(number) {
            return Some(code);
        }
    }
    let is_of_unit = |c: char| c.is_alphabetic() || matches!(c, '°' | '²' | '³' | '/');
    let number = text.trim_end_matches(is_of_unit);
    let unit = &text[number.len()..];
    let is_short = (1..=LONGEST_UNIT).contains(&unit.chars().count());
    (is_short && is_number(number.trim_end())).then_some(unit)
}
