//! The part of YAML that `MLmodel` needs: one document of maps, lists and texts. Aliases, anchors, tags and several
//! documents are refused.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use crate::import::error::ImportError;

/// The largest number of open maps and lists.
const MAX_DEPTH: usize = 32;

/// Texts, maps and lists at most: an `MLmodel` of 5,000 columns has fewer than 100, its columns being one text.
const MAX_NODES: usize = 20_000;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    /// Nothing: `null`, `~`, or no text at all.
    Null,
    /// Any other scalar, as written.
    Text(String),
    /// A sequence.
    List(Vec<Yaml>),
    /// A mapping, whose keys are texts, each once.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// Reads a document.
    ///
    /// # Errors
    /// [`ImportError`] with the line: no YAML, or more of it than is read here.
    pub(super) fn read(text: &str) -> Result<Self, ImportError> {
        let mut reader = EventReader { parser: Parser::new_from_str(text), line: 1, n_nodes: 0 };
        let read = reader.document();
        read.map_err(|error| error.within(format_args!("line {}", reader.line)))
    }

    /// The value of a map's key; none where it is missing or null.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value).filter(|value| **value != Self::Null)
    }

    /// The text of a map's key.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

struct EventReader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    /// Where the last event began.
    line: usize,
    n_nodes: usize,
}

impl<'a> EventReader<'a> {
    fn next(&mut self) -> Result<Event<'a>, ImportError> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => {
                self.line = error.marker().line();
                Err(ImportError::new(format_args!("it is no YAML: {}", error.info())))
            }
            None => Ok(Event::StreamEnd),
        }
    }

    fn document(&mut self) -> Result<Yaml, ImportError> {
        let mut value = None;
        loop {
            match self.next()? {
                Event::StreamEnd => return value.ok_or_else(|| ImportError::new("it is empty")),
                Event::DocumentStart(_) if value.is_some() => return Err(refused("a second document")),
                Event::DocumentStart(_) => {
                    let first = self.next()?;
                    value = Some(self.value(first, 0)?);
                }
                _ => {}
            }
        }
    }

    /// The value that an event begins.
    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<Yaml, ImportError> {
        self.n_nodes += 1;
        if self.n_nodes > MAX_NODES {
            return Err(ImportError::new(format_args!("more than {MAX_NODES} values")));
        }
        if depth > MAX_DEPTH {
            return Err(ImportError::new(format_args!("more than {MAX_DEPTH} open maps and lists")));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                check(anchor, tag.as_ref())?;
                let is_null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                Ok(if is_null { Yaml::Null } else { Yaml::Text(text.into_owned()) })
            }
            Event::SequenceStart(anchor, tag) => {
                check(anchor, tag.as_ref())?;
                let mut values = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => return Ok(Yaml::List(values)),
                        event => values.push(self.value(event, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(anchor, tag) => {
                check(anchor, tag.as_ref())?;
                self.map(depth)
            }
            Event::Alias(_) => Err(refused("an alias")),
            _ => Err(ImportError::new("it ends too early")),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Yaml, ImportError> {
        let mut entries: Vec<(String, Yaml)> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        loop {
            let event = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Yaml::Map(entries));
            }
            let key = match self.value(event, depth + 1)? {
                Yaml::Text(key) => key,
                Yaml::Null => "null".to_owned(),
                Yaml::List(_) | Yaml::Map(_) => return Err(refused("a key that is no text")),
            };
            if !keys.insert(key.clone()) {
                return Err(ImportError::new(format_args!("the key {key:?} stands there twice")));
            }
            let event = self.next()?;
            entries.push((key, self.value(event, depth + 1)?));
        }
    }
}

/// Refuses what gives a value another meaning, or stands for it elsewhere.
fn check(anchor: usize, tag: Option<&Cow<'_, Tag>>) -> Result<(), ImportError> {
    if anchor != 0 {
        return Err(refused("an anchor"));
    }
    tag.map_or(Ok(()), |_| Err(refused("a tag")))
}

fn refused(what: &str) -> ImportError {
    ImportError::new(format_args!("{what}, which is not read: maps, lists and texts are"))
}
