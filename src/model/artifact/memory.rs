//! The memory that loading an artifact takes, estimated from its length and head before it is loaded.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::frame;
use super::header::Section;
use crate::model::neutral;

/// Loading a model by the bytes of its sections, beside these: numbers as stored and checked.
const LOADED: usize = 2;

/// The same of the `estimator` section: trees, of 10 bytes a node at least, decoded, and compiled in two layouts, measured
/// 2.7 to 4.2; and laid out to explain answers, where a node takes 28 bytes and its cover 8.
const ESTIMATOR: usize = 9;

/// Bytes that a byte of the `shares` section takes beside: a leaf with rows of two of eight classes has 5, in memory 48
/// in lists that have doubled and 64 as a vector of all classes.
const LEAF_SHARES: usize = 23;

/// Bytes of a number in a head, read: 32 while it may be one of several types, in a list that has doubled.
const VALUE: usize = 64;

/// Bytes of a text, read twice: its place in a list, and the allocator's smallest block.
const TEXT: usize = 112;

/// Bytes of a list or an object: room for four values that may be one of several types.
const CONTAINER: usize = 320;

/// Bytes of memory that loading an artifact takes at most, with those of the file: its sections decoded and compiled,
/// and its head's values. The shortest value, `0,`, takes many times its length once it is read: what counts is how
/// many there are. So it is with the nodes of the `neutral` section: they are counted.
pub fn most_memory(file: &[u8]) -> usize {
    let Ok((head, payload)) = frame(file) else { return file.len() };
    let of = |byte: u8| match byte {
        b',' => VALUE,
        b'"' => TEXT / 2,
        b'[' | b'{' => CONTAINER,
        _ => 0,
    };
    let values = head.iter().map(|byte| of(*byte)).sum::<usize>();
    file.len() + sections(head, payload) + head.len() + values
}

/// Bytes that sections take beside their own. Of a head that cannot be read, which is refused: none. Nothing is kept of
/// what is read.
fn sections(head: &[u8], payload: &[u8]) -> usize {
    #[derive(Deserialize)]
    struct Head {
        payload: Contents,
    }
    #[derive(Deserialize)]
    struct Contents {
        sections: Places,
    }
    let Ok(Head { payload: Contents { sections } }) = serde_json::from_slice(head) else { return 0 };
    let at = |Range { start, end }: Range<usize>| payload.get(start..end).unwrap_or_default();
    let (estimator, shares) = (at(sections.estimator).len(), at(sections.shares).len());
    LOADED * payload.len()
        + (ESTIMATOR - LOADED) * estimator
        + LEAF_SHARES * shares
        + neutral::most_memory(at(sections.neutral))
}

/// Where some sections of a list of sections are in the payload.
#[derive(Default)]
struct Places {
    estimator: Range<usize>,
    shares: Range<usize>,
    neutral: Range<usize>,
}

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PlacesOfList)
    }
}

struct PlacesOfList;

impl<'de> Visitor<'de> for PlacesOfList {
    type Value = Places;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of sections")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Places, A::Error> {
        let (mut places, mut start) = (Places::default(), 0_usize);
        while let Some(section) = list.next_element::<Section>()? {
            let end = start.saturating_add(usize::try_from(section.bytes).unwrap_or(usize::MAX));
            match section.name.as_str() {
                "estimator" => places.estimator = start..end,
                "shares" => places.shares = start..end,
                "neutral" => places.neutral = start..end,
                _ => {}
            }
            start = end;
        }
        Ok(places)
    }
}
