//! The machine that pickles are written for, without the calls: REDUCE, NEWOBJ and BUILD note what would be made.

use super::memo::Memo;
use super::scan::Scan;
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Chain, Id, Node, Span, Spelling};
use crate::import::sklearn::array::JoblibArray;

/// Pickles inside pickles at most: joblib writes arrays of objects so.
const MAX_INSIDE: usize = 64;

/// A pickle that another one interrupts: the node that waits for it, and where its stack and marks begin.
struct Outer {
    waiting: Id,
    n_stack: usize,
    n_marks: usize,
    memo: Memo,
}

pub(super) struct Machine<'m, 'a> {
    pub(super) arena: &'m mut Arena<'a>,
    pub(super) scan: Scan<'a>,
    pub(super) stack: Vec<Id>,
    /// Heights of the stack.
    pub(super) marks: Vec<u32>,
    pub(super) memo: Memo,
    outer: Vec<Outer>,
}

pub(super) fn wrong(problem: &str) -> ImportError {
    ImportError::new(problem)
}

impl<'m, 'a> Machine<'m, 'a> {
    pub(super) fn new(arena: &'m mut Arena<'a>) -> Self {
        let scan = Scan::new(arena.all_bytes());
        Self { arena, scan, stack: Vec::new(), marks: Vec::new(), memo: Memo::default(), outer: Vec::new() }
    }

    fn n_stack(&self) -> usize {
        self.outer.last().map_or(0, |outer| outer.n_stack)
    }

    pub(super) fn pop(&mut self) -> Result<Id, ImportError> {
        let floor = self.marks.last().map_or(0, |mark| *mark as usize).max(self.n_stack());
        if self.stack.len() <= floor {
            return Err(wrong("it takes a value from an empty stack"));
        }
        self.stack.pop().ok_or_else(|| wrong("it takes a value from an empty stack"))
    }

    pub(super) fn top(&self) -> Result<Id, ImportError> {
        let there = self.stack.len() > self.n_stack();
        self.stack.last().copied().filter(|_| there).ok_or_else(|| wrong("the stack is empty"))
    }

    /// The height of the last mark, which is taken away.
    pub(super) fn mark(&mut self) -> Result<usize, ImportError> {
        let floor = self.outer.last().map_or(0, |outer| outer.n_marks);
        let mark = self.marks.pop().filter(|_| self.marks.len() >= floor);
        mark.map(|mark| mark as usize).ok_or_else(|| wrong("it has no mark"))
    }

    pub(super) fn push(&mut self, node: Node) -> Result<(), ImportError> {
        let id = self.arena.push(node)?;
        self.stack.push(id);
        Ok(())
    }

    pub(super) fn text(&mut self, spelling: Spelling, span: Span) -> Result<(), ImportError> {
        self.push(Node::Text(spelling, span))
    }

    /// A new list, tuple or dictionary of the values from a height on.
    pub(super) fn gather(&mut self, empty: Node, from: usize) -> Result<(), ImportError> {
        let made = self.arena.push(empty)?;
        self.append_from(made, from)?;
        self.stack.push(made);
        Ok(())
    }

    fn append_from(&mut self, to: Id, from: usize) -> Result<(), ImportError> {
        let n = self.stack.len().saturating_sub(from);
        if matches!(self.arena.node(to), Node::Dict(_)) && n % 2 == 1 {
            return Err(wrong("a dictionary has a key without a value"));
        }
        for at in from..self.stack.len() {
            self.arena.append(to, self.stack[at])?;
        }
        self.stack.truncate(from);
        Ok(())
    }

    /// The last `n` values as a tuple.
    pub(super) fn tuple(&mut self, n: usize) -> Result<(), ImportError> {
        let floor = self.marks.last().map_or(0, |mark| *mark as usize).max(self.n_stack());
        let from = self.stack.len().checked_sub(n).filter(|from| *from >= floor);
        self.gather(Node::Tuple(Chain::EMPTY), from.ok_or_else(|| wrong("it takes a value from an empty stack"))?)
    }

    pub(super) fn object(&mut self) -> Result<(), ImportError> {
        let (args, callee) = (self.pop()?, self.pop()?);
        self.push(Node::Object { callee, args, state: Arena::NONE })
    }

    pub(super) fn number(&mut self, line: &[u8]) -> Result<(), ImportError> {
        let text = std::str::from_utf8(line).ok().map(|text| text.trim().trim_end_matches('L'));
        match text {
            Some("00") => self.stack.push(Arena::FALSE),
            Some("01") => self.stack.push(Arena::TRUE),
            Some(digits) => {
                let is_number = digits.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit());
                match digits.parse() {
                    Ok(v) => self.push(Node::Int(v))?,
                    Err(_) if is_number && !digits.is_empty() => self.push(Node::Wide)?,
                    Err(_) => return Err(wrong("an integer is not written as one")),
                }
            }
            None => return Err(wrong("an integer is not written as one")),
        }
        Ok(())
    }

    pub(super) fn long(&mut self, length: usize) -> Result<(), ImportError> {
        let bytes = self.scan.take(length)?;
        if length > 8 {
            return self.push(Node::Wide);
        }
        let high = if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
        let mut full = [high; 8];
        full[..length].copy_from_slice(bytes);
        self.push(Node::Int(i64::from_le_bytes(full)))
    }

    pub(super) fn get(&mut self, number: Option<u32>) -> Result<(), ImportError> {
        let value = number.and_then(|number| self.memo.get(number));
        self.stack.push(value.ok_or_else(|| wrong("it refers to a value that it has not noted"))?);
        Ok(())
    }

    pub(super) fn put(&mut self, number: Option<u32>) -> Result<(), ImportError> {
        let top = self.top()?;
        self.memo.put(number.ok_or_else(|| wrong("a value's number is larger than 32 bits"))?, top);
        Ok(())
    }

    pub(super) fn line_number(&mut self) -> Result<Option<u32>, ImportError> {
        let (line, _) = self.scan.line()?;
        Ok(std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok()))
    }

    pub(super) fn u32(&mut self) -> Result<Option<u32>, ImportError> {
        Ok(Some(u32::from_le_bytes(self.scan.array()?)))
    }

    /// BUILD: an object gets its state. joblib's stand-in for an array is followed by that array.
    pub(super) fn build(&mut self) -> Result<(), ImportError> {
        let state = self.pop()?;
        let object = self.top()?;
        let Node::Object { callee, args, .. } = self.arena.node(object) else { return Ok(()) };
        self.arena.replace(object, Node::Object { callee, args, state });
        let class = self.arena.class(object)?;
        if class.is_none_or(|class| class.name != "NumpyArrayWrapper") {
            return Ok(());
        }
        match JoblibArray::read(self.arena, state)? {
            JoblibArray::Objects => {
                if self.outer.len() == MAX_INSIDE {
                    return Err(wrong("arrays of objects are nested too deep"));
                }
                let (n_stack, n_marks) = (self.stack.len(), self.marks.len());
                let memo = std::mem::take(&mut self.memo);
                self.outer.push(Outer { waiting: object, n_stack, n_marks, memo });
            }
            JoblibArray::Raw { n_bytes, is_padded } => {
                if is_padded {
                    let padding = usize::from(self.scan.u8()?);
                    self.scan.take(padding)?;
                }
                let data = self.scan.span(n_bytes)?;
                self.arena.replace(object, Node::Array { state, data });
            }
        }
        Ok(())
    }

    /// STOP: the value of a pickle; of one inside another, in the place that waits for it.
    pub(super) fn stop(&mut self) -> Result<Option<Id>, ImportError> {
        let value = self.pop()?;
        let Some(outer) = self.outer.pop() else { return Ok(Some(value)) };
        self.arena.replace(outer.waiting, self.arena.node(value));
        self.stack.truncate(outer.n_stack);
        self.marks.truncate(outer.n_marks);
        self.memo = outer.memo;
        Ok(None)
    }

    /// Adds the values from a height on to the one below them. Objects that collect are nothing that is read.
    pub(super) fn append_below(&mut self, from: usize) -> Result<(), ImportError> {
        let below = from.checked_sub(1).filter(|below| *below >= self.n_stack());
        let to = below.and_then(|below| self.stack.get(below)).copied();
        let to = to.filter(|to| !matches!(self.arena.node(*to), Node::Tuple(_)));
        self.append_from(to.ok_or_else(|| wrong("it adds values to what takes none"))?, from)
    }
}
