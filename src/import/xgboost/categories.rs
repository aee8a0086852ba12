//! The names of categories that models from 3.1 on hold: a name's position is its code.

use super::parser::{Keys, Parser, Plain};
use crate::import::error::ImportError;

/// Names of one feature's categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Encoding {
    /// It has none.
    None,
    /// By code, all different.
    Names {
        /// The names.
        names: Vec<String>,
        /// True for texts, blanks and all; false for numbers.
        are_texts: bool,
    },
    /// There are names, but they cannot be read: the reason.
    Unusable(&'static str),
}

/// Reads `cats`: an encoding a feature.
pub(super) fn encodings<P: Parser>(parser: &mut P) -> Result<Vec<Encoding>, ImportError> {
    let mut read = Vec::new();
    parser.begin_object()?;
    let mut keys = Keys::default();
    while let Some(key) = parser.next_key()? {
        keys.note(&key, &["enc"])?;
        if key != "enc" {
            parser.skip()?;
            continue;
        }
        parser.begin_array()?;
        while parser.next_element()? {
            let place = format!("enc[{}]", read.len());
            read.push(encoding(parser).map_err(|error| error.within(place))?);
        }
    }
    Ok(read)
}

/// One feature's: texts one after the other with the places where they begin and end, or numbers.
fn encoding<P: Parser>(parser: &mut P) -> Result<Encoding, ImportError> {
    let (mut offsets, mut values, mut are_texts) = (Vec::<i32>::new(), Vec::<Plain>::new(), false);
    parser.begin_object()?;
    let mut keys = Keys::default();
    while let Some(key) = parser.next_key()? {
        keys.note(&key, &["offsets", "values"])?;
        match key.as_str() {
            "offsets" => {
                are_texts = true;
                parser.numbers(&mut offsets)?;
            }
            "values" => parser.numbers(&mut values)?,
            _ => parser.skip()?,
        }
    }
    if values.is_empty() {
        return Ok(Encoding::None);
    }
    let names = if are_texts { texts(&offsets, &values)? } else { Some(values.iter().map(shown).collect()) };
    let Some(names) = names else {
        // xgboost 3.2 counts characters and stores bytes: what such a table says is not what was meant.
        return Ok(Encoding::Unusable("its names are not ASCII, which XGBoost stores wrongly"));
    };
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Ok(Encoding::Unusable("two of its categories have one name"));
    }
    Ok(Encoding::Names { names, are_texts })
}

/// The texts, `None` if one has a byte that is not ASCII.
fn texts(offsets: &[i32], values: &[Plain]) -> Result<Option<Vec<String>>, ImportError> {
    let mut bytes = Vec::with_capacity(values.len());
    for value in values {
        match value {
            Plain::Integer(byte @ 0..=127) => bytes.push(u8::try_from(*byte).unwrap_or_default()),
            Plain::Integer(-128..=255) => return Ok(None),
            other => return Err(ImportError::new(format_args!("{} is not a byte of a text", shown(other)))),
        }
    }
    let cut = |pair: &[i32]| {
        let range = usize::try_from(pair[0]).ok()?..usize::try_from(pair[1]).ok()?;
        bytes.get(range).map(|text| String::from_utf8_lossy(text).into_owned())
    };
    let names: Option<Vec<String>> = offsets.windows(2).map(cut).collect();
    names.map(Some).ok_or_else(|| ImportError::new("offsets lead out of values"))
}

/// A number as the text of its category.
fn shown(value: &Plain) -> String {
    match value {
        Plain::Integer(v) => v.to_string(),
        Plain::Float(v) => format!("{v:?}"),
    }
}
