//! The memory that loading an artifact takes, estimated from its length and head before it is loaded.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::frame;
use super::header::Section;

/// Loading a model by the bytes of its sections: decoded, and compiled; and laid out to explain answers, where a node
/// takes 32 bytes and its cover 8, and in the file at least 10.
const LOADED: usize = 6;

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
/// many there are.
pub fn most_memory(file: &[u8]) -> usize {
    let Ok((head, payload)) = frame(file) else { return file.len() };
    let of = |byte: u8| match byte {
        b',' => VALUE,
        b'"' => TEXT / 2,
        b'[' | b'{' => CONTAINER,
        _ => 0,
    };
    let values = head.iter().map(|byte| of(*byte)).sum::<usize>();
    file.len() + LOADED * payload.len() + LEAF_SHARES * shares_bytes(head).min(payload.len()) + head.len() + values
}

/// Bytes of the `shares` section as a head tells of them; 0 of a head that cannot be read, which is refused. Nothing is
/// kept of what is read.
fn shares_bytes(head: &[u8]) -> usize {
    #[derive(Deserialize)]
    struct Head {
        payload: Contents,
    }
    #[derive(Deserialize)]
    struct Contents {
        sections: SharesBytes,
    }
    serde_json::from_slice::<Head>(head).map_or(0, |head| head.payload.sections.0)
}

/// The most bytes that a section of that name has in a list of sections.
struct SharesBytes(usize);

impl<'de> Deserialize<'de> for SharesBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(MostOfList)
    }
}

struct MostOfList;

impl<'de> Visitor<'de> for MostOfList {
    type Value = SharesBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of sections")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<SharesBytes, A::Error> {
        let mut most = 0;
        while let Some(section) = list.next_element::<Section>()? {
            if section.name == "shares" {
                most = most.max(usize::try_from(section.bytes).unwrap_or(usize::MAX));
            }
        }
        Ok(SharesBytes(most))
    }
}
