//! Categories by name: what pandas called them, and the numbers that the model knows them by.
//!
//! `pandas_categorical` has a list for each column of type `category`, in the order of the columns, without their
//! names: a category's number is its position. Which columns those are follows from `feature_infos`.

use serde::Deserialize;
use serde::de::{self, Visitor};

use super::lines::Line;
use crate::import::error::ImportError;
use crate::text::number::MAX_EXACT_F64;

/// A category's name, as text: of a number its digits, of a truth value `True` or `False`, as pandas shows it.
struct Name {
    text: String,
    /// True where it is text in pandas too.
    is_text: bool,
}

impl Name {
    fn of(text: String) -> Self {
        Self { text, is_text: false }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl Visitor<'_> for Names {
            type Value = Name;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a category: text, a number, true or false")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
                self.visit_string(text.to_owned())
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Name, E> {
                Ok(Name { text, is_text: true })
            }

            fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Name, E> {
                Ok(Name::of(if truth { "True" } else { "False" }.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Name, E> {
                Ok(Name::of(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Name, E> {
                Ok(Name::of(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Name, E> {
                if number.abs() < MAX_EXACT_F64 {
                    return Ok(Name::of(format!("{number:?}")));
                }
                Err(E::custom(format_args!("the category {number} is a number from 2^53 on, which is not read")))
            }
        }
        deserializer.deserialize_any(Names)
    }
}

/// The categories of one column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Named {
    /// Their names, in byte order.
    pub(super) names: Vec<String>,
    /// The number of each.
    pub(super) codes: Vec<f64>,
    /// True where they are texts in pandas, blanks and all.
    pub(super) are_texts: bool,
}

/// Reads the names of categories; of a model without, none. One place a column, `None` for one without names.
///
/// # Errors
/// It is not JSON of lists of names, a name is there twice, or it is not certain which list is of
/// which column.
pub(super) fn named(line: Option<(Line<'_>, &str)>, infos: &[&str]) -> Result<Vec<Option<Named>>, ImportError> {
    let nothing = || infos.iter().map(|_| None).collect();
    let Some((line, json)) = line else { return Ok(nothing()) };
    let read = || -> Result<Vec<Option<Named>>, ImportError> {
        let lists: Option<Vec<Vec<Name>>> = serde_json::from_str(json).map_err(ImportError::new)?;
        let lists = lists.unwrap_or_default();
        let lengths: Vec<usize> = lists.iter().map(Vec::len).collect();
        let columns = columns(&lengths, infos)?;
        let mut all: Vec<Option<Named>> = nothing();
        for (number, (list, column)) in lists.into_iter().zip(columns).enumerate() {
            all[column] =
                Some(sorted(list).map_err(|error| ImportError::new(error).within(format_args!("[{number}]")))?);
        }
        Ok(all)
    };
    read().map_err(|error| line.wrong(error.within("pandas_categorical")))
}

/// Names in byte order, with their numbers.
fn sorted(list: Vec<Name>) -> Result<Named, String> {
    let are_texts = list.iter().any(|name| name.is_text);
    let mut pairs: Vec<(String, u32)> = list.into_iter().zip(0..).map(|(name, code)| (name.text, code)).collect();
    pairs.sort_unstable();
    if let Some(pair) = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(format!("two categories are called {:?}", pair[0].0));
    }
    let (names, codes) = pairs.into_iter().map(|(name, code)| (name, f64::from(code))).unzip();
    Ok(Named { names, codes, are_texts })
}

/// What `feature_infos` says of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Info {
    /// Categories, the largest this.
    Categories(i64),
    /// Numbers between these.
    Numbers(f64, f64),
    /// One value alone, or none: it is in no split.
    None,
}

impl Info {
    fn read(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::None);
        }
        if let Some(range) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let (low, high) = range.split_once(':')?;
            return Some(Self::Numbers(low.parse().ok()?, high.parse().ok()?));
        }
        let largest = |largest: i64, category: &str| Some(largest.max(category.parse().ok()?));
        text.split(':').try_fold(-1, largest).map(Self::Categories)
    }

    /// True where a list of this many categories can be this column's.
    #[expect(clippy::cast_precision_loss, reason = "a list has less than 2^53 categories")]
    fn fits(self, length: usize) -> bool {
        let is_code = |v: f64| v >= 0.0 && v.fract() == 0.0 && v < length as f64;
        match self {
            Self::Categories(largest) => usize::try_from(largest + 1).is_ok_and(|n| n <= length),
            // An ordered column of pandas: its numbers are compared.
            Self::Numbers(low, high) => is_code(low) && is_code(high),
            Self::None => true,
        }
    }
}

/// The column of each list. Where as many columns have categories as there are lists, those in order; else the only
/// way to place the lists in order, if there is only one.
fn columns(lengths: &[usize], infos: &[&str]) -> Result<Vec<usize>, ImportError> {
    /// The largest number of tries.
    const MOST: usize = 1 << 24;
    if lengths.is_empty() {
        return Ok(Vec::new());
    }
    let read = |(info, column): (&&str, usize)| {
        Info::read(info).ok_or_else(|| ImportError::new(format_args!("`feature_infos` of column {column} is not read")))
    };
    let infos: Vec<Info> = infos.iter().zip(0..).map(read).collect::<Result<_, _>>()?;
    let categorical: Vec<usize> =
        (0..infos.len()).filter(|column| matches!(infos[*column], Info::Categories(_))).collect();
    if categorical.len() == lengths.len() {
        if let Some((_, column)) = lengths.iter().zip(&categorical).find(|(n, column)| !infos[**column].fits(**n)) {
            return Err(ImportError::new(format_args!("column {column} has more categories than its list")));
        }
        return Ok(categorical);
    }
    let unsure = || {
        ImportError::new(format_args!(
            "{} lists of categories for {} columns that have some: which is whose is not certain; fit with unordered \
             categories alone, or with numbers",
            lengths.len(),
            categorical.len()
        ))
    };
    if lengths.len() > infos.len() || lengths.len() * infos.len() > MOST {
        return Err(unsure());
    }
    // ways[column][list]: in how many ways the lists from this one on have columns from this one on; 2 stands for more.
    let width = lengths.len() + 1;
    let mut ways = vec![0_u8; (infos.len() + 1) * width];
    ways[infos.len() * width + lengths.len()] = 1;
    for (column, info) in infos.iter().enumerate().rev() {
        for list in 0..width {
            let passed_over = ways[(column + 1) * width + list];
            let taken = match lengths.get(list) {
                Some(length) if info.fits(*length) => ways[(column + 1) * width + list + 1],
                _ => 0,
            };
            ways[column * width + list] = (passed_over + taken).min(2);
        }
    }
    if ways[0] != 1 {
        return Err(unsure());
    }
    let mut chosen = Vec::with_capacity(lengths.len());
    for (column, info) in infos.iter().enumerate() {
        let list = chosen.len();
        let takes = |length: &usize| info.fits(*length) && ways[(column + 1) * width + list + 1] > 0;
        if lengths.get(list).is_some_and(takes) {
            chosen.push(column);
        }
    }
    Ok(chosen)
}
