//! A file's values as one flat list of nodes. Nothing is built or called; a value used twice is one node.

mod node;
mod object;
mod read;
mod text;

pub(super) use node::{Arena, Chain, Id, Node, Span, Spelling};
pub(super) use object::Object;
