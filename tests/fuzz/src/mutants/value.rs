//! A document as a tree, and its changes: of JSON and of UBJSON alike.

use super::random::rearrange;
use super::{Random, words};

/// A value of a document.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A number or a word, as text; in UBJSON with its type.
    Word(u8, Vec<u8>),
    /// A text, as it stands between its quotes.
    Text(Vec<u8>),
    /// In UBJSON with the type of all elements, if they have one.
    List(Option<u8>, Vec<Value>),
    /// Keys and values, in order.
    Object(Vec<(Vec<u8>, Value)>),
}

/// Texts that readers look for.
const TEXTS: [&[u8]; 40] = [
    b"",
    b"reg:squarederror",
    b"reg:gamma",
    b"reg:tweedie",
    b"reg:quantileerror",
    b"binary:logistic",
    b"binary:hinge",
    b"multi:softprob",
    b"multi:softmax",
    b"count:poisson",
    b"survival:aft",
    b"survival:cox",
    b"rank:ndcg",
    b"gbtree",
    b"dart",
    b"gblinear",
    b"[5E-1]",
    b"[nan]",
    b"[1E0,2E0,3E0]",
    b"c",
    b"q",
    b"int",
    b"\\u0000",
    b"\\ud800",
    b"\\\"",
    b"JsonNode",
    b"ObjectNode",
    b"NdArrayNode",
    b"CachedNode",
    b"DictNode",
    b"ListNode",
    b"TupleNode",
    b"SetNode",
    b"TypeNode",
    b"BytesNode",
    b"numpy",
    b"json",
    b"null",
    b"true",
    b"NaN",
];

/// How deep a change nests at most; a document that is nested deeper is not taken apart.
pub(super) const DEEPEST: usize = 1_000;

/// Which values are looked for.
type Filter = fn(&Value) -> bool;

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::Word(..) | Value::Text(_))
}

fn is_container(value: &Value) -> bool {
    !is_scalar(value)
}

impl Value {
    fn children(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        match self {
            Self::List(_, values) => Box::new(values.iter()),
            Self::Object(entries) => Box::new(entries.iter().map(|(_, value)| value)),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// How many values here satisfy the filter, this one too.
    fn count(&self, filter: Filter) -> usize {
        match self {
            // Most are numbers in lists.
            Self::Word(..) | Self::Text(_) => usize::from(filter(self)),
            Self::List(_, values) => usize::from(filter(self)) + values.iter().map(|v| v.count(filter)).sum::<usize>(),
            Self::Object(entries) => {
                usize::from(filter(self)) + entries.iter().map(|(_, v)| v.count(filter)).sum::<usize>()
            }
        }
    }

    /// The value before which `left` others satisfy the filter.
    fn find(&mut self, filter: Filter, left: &mut usize) -> Option<&mut Self> {
        if filter(self) {
            if *left == 0 {
                return Some(self);
            }
            *left -= 1;
        }
        match self {
            Self::List(_, values) => values.iter_mut().find_map(|value| value.find(filter, left)),
            Self::Object(entries) => entries.iter_mut().find_map(|(_, value)| value.find(filter, left)),
            _ => None,
        }
    }

    /// Any value that satisfies the filter.
    fn any(&mut self, filter: Filter, random: &mut Random) -> Option<&mut Self> {
        let mut left = random.below(self.count(filter));
        self.find(filter, &mut left)
    }

    /// Puts `new` in place of every number, or text of one, that is `old`.
    fn replace(&mut self, old: &[u8], new: &[u8]) {
        match self {
            Self::Word(_, text) | Self::Text(text) if text == old => *text = new.to_vec(),
            Self::List(_, values) => values.iter_mut().for_each(|value| value.replace(old, new)),
            Self::Object(entries) => entries.iter_mut().for_each(|(_, value)| value.replace(old, new)),
            _ => {}
        }
    }

    fn len(&self) -> usize {
        self.children().count()
    }

    /// Changes one part.
    pub(super) fn change(&mut self, random: &mut Random) {
        match random.below(16) {
            0..=5 => self.change_scalar(random),
            6 | 7 => self.exchange(random),
            8..=10 => self.change_length(random, Self::rearrange),
            11..=13 => self.change_length(random, Self::change_together),
            14 => self.change_key(random),
            _ => self.nest(random),
        }
    }

    fn change_scalar(&mut self, random: &mut Random) {
        let other = self.any(is_scalar, random).cloned();
        match self.any(is_scalar, random) {
            // Another type, in UBJSON.
            Some(Self::Word(kind, _)) if random.one_in(8) => *kind = *random.pick(b"dDlLiUITFZ"),
            Some(Self::Word(_, text)) => match other {
                Some(Self::Word(_, other)) if random.one_in(4) => *text = other,
                _ => *text = words::number(text, random),
            },
            Some(Self::Text(text)) => {
                let is_number = !text.is_empty() && text.iter().all(|byte| b"0123456789.-+eE".contains(byte));
                match other {
                    Some(Self::Text(other)) if random.one_in(3) => *text = other,
                    _ if is_number && !random.one_in(4) => *text = words::number(text, random),
                    _ => *text = random.pick(&TEXTS).to_vec(),
                }
            }
            _ => {}
        }
    }

    /// A value in place of another; half of the time of a container.
    fn exchange(&mut self, random: &mut Random) {
        let filter: Filter = if random.one_in(2) { is_container } else { |_| true };
        let Some(other) = self.any(filter, random).cloned() else { return };
        if let Some(value) = self.any(filter, random) {
            *value = other;
        }
    }

    /// Changes the length of a container. Half of the time, what named the old length names the new one.
    fn change_length(&mut self, random: &mut Random, change: fn(&mut Self, &mut Random)) {
        let Some(container) = self.any(is_container, random) else { return };
        let before = container.len();
        change(container, random);
        let after = container.len();
        if before != after && random.one_in(2) {
            self.replace(before.to_string().as_bytes(), after.to_string().as_bytes());
        }
    }

    fn rearrange(&mut self, random: &mut Random) {
        match self {
            Self::List(_, values) if random.one_in(8) => values.truncate(random.below(values.len() + 1)),
            Self::List(kind, values) if random.one_in(4) => {
                let new = values.first().cloned().unwrap_or_else(|| Self::Word(kind.unwrap_or(b'l'), b"0".to_vec()));
                values.extend(std::iter::repeat_n(new, 1 << random.below(8)));
            }
            Self::List(_, values) => rearrange(values, random),
            Self::Object(entries) => rearrange(entries, random),
            _ => {}
        }
    }

    /// The same element of all lists of one length in an object, doubled or taken away: a node of a tree, or a tree.
    fn change_together(&mut self, random: &mut Random) {
        let Self::Object(entries) = self else { return self.rearrange(random) };
        let lengths: Vec<usize> = entries.iter().map(|(_, value)| value.len()).filter(|n| *n > 0).collect();
        if lengths.is_empty() {
            return;
        }
        let (length, doubles) = (*random.pick(&lengths), random.one_in(2));
        let at = random.below(length);
        for (_, value) in entries {
            match value {
                Self::List(_, values) if values.len() == length && doubles => values.insert(at, values[at].clone()),
                Self::List(_, values) if values.len() == length => _ = values.remove(at),
                _ => {}
            }
        }
        self.replace(length.to_string().as_bytes(), (length + 2 * usize::from(doubles) - 1).to_string().as_bytes());
    }

    /// A key in place of another.
    fn change_key(&mut self, random: &mut Random) {
        let is_object: Filter = |value| matches!(value, Self::Object(entries) if !entries.is_empty());
        let other = match self.any(is_object, random) {
            Some(Self::Object(entries)) => random.pick(entries).0.clone(),
            _ => return,
        };
        if let Some(Self::Object(entries)) = self.any(is_object, random) {
            let at = random.below(entries.len());
            entries[at].0 = other;
        }
    }

    /// Puts a value into lists, or a list's elements into a list of another type.
    fn nest(&mut self, random: &mut Random) {
        let depth = if random.one_in(8) { DEEPEST / 2 } else { 1 + random.below(2) };
        match self.any(|_| true, random) {
            Some(Self::List(kind, _)) if kind.is_some() && !random.one_in(4) => {
                *kind = if random.one_in(8) { None } else { Some(*random.pick(b"dDiUIlLTZS[")) };
            }
            Some(value) => {
                for _ in 0..depth {
                    let inner = std::mem::replace(value, Self::Text(Vec::new()));
                    *value = match random.below(2) {
                        0 => Self::List(None, vec![inner]),
                        _ => Self::Object(vec![(b"a".to_vec(), inner)]),
                    };
                }
            }
            None => {}
        }
    }
}
