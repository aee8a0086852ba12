//! Nodes, and the list that holds them within a bound on memory.

use std::cell::Cell;

use crate::import::error::ImportError;
use crate::import::room::Room;

/// A node's position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import::sklearn) struct Id(u32);

/// A range of the file's inflated bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import::sklearn) struct Span {
    pub(in crate::import::sklearn) start: u32,
    pub(in crate::import::sklearn) length: u32,
}

/// How a text is written in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import::sklearn) enum Spelling {
    /// UTF-8.
    Plain,
    /// Latin-1 with `\u` escapes: the pickle opcode `V`.
    RawUnicode,
    /// Python's literal without its quotes: the opcode `S`.
    Literal,
    /// A JSON string without its quotes.
    Json,
    /// A JSON string inside a JSON string, without the inner quotes.
    JsonInJson,
}

/// The values of a list, tuple, set or dictionary (keys and values in turn), linked from cell to cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import::sklearn) struct Chain {
    first: u32,
    last: u32,
    pub(super) length: u32,
}

/// One value of the file. 16 bytes, so that the shortest opcode's node keeps within the bound on memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::import::sklearn) enum Node {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than 64 bits: nothing that is read is one.
    Wide,
    Float(f64),
    Text(Spelling, Span),
    Bytes(Span),
    List(Chain),
    Tuple(Chain),
    Set(Chain),
    Dict(Chain),
    /// A module's and a name's length, one after the other with one byte between.
    Global {
        start: u32,
        module: u32,
        name: u32,
    },
    /// The same, its two texts nodes of their own.
    Named {
        module: Id,
        name: Id,
    },
    /// What a call of `callee` with `args` would make, and its state.
    Object {
        callee: Id,
        args: Id,
        state: Id,
    },
    /// joblib's array: the state of its wrapper, and its raw bytes.
    Array {
        state: Id,
        data: Span,
    },
    /// An array in numpy's `.npy` format.
    Npy(Span),
    /// An array of objects: its shape, and the list of its items.
    Items {
        shape: Id,
        items: Id,
    },
}

const _: () = assert!(size_of::<Node>() == 16);

#[derive(Debug, Clone, Copy)]
struct CellOf {
    value: Id,
    next: u32,
}

/// The end of a chain.
const END: u32 = u32::MAX;

/// Memory at most, as a multiple of the inflated bytes: nodes, cells and the decoder's stack.
const MOST_PER_BYTE: usize = 48;

/// Memory that any file may take.
const LEAST: usize = 1 << 16;

impl Chain {
    pub(in crate::import::sklearn) const EMPTY: Self = Self { first: END, last: END, length: 0 };

    /// True where there is no value.
    pub(in crate::import::sklearn) fn is_empty(self) -> bool {
        self.length == 0
    }
}

/// All nodes of a file.
#[derive(Debug)]
pub(in crate::import::sklearn) struct Arena<'a> {
    pub(super) bytes: &'a [u8],
    nodes: Vec<Node>,
    cells: Vec<CellOf>,
    /// Steps that reading has taken: see [`Arena::spend`].
    pub(super) spent: Cell<usize>,
    /// Is asked for what is made of values that several parts of the model use.
    pub(in crate::import::sklearn) room: &'a Room<'a>,
}

impl<'a> Arena<'a> {
    pub(in crate::import::sklearn) const NONE: Id = Id(0);
    pub(in crate::import::sklearn) const TRUE: Id = Id(1);
    pub(in crate::import::sklearn) const FALSE: Id = Id(2);
    pub(in crate::import::sklearn) const EMPTY_TUPLE: Id = Id(3);

    /// An arena over inflated bytes, at most 4 GiB.
    ///
    /// # Errors
    /// There are more.
    pub(in crate::import::sklearn) fn new(bytes: &'a [u8], room: &'a Room<'a>) -> Result<Self, ImportError> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(ImportError::new("it is larger than 4 GiB"));
        }
        let nodes = vec![Node::None, Node::Bool(true), Node::Bool(false), Node::Tuple(Chain::EMPTY)];
        Ok(Self { bytes, nodes, cells: Vec::new(), spent: Cell::new(0), room })
    }

    /// The inflated bytes.
    pub(in crate::import::sklearn) fn all_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(in crate::import::sklearn) fn node(&self, id: Id) -> Node {
        self.nodes[id.0 as usize]
    }

    pub(in crate::import::sklearn) fn is_none(&self, id: Id) -> bool {
        self.node(id) == Node::None
    }

    /// Puts another value in a node's place: all that refer to it see the new one.
    pub(in crate::import::sklearn) fn replace(&mut self, id: Id, node: Node) {
        self.nodes[id.0 as usize] = node;
    }

    /// Adds a node.
    ///
    /// # Errors
    /// The file's values would take more memory than its size allows.
    pub(in crate::import::sklearn) fn push(&mut self, node: Node) -> Result<Id, ImportError> {
        if self.nodes.len() == self.nodes.capacity() {
            self.may_grow(self.nodes.capacity() * size_of::<Node>())?;
        }
        let id = u32::try_from(self.nodes.len()).map_err(|_| too_many())?;
        self.nodes.push(node);
        Ok(Id(id))
    }

    /// Adds a value at the end of a list, tuple, set or dictionary; true if the node is one.
    ///
    /// # Errors
    /// As [`Arena::push`].
    pub(in crate::import::sklearn) fn append(&mut self, to: Id, value: Id) -> Result<bool, ImportError> {
        let (Node::List(mut chain) | Node::Tuple(mut chain) | Node::Set(mut chain) | Node::Dict(mut chain)) =
            self.node(to)
        else {
            return Ok(false);
        };
        if self.cells.len() == self.cells.capacity() {
            self.may_grow(self.cells.capacity() * size_of::<CellOf>())?;
        }
        let cell = u32::try_from(self.cells.len()).ok().filter(|cell| *cell < END).ok_or_else(too_many)?;
        self.cells.push(CellOf { value, next: END });
        match self.cells.get_mut(chain.last as usize) {
            Some(last) => last.next = cell,
            None => chain.first = cell,
        }
        chain.last = cell;
        chain.length += 1;
        let node = &mut self.nodes[to.0 as usize];
        *node = match node {
            Node::List(_) => Node::List(chain),
            Node::Tuple(_) => Node::Tuple(chain),
            Node::Set(_) => Node::Set(chain),
            _ => Node::Dict(chain),
        };
        Ok(true)
    }

    /// The first value of a chain, with the cell after it.
    pub(super) fn first(&self, chain: Chain) -> Option<(Id, u32)> {
        self.cell(chain.first)
    }

    pub(super) fn cell(&self, cell: u32) -> Option<(Id, u32)> {
        self.cells.get(cell as usize).map(|cell| (cell.value, cell.next))
    }

    fn may_grow(&self, by: usize) -> Result<(), ImportError> {
        let held = self.nodes.capacity() * size_of::<Node>() + self.cells.capacity() * size_of::<CellOf>();
        if held + by > LEAST + MOST_PER_BYTE * self.bytes.len() { Err(too_many()) } else { Ok(()) }
    }
}

fn too_many() -> ImportError {
    ImportError::new("its values take more memory than its size allows")
}
