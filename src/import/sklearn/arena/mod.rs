//! What a file holds, as nodes in one list: nothing of it is built, called or nested, and sharing stays sharing.

mod node;
mod object;
mod read;
mod text;

pub(super) use node::{Arena, Chain, Id, Node, Span, Spelling};
pub(super) use object::Object;
