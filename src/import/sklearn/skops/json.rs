//! JSON into nodes, with a stack of its own: nothing recurses, and texts stay where they are in the file.

use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Chain, Id, Node, Span, Spelling};

/// Reads the JSON document in a range of the arena's bytes. `close` may put another node in an object's place when its
/// last value is read; its own objects are done then.
///
/// # Errors
/// It is no JSON.
pub(super) fn decode(
    arena: &mut Arena<'_>,
    document: Span,
    mut close: impl FnMut(&mut Arena<'_>, Id) -> Result<(), ImportError>,
) -> Result<Id, ImportError> {
    let mut scan = Scan { bytes: arena.span(document), at: 0, start: document.start };
    let mut open: Vec<Id> = Vec::new();
    loop {
        scan.skip_spaces();
        let at = scan.at;
        let wrong = move |problem: &str| ImportError::new(problem).within(format_args!("byte {at}"));
        let value = match scan.next() {
            Some(b'{') => {
                open.push(arena.push(Node::Dict(Chain::EMPTY))?);
                None
            }
            Some(b'[') => {
                open.push(arena.push(Node::List(Chain::EMPTY))?);
                None
            }
            Some(b'}' | b']') => {
                let done = open.pop().ok_or_else(|| wrong("a bracket closes nothing"))?;
                let is_list = matches!(arena.node(done), Node::List(_));
                if is_list != (scan.bytes[at] == b']') {
                    return Err(wrong("a bracket closes another kind of bracket"));
                }
                if !is_list {
                    close(arena, done).map_err(|e| e.within(format_args!("byte {at}")))?;
                }
                Some(done)
            }
            Some(b'"') => {
                let text = scan.text().ok_or_else(|| wrong("a text has no end"))?;
                Some(arena.push(Node::Text(Spelling::Json, text))?)
            }
            // Commas and colons are where they must be in what skops writes; nothing hangs on them.
            Some(b',' | b':') => continue,
            Some(_) => {
                let word = scan.word();
                Some(match scalar(word).ok_or_else(|| wrong("it is no JSON"))? {
                    Node::None => Arena::NONE,
                    Node::Bool(true) => Arena::TRUE,
                    Node::Bool(false) => Arena::FALSE,
                    node => arena.push(node)?,
                })
            }
            None => return Err(wrong("the document is cut off")),
        };
        let Some(value) = value else { continue };
        match open.last() {
            Some(parent) => _ = arena.append(*parent, value)?,
            None => return Ok(value),
        }
    }
}

/// A number or a word, as Python's `json` writes it.
pub(super) fn scalar(word: &[u8]) -> Option<Node> {
    Some(match word {
        b"null" => Node::None,
        b"true" => Node::Bool(true),
        b"false" => Node::Bool(false),
        b"NaN" => Node::Float(f64::NAN),
        b"Infinity" => Node::Float(f64::INFINITY),
        b"-Infinity" => Node::Float(f64::NEG_INFINITY),
        _ => {
            let text = std::str::from_utf8(word).ok()?;
            if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
                return None;
            }
            match text.parse() {
                Ok(v) => Node::Int(v),
                Err(_) if text.bytes().all(|b| b == b'-' || b.is_ascii_digit()) => Node::Wide,
                Err(_) => Node::Float(text.parse().ok()?),
            }
        }
    })
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the document begins among the arena's bytes.
    start: u32,
}

impl Scan<'_> {
    fn skip_spaces(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn next(&mut self) -> Option<u8> {
        let next = self.bytes.get(self.at).copied();
        self.at += 1;
        next
    }

    /// The text that has begun, without its quotes.
    fn text(&mut self) -> Option<Span> {
        let from = self.at;
        loop {
            let rest = self.bytes.get(self.at..)?;
            let next = memchr::memchr2(b'"', b'\\', rest)?;
            self.at += next + if rest[next] == b'"' { 1 } else { 2 };
            if rest[next] == b'"' {
                let length = u32::try_from(self.at - 1 - from).ok()?;
                return Some(Span { start: self.start + u32::try_from(from).ok()?, length });
            }
        }
    }

    /// The word or number that has begun.
    fn word(&mut self) -> &[u8] {
        let from = self.at - 1;
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
        while self.bytes.get(self.at).is_some_and(is_part) {
            self.at += 1;
        }
        &self.bytes[from..self.at]
    }
}
