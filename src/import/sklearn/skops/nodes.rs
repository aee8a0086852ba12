//! What skops's loaders would make, as nodes: an object of the document is put in its place when it is read.

use std::collections::HashMap;

use super::json;
use super::zip::Archive;
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Chain, Id, Node, Span, Spelling};

/// The document among an archive's members.
const DOCUMENT: &[u8] = b"schema.json";

/// Decodes an archive whose bytes the arena is over; the node of the object that it holds.
///
/// # Errors
/// It has no document, or one that skops does not write.
pub(in crate::import::sklearn) fn decode(arena: &mut Arena<'_>, archive: &Archive) -> Result<Id, ImportError> {
    let document = archive.member(DOCUMENT).ok_or_else(|| {
        ImportError::new("it is a zip archive without schema.json: not a skops file, and no other archive is read")
    })?;
    let mut loaders = Loaders { archive, known: HashMap::new() };
    json::decode(arena, document, |arena, object| loaders.put(arena, object)).map_err(|e| e.within("schema.json"))
}

struct Loaders<'a> {
    archive: &'a Archive,
    /// Objects that later ones refer to by number.
    known: HashMap<i64, Id>,
}

impl Loaders<'_> {
    /// Puts what the loader of a JSON object would make in its place; one without a loader stays a dictionary.
    fn put(&mut self, arena: &mut Arena<'_>, object: Id) -> Result<(), ImportError> {
        let Some(loader) = arena.value(object, "__loader__")? else { return Ok(()) };
        let loader = arena.text(loader).unwrap_or_default();
        let content = arena.value(object, "content")?;
        let made = match &*loader {
            "CachedNode" => {
                let known = number(arena, object)?.and_then(|number| self.known.get(&number));
                arena.node(*known.ok_or_else(|| ImportError::new("it refers to an object that was not there before"))?)
            }
            "JsonNode" => inner(arena, content)?,
            "DictNode" | "ListNode" => self::content(arena, content)?,
            "TupleNode" | "SetNode" => match self::content(arena, content)? {
                Node::List(chain) => Node::Tuple(chain),
                other => other,
            },
            "DefaultDictNode" => {
                let main = content.map(|content| arena.value(content, "main")).transpose()?.flatten();
                self::content(arena, main)?
            }
            "NdArrayNode" => self.array(arena, object, content)?,
            "BytesNode" | "BytearrayNode" => Node::Bytes(self.file(arena, object)?),
            "TypeNode" | "FunctionNode" => named(arena, object)?,
            "SliceNode" => slice(arena, object, content)?,
            "PartialNode" => partial(arena, object, content)?,
            "DTypeNode" => dtype(arena, object, content)?,
            _ => self::object(arena, object, content)?,
        };
        if let Some(number) = number(arena, object)?
            && &*loader != "CachedNode"
        {
            self.known.insert(number, object);
        }
        arena.replace(object, made);
        Ok(())
    }

    /// The member that an object names.
    fn file(&self, arena: &Arena<'_>, object: Id) -> Result<Span, ImportError> {
        let file = arena.value(object, "file")?.and_then(|file| arena.text(file)).unwrap_or_default();
        self.archive
            .member(file.as_bytes())
            .ok_or_else(|| ImportError::new(format_args!("the archive has no file {file:?}")))
    }

    fn array(&self, arena: &Arena<'_>, object: Id, content: Option<Id>) -> Result<Node, ImportError> {
        let kind = arena.value(object, "type")?.and_then(|kind| arena.text(kind)).unwrap_or_default();
        match (&*kind, arena.value(object, "shape")?, content) {
            ("numpy", ..) => Ok(Node::Npy(self.file(arena, object)?)),
            ("json", Some(shape), Some(items)) => Ok(Node::Items { shape, items }),
            // Before skops 0.3 there was no shape: an array of one dimension.
            ("json", None, Some(items)) => Ok(arena.node(items)),
            _ => Err(ImportError::new(format_args!("an array of the type {kind:?} is not read"))),
        }
    }
}

/// The number by which an object is referred to.
fn number(arena: &Arena<'_>, object: Id) -> Result<Option<i64>, ImportError> {
    let number = arena.value(object, "__id__")?.map(|id| arena.node(id));
    Ok(number.and_then(|node| if let Node::Int(number) = node { Some(number) } else { None }))
}

/// What an object contains, itself.
fn content(arena: &Arena<'_>, content: Option<Id>) -> Result<Node, ImportError> {
    content.map(|content| arena.node(content)).ok_or_else(|| ImportError::new("it has no content"))
}

/// The JSON text inside a JSON string.
fn inner(arena: &Arena<'_>, content: Option<Id>) -> Result<Node, ImportError> {
    let wrong = || ImportError::new("a value is no JSON in a text");
    let Some(Node::Text(Spelling::Json, span)) = content.map(|content| arena.node(content)) else {
        return Err(wrong());
    };
    let bytes = arena.span(span);
    match bytes.strip_prefix(b"\\\"").and_then(|rest| rest.strip_suffix(b"\\\"")) {
        Some(text) => {
            let length = u32::try_from(text.len()).map_err(|_| wrong())?;
            Ok(Node::Text(Spelling::JsonInJson, Span { start: span.start + 2, length }))
        }
        // A list or dictionary of plain values: none that is read has one.
        None if bytes.first().is_some_and(|first| matches!(first, b'[' | b'{')) => Ok(Node::Wide),
        None => json::scalar(bytes).ok_or_else(wrong),
    }
}

/// A class or function, by its two names.
fn named(arena: &Arena<'_>, object: Id) -> Result<Node, ImportError> {
    let part = |key| arena.value(object, key).map(|part| part.unwrap_or(Arena::NONE));
    Ok(Node::Named { module: part("__module__")?, name: part("__class__")? })
}

/// An object of a class: its attributes, and what it is made with.
fn object(arena: &mut Arena<'_>, object: Id, content: Option<Id>) -> Result<Node, ImportError> {
    let class = named(arena, object)?;
    let reduce = arena.value(object, "__reduce__")?;
    let args = reduce.map(|reduce| arena.value(reduce, "args")).transpose()?.flatten();
    let callee = arena.push(class)?;
    Ok(Node::Object { callee, args: args.unwrap_or(Arena::EMPTY_TUPLE), state: content.unwrap_or(Arena::NONE) })
}

/// A call with these arguments.
fn call(arena: &mut Arena<'_>, object: Id, given: &[Id]) -> Result<Node, ImportError> {
    let class = named(arena, object)?;
    let callee = arena.push(class)?;
    let args = arena.push(Node::Tuple(Chain::EMPTY))?;
    for id in given {
        arena.append(args, *id)?;
    }
    Ok(Node::Object { callee, args, state: Arena::NONE })
}

fn slice(arena: &mut Arena<'_>, object: Id, content: Option<Id>) -> Result<Node, ImportError> {
    let part =
        |key| content.map_or(Ok(None), |content| arena.value(content, key)).map(|part| part.unwrap_or(Arena::NONE));
    let parts = [part("start")?, part("stop")?, part("step")?];
    call(arena, object, &parts)
}

fn partial(arena: &mut Arena<'_>, object: Id, content: Option<Id>) -> Result<Node, ImportError> {
    let function = content.map_or(Ok(None), |content| arena.value(content, "func"))?;
    call(arena, object, &[function.unwrap_or(Arena::NONE)])
}

/// A type of array elements: skops keeps an empty array of it.
fn dtype(arena: &mut Arena<'_>, object: Id, content: Option<Id>) -> Result<Node, ImportError> {
    call(arena, object, &[content.unwrap_or(Arena::NONE)])
}
