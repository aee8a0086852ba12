//! Names and values of an event: headers and queries, where a value may be a list of values.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

/// Names with their values, in the event's order. `null` is none, of a value too.
#[derive(Debug, Default)]
pub(super) struct Pairs<'e>(pub(super) Vec<(Cow<'e, str>, Cow<'e, str>)>);

impl<'de: 'e, 'e> Deserialize<'de> for Pairs<'e> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts or lists of texts")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Pairs::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            let Values(values) = map.next_value()?;
            pairs.extend(values.into_iter().map(|value| (name.clone(), value)));
        }
        Ok(Pairs(pairs))
    }
}

/// A text, borrowed where nothing in it is escaped.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Text<'e>(#[serde(borrow)] Cow<'e, str>);

/// One value or several.
struct Values<'e>(Vec<Cow<'e, str>>);

impl<'de> Deserialize<'de> for Values<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Values(Vec::new()))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Values(vec![text.into()]))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Values(vec![text.to_owned().into()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Text(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Values(values))
    }
}
