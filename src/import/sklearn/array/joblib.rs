//! joblib's stand-in for an array: what follows it in the file.

use super::dense::n_elements;
use super::dtype::{Dtype, Element};
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Id, Node};

/// What stands between the opcodes of joblib's pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import::sklearn) enum JoblibArray {
    /// A pickle of an array of objects.
    Objects,
    /// So many raw bytes, perhaps after a byte that says how many come before them.
    Raw { n_bytes: usize, is_padded: bool },
}

impl JoblibArray {
    /// From the state of a `NumpyArrayWrapper`.
    pub(in crate::import::sklearn) fn read(arena: &Arena<'_>, state: Id) -> Result<Self, ImportError> {
        let unread = || ImportError::new("joblib's description of an array is not as joblib writes it");
        let dtype = Dtype::read(arena, arena.value(state, "dtype")?.ok_or_else(unread)?)?;
        if dtype.element == Element::Object {
            return Ok(Self::Objects);
        }
        let shape = shape(arena, arena.value(state, "shape")?.ok_or_else(unread)?)?;
        let n_bytes = n_elements(&shape).and_then(|n| n.checked_mul(dtype.size)).ok_or_else(unread)?;
        let alignment = arena.value(state, "numpy_array_alignment_bytes")?;
        Ok(Self::Raw { n_bytes, is_padded: alignment.is_some_and(|id| !arena.is_none(id)) })
    }
}

/// A tuple of lengths.
pub(super) fn shape(arena: &Arena<'_>, id: Id) -> Result<Vec<usize>, ImportError> {
    let unread = || ImportError::new("the shape of an array is no list of lengths");
    let lengths = match arena.node(id) {
        Node::Int(_) => vec![id],
        _ => arena.items(id)?.ok_or_else(unread)?,
    };
    let length = |id: &Id| match arena.node(*id) {
        Node::Int(length) => usize::try_from(length).map_err(|_| unread()),
        _ => Err(unread()),
    };
    lengths.iter().map(length).collect()
}
