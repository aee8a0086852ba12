//! An object with a class and attributes: an estimator, a transformer.

use std::borrow::Cow;

use super::node::{Arena, Id, Node};
use super::read::Class;
use crate::import::error::ImportError;

/// A view of an object.
#[derive(Debug, Clone)]
pub(in crate::import::sklearn) struct Object<'a> {
    pub(in crate::import::sklearn) arena: &'a Arena<'a>,
    pub(in crate::import::sklearn) class: Class<'a>,
    state: Id,
    args: Id,
}

impl<'a> Object<'a> {
    /// The object at a node.
    ///
    /// # Errors
    /// The node is none.
    pub(in crate::import::sklearn) fn at(arena: &'a Arena<'a>, id: Id) -> Result<Self, ImportError> {
        let (Node::Object { args, state, .. }, Some(class)) = (arena.node(id), arena.class(id)?) else {
            let what = arena.describe(id);
            return Err(ImportError::new(format_args!("{what} is not an estimator or transformer")));
        };
        Ok(Self { arena, class, state, args })
    }

    /// The class's name alone.
    pub(in crate::import::sklearn) fn name(&self) -> &str {
        &self.class.name
    }

    /// True for a class of this library: `sklearn`, whatever the version called the module.
    pub(in crate::import::sklearn) fn is_of(&self, library: &str) -> bool {
        self.class.module.split('.').next() == Some(library)
    }

    /// The arguments that the object is made with.
    pub(in crate::import::sklearn) fn args(&self) -> Result<Vec<Id>, ImportError> {
        Ok(self.arena.items(self.args)?.unwrap_or_default())
    }

    /// An attribute; `None` where it is not there, or None.
    pub(in crate::import::sklearn) fn get(&self, attribute: &str) -> Result<Option<Id>, ImportError> {
        let found = self.arena.value(self.state, attribute)?;
        Ok(found.filter(|id| !self.arena.is_none(*id)))
    }

    /// An attribute that must be there.
    ///
    /// # Errors
    /// It is not: the estimator is not fitted.
    pub(in crate::import::sklearn) fn need(&self, attribute: &str) -> Result<Id, ImportError> {
        self.get(attribute)?.ok_or_else(|| {
            ImportError::new(format_args!(
                "{} has no {attribute}: it is not fitted, or of a version that is not read",
                self.class
            ))
        })
    }

    /// An attribute that is a word.
    pub(in crate::import::sklearn) fn word(&self, attribute: &str) -> Result<Option<Cow<'a, str>>, ImportError> {
        Ok(self.get(attribute)?.and_then(|id| self.arena.text(id)))
    }

    /// True where an attribute is there and true.
    pub(in crate::import::sklearn) fn is_set(&self, attribute: &str) -> Result<bool, ImportError> {
        let Some(id) = self.get(attribute)? else { return Ok(false) };
        Ok(matches!(self.arena.node(id), Node::Bool(true) | Node::Int(1)))
    }

    /// scikit-learn's version, as the object notes it; (0, 0) where it does not.
    pub(in crate::import::sklearn) fn version(&self) -> Result<(u32, u32), ImportError> {
        let Some(text) = self.word("_sklearn_version")? else { return Ok((0, 0)) };
        let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
        Ok((parts.next().unwrap_or(0), parts.next().unwrap_or(0)))
    }
}
