//! Reading nodes: texts, numbers, items, classes. Every step is counted, since shared nodes can be met again and again.

use std::borrow::Cow;

use super::node::{Arena, Id, Node, Span, Spelling};
use super::text;
use crate::import::error::ImportError;
use crate::text::shorten::beginning;

/// Bytes of a text that an error quotes.
const MAX_QUOTED: usize = 100;

/// Steps at most, as a multiple of the inflated bytes. What is made in a step takes 16 bytes at most.
const MOST_PER_BYTE: usize = 1;

/// Steps that any file may take.
const LEAST: usize = 1 << 20;

/// The largest depth of calls around bytes.
const MAX_CODECS: usize = 2;

/// A class, function or other global, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import::sklearn) struct Class<'a> {
    pub(in crate::import::sklearn) module: Cow<'a, str>,
    pub(in crate::import::sklearn) name: Cow<'a, str>,
}

impl std::fmt::Display for Class<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

impl<'a> Arena<'a> {
    /// Counts steps of reading.
    ///
    /// # Errors
    /// They are more than the file's size allows.
    pub(in crate::import::sklearn) fn spend(&self, steps: usize) -> Result<(), ImportError> {
        let spent = self.spent.get().saturating_add(steps);
        self.spent.set(spent);
        if spent > LEAST + MOST_PER_BYTE * self.bytes.len() {
            return Err(ImportError::new("it refers to the same values again and again, more than its size allows"));
        }
        Ok(())
    }

    pub(in crate::import::sklearn) fn span(&self, span: Span) -> &'a [u8] {
        self.bytes.get(span.start as usize..(span.start + span.length) as usize).unwrap_or_default()
    }

    /// A text; bytes of UTF-8, too, as Python 2 wrote them.
    pub(in crate::import::sklearn) fn text(&self, id: Id) -> Option<Cow<'a, str>> {
        match self.node(id) {
            Node::Text(spelling, span) => text::decode(spelling, self.span(span)),
            Node::Bytes(span) => text::decode(Spelling::Plain, self.span(span)),
            _ => None,
        }
    }

    /// True for a node that is this text.
    pub(in crate::import::sklearn) fn is_text(&self, id: Id, text: &str) -> bool {
        match self.node(id) {
            Node::Text(Spelling::Plain, span) | Node::Bytes(span) => self.span(span) == text.as_bytes(),
            _ => self.text(id).is_some_and(|own| own == text),
        }
    }

    /// Bytes: as they stand, or what `_codecs.encode`, `bytes` and `bytearray` would make, one around another.
    pub(in crate::import::sklearn) fn bytes(&self, id: Id) -> Result<Option<Cow<'a, [u8]>>, ImportError> {
        let mut id = id;
        for _ in 0..=MAX_CODECS {
            match self.node(id) {
                Node::Bytes(span) => return Ok(Some(Cow::Borrowed(self.span(span)))),
                Node::Text(Spelling::Literal, span) => return Ok(text::literal(self.span(span)).map(Cow::Owned)),
                Node::Object { callee, args, .. } => {
                    let is_codec = |class: Class<'_>| matches!(&*class.name, "encode" | "bytes" | "bytearray");
                    if !self.global(callee).is_some_and(is_codec) {
                        return Ok(None);
                    }
                    let args = self.items(args)?.unwrap_or_default();
                    let Some(first) = args.first() else { return Ok(Some(Cow::Borrowed(&[]))) };
                    id = *first;
                    if let (Node::Text(..), Some(text)) = (self.node(id), self.text(id)) {
                        self.spend(text.len() / 8)?;
                        let byte = |c| u8::try_from(u32::from(c)).ok();
                        return Ok(text.chars().map(byte).collect::<Option<Vec<u8>>>().map(Cow::Owned));
                    }
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The values of a list, tuple or set; `None` for anything else.
    pub(in crate::import::sklearn) fn items(&self, id: Id) -> Result<Option<Vec<Id>>, ImportError> {
        let (Node::List(chain) | Node::Tuple(chain) | Node::Set(chain)) = self.node(id) else { return Ok(None) };
        self.spend(chain.length as usize)?;
        let mut items = Vec::with_capacity(chain.length as usize);
        let mut next = self.first(chain);
        while let Some((value, after)) = next {
            items.push(value);
            next = self.cell(after);
        }
        Ok(Some(items))
    }

    /// The value of a dictionary's key, the last if it is there several times.
    pub(in crate::import::sklearn) fn value(&self, dict: Id, key: &str) -> Result<Option<Id>, ImportError> {
        let Node::Dict(chain) = self.node(dict) else { return Ok(None) };
        let (mut found, mut next) = (None, self.first(chain));
        self.spend(chain.length as usize)?;
        while let Some((own, after)) = next {
            let Some((value, after)) = self.cell(after) else { break };
            if self.is_text(own, key) {
                found = Some(value);
            }
            next = self.cell(after);
        }
        Ok(found)
    }

    /// A class or function that is named, not an object.
    pub(in crate::import::sklearn) fn global(&self, id: Id) -> Option<Class<'a>> {
        match self.node(id) {
            Node::Global { start, module, name } => {
                let module_span = Span { start, length: module };
                let name = Span { start: start + module + 1, length: name };
                let text = |span| text::decode(Spelling::Plain, self.span(span));
                Some(Class { module: text(module_span)?, name: text(name)? })
            }
            Node::Named { module, name } => Some(Class { module: self.text(module)?, name: self.text(name)? }),
            _ => None,
        }
    }

    /// The class of an object: the callable that makes it, or the class that `copyreg` is given.
    pub(in crate::import::sklearn) fn class(&self, id: Id) -> Result<Option<Class<'a>>, ImportError> {
        let Node::Object { callee, args, .. } = self.node(id) else { return Ok(None) };
        let Some(class) = self.global(callee) else { return Ok(None) };
        if matches!(&*class.name, "_reconstructor" | "__newobj__") {
            let first = self.items(args)?.and_then(|args| args.first().copied());
            return Ok(first.and_then(|first| self.global(first)));
        }
        Ok(Some(class))
    }

    /// What a node is, for errors.
    pub(in crate::import::sklearn) fn describe(&self, id: Id) -> String {
        match self.node(id) {
            Node::None => "None".to_owned(),
            Node::Bool(true) => "True".to_owned(),
            Node::Bool(false) => "False".to_owned(),
            Node::Int(v) => v.to_string(),
            Node::Wide => "an integer of more than 64 bits".to_owned(),
            Node::Float(v) => v.to_string(),
            Node::Text(..) => {
                self.text(id).map_or_else(|| "a text".to_owned(), |text| format!("{:?}", beginning(&text, MAX_QUOTED)))
            }
            Node::Bytes(_) => "bytes".to_owned(),
            Node::List(_) => "a list".to_owned(),
            Node::Tuple(_) => "a tuple".to_owned(),
            Node::Set(_) => "a set".to_owned(),
            Node::Dict(_) => "a dictionary".to_owned(),
            Node::Global { .. } | Node::Named { .. } => named(self.global(id)),
            Node::Object { .. } => named(self.class(id).ok().flatten()),
            Node::Array { .. } | Node::Npy(_) | Node::Items { .. } => "an array".to_owned(),
        }
    }
}

fn named(class: Option<Class<'_>>) -> String {
    class.map_or_else(
        || "an object without a class".to_owned(),
        |class| beginning(&class.to_string(), MAX_QUOTED).to_owned(),
    )
}
