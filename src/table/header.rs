//! A table's header against a schema: which column is which feature's.

use std::borrow::Cow;
use std::io::Read;

use super::error::{MAX_PROBLEMS, TableError};
use super::record::Record;
use super::records::{Records, names};
use crate::model::schema::{Feature, Schema};
use crate::text::did_you_mean::nearest;
use crate::text::flag::flag;
use crate::text::number::parse_number;
use crate::text::shorten::{quoted, shortened};

/// Whether the input has a header line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// The first line names the columns.
    Present,
    /// There is none: columns are the features in schema order.
    Absent,
    /// As [`looks_headerless`] says of the first line.
    Guess,
}

impl Head {
    /// True when the first line, of these fields, is a row.
    pub(super) fn is_absent<'a>(self, first: impl Iterator<Item = &'a str>, schema: &Schema) -> bool {
        match self {
            Self::Present => false,
            Self::Absent => true,
            Self::Guess => looks_headerless(first, schema),
        }
    }
}

/// True when a first line is a row rather than a header: one number a feature (`SageMaker`'s habit), unless the fields
/// are the features' names.
pub fn looks_headerless<'a>(fields: impl Iterator<Item = &'a str>, schema: &Schema) -> bool {
    let (mut n, mut named) = (0, 0);
    for text in fields {
        if parse_number(text).is_none() {
            return false;
        }
        n += 1;
        named += usize::from(schema.position(text.trim()).is_some());
    }
    n == schema.n_features() && named < n
}

/// What a column is called in messages: by its place where the header has no name for it.
pub(super) fn called(name: &str, column: usize) -> Cow<'_, str> {
    if name.is_empty() { Cow::Owned(format!("#{}", column + 1)) } else { Cow::Borrowed(name) }
}

/// A header of numbers is one here if the features are called so.
pub(super) fn set_header<R: Read>(records: &mut Records<R>, first: &Record, schema: &Schema) -> Result<(), TableError> {
    let is_feature = |name: &str| schema.position(name).is_some();
    let names = names(first, is_feature);
    // A header of numbers has no name with blanks.
    let mut times = vec![0_usize; schema.n_features()];
    for feature in names.iter().filter_map(|name| schema.position(name)) {
        times[feature] += 1;
    }
    let is_known = |(f, times): (&Feature, &usize)| *times == 1 || f.missing && *times == 0;
    let known = schema.features().iter().zip(&times).all(is_known) && times.contains(&1);
    if known && names.iter().all(|name| name.is_empty() || parse_number(name).is_some()) {
        records.set_names(names);
        return Ok(());
    }
    records.set_header(first, is_feature)
}

/// The first of these features that a column of another name may be meant for. Of many features the first [`MAX_PROBLEMS`] alone are looked at: each is compared with the columns.
pub(super) fn renamed<'m>(missing: impl IntoIterator<Item = &'m str>, header: &[String], schema: &Schema) -> String {
    let others: Vec<&str> = header.iter().map(String::as_str).filter(|name| schema.position(name).is_none()).collect();
    let near = |feature: &'m str| Some((nearest(feature, others.iter().copied())?, feature));
    let pair = missing.into_iter().take(MAX_PROBLEMS).find_map(near);
    pair.map_or_else(String::new, |(near, feature)| {
        format!("; if {} is meant, rename it {}", shortened(near), shortened(feature))
    })
}

/// What may be between the columns of a header that is one name, which has others in it that are looked for, as the end
/// of a sentence.
pub(crate) fn undelimited(header: &[impl AsRef<str>], is_wanted: impl Fn(&str) -> bool) -> Option<String> {
    let [name] = header else { return None };
    let name = name.as_ref();
    let mut marks = name.chars().filter(|c| c.is_ascii() && !c.is_alphanumeric());
    let mark = marks.find(|mark| name.split(*mark).any(|part| is_wanted(part.trim_matches(['"', ' ']))))?;
    Some(format!("; if {mark:?} stands between columns: {}", flag("--delimiter", &mark.to_string())))
}

/// The column of each feature; none where the model has a rule for missing cells and there is no such column.
pub(super) fn map_columns(header: &[String], file: &str, schema: &Schema) -> Result<Vec<Option<usize>>, TableError> {
    let mut columns: Vec<Option<usize>> = vec![None; schema.n_features()];
    for (column, name) in header.iter().enumerate() {
        let Some(feature) = schema.position(name) else { continue };
        if let Some(first) = columns[feature].replace(column) {
            let (first, name) = (shortened(&header[first]), shortened(name));
            return Err(TableError::Shape(format!(
                "{file}: the columns {first} and {name} are the same feature of the model; rename one of them"
            )));
        }
    }
    let is_none_given = columns.iter().all(Option::is_none);
    let is_needed =
        |(feature, column): &(&Feature, &Option<usize>)| column.is_none() && (is_none_given || !feature.missing);
    let needed = schema.features().iter().zip(&columns).filter(is_needed);
    let missing: Vec<&str> = needed.map(|(feature, _)| feature.name.as_str()).collect();
    if missing.is_empty() {
        return Ok(columns);
    }
    let hint = undelimited(header, |name| missing.contains(&name))
        .unwrap_or_else(|| renamed(missing.iter().copied(), header, schema));
    let header: Vec<_> = header.iter().enumerate().map(|(column, name)| called(name, column)).collect();
    let (missing, found) = (quoted(&missing), quoted(&header));
    Err(TableError::Shape(format!("{file}: no column {missing}; the header has {found}{hint}")))
}

/// Refuses columns that the schema does not know.
pub(super) fn reject_unknown(header: &[String], file: &str, schema: &Schema) -> Result<(), TableError> {
    let is_unknown = |name: &&String| schema.position(name).is_none();
    let called = |(column, name)| is_unknown(&name).then(|| called(name, column));
    let unknown: Vec<_> = header.iter().enumerate().filter_map(called).collect();
    let Some(first) = unknown.first() else { return Ok(()) };
    let near = nearest(first, schema.features().iter().map(|f| f.name.as_str()));
    let is_index = header.first().is_some_and(String::is_empty);
    let hint = match near {
        _ if is_index => {
            "; the header's first name is empty: pandas writes its index there, leave it out with index=False"
                .to_owned()
        }
        near => near.map_or_else(String::new, |name| format!("; did you mean {name:?}?")),
    };
    Err(TableError::Shape(format!("{file}: no feature is called {}{hint}", quoted(&unknown))))
}

/// Where the columns of the first of several files are in another one: both have the same names, in any order. Columns
/// without a name are the same by their place.
pub(super) fn same_columns(
    first: &[String],
    first_file: &str,
    here: &[String],
    file: &str,
) -> Result<Vec<usize>, TableError> {
    let position = |(at, name): (usize, &String)| {
        if name.is_empty() {
            return here.get(at).is_some_and(String::is_empty).then_some(at);
        }
        here.iter().position(|other| other == name)
    };
    let order: Vec<Option<usize>> = first.iter().enumerate().map(position).collect();
    let lost = order.iter().position(Option::is_none).map(|at| called(&first[at], at));
    let added = (0..here.len()).find(|at| !order.contains(&Some(*at))).map(|at| called(&here[at], at));
    let detail = match (lost, added) {
        (None, None) => return Ok(order.into_iter().flatten().collect()),
        (Some(lost), _) => format!("{file}: no column {}, which {first_file} has", quoted(&[lost])),
        (None, Some(added)) => format!("{file}: the column {}, which {first_file} does not have", quoted(&[added])),
    };
    Err(TableError::Shape(format!("{detail}; files that are read as one table have the same columns")))
}

/// The features without a column, in schema order; `columns` has each one's place.
pub(super) fn without_column<'s>(schema: &'s Schema, columns: &[Option<usize>]) -> impl Iterator<Item = &'s str> {
    let pairs = schema.features().iter().zip(columns);
    pairs.filter(|(_, column)| column.is_none()).map(|(feature, _)| feature.name.as_str())
}
