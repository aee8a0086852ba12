//! What each opcode does. The machine's parts are beside it.

use super::machine::{Machine, wrong};
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Chain, Id, Node, Span, Spelling};

/// Decodes a pickle into an arena over its bytes; the node of its value.
///
/// # Errors
/// It is cut off, contradicts itself, or has an opcode that only a running Python could follow.
pub(in crate::import::sklearn) fn decode(arena: &mut Arena<'_>) -> Result<Id, ImportError> {
    let mut machine = Machine::new(arena);
    loop {
        let at = machine.scan.at();
        match machine.step() {
            Ok(None) => {}
            Ok(Some(value)) => return Ok(value),
            Err(error) => return Err(error.within(format_args!("byte {at}"))),
        }
    }
}

impl Machine<'_, '_> {
    fn step(&mut self) -> Result<Option<Id>, ImportError> {
        let opcode = self.scan.u8()?;
        match opcode {
            b'.' => return self.stop(),
            0x80 => match self.scan.u8()? {
                0..=5 => {}
                other => return Err(ImportError::new(format_args!("protocol {other} is not read"))),
            },
            0x95 => _ = self.scan.take(8)?,
            b'(' => self.marks.push(u32::try_from(self.stack.len()).map_err(|_| wrong("its stack is too high"))?),
            b'0' if self.marks.last().is_some_and(|mark| *mark as usize == self.stack.len()) => _ = self.mark()?,
            b'0' => _ = self.pop()?,
            b'1' => {
                let from = self.mark()?;
                self.stack.truncate(from);
            }
            b'2' => self.stack.push(self.top()?),
            b'N' => self.stack.push(Arena::NONE),
            0x88 => self.stack.push(Arena::TRUE),
            0x89 => self.stack.push(Arena::FALSE),
            b')' => self.stack.push(Arena::EMPTY_TUPLE),
            _ => self.step_value(opcode)?,
        }
        Ok(None)
    }

    fn step_value(&mut self, opcode: u8) -> Result<(), ImportError> {
        match opcode {
            b'K' => {
                let v = self.scan.u8()?;
                self.push(Node::Int(i64::from(v)))
            }
            b'M' => {
                let v = u16::from_le_bytes(self.scan.array()?);
                self.push(Node::Int(i64::from(v)))
            }
            b'J' => {
                let v = i32::from_le_bytes(self.scan.array()?);
                self.push(Node::Int(i64::from(v)))
            }
            b'I' | b'L' => {
                let (line, _) = self.scan.line()?;
                self.number(line)
            }
            0x8a => {
                let length = self.scan.length(1)?;
                self.long(length)
            }
            0x8b => {
                let length = self.scan.length(4)?;
                self.long(length)
            }
            b'G' => {
                let v = f64::from_be_bytes(self.scan.array()?);
                self.push(Node::Float(v))
            }
            b'F' => {
                let (line, _) = self.scan.line()?;
                let v = std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok());
                self.push(Node::Float(v.ok_or_else(|| wrong("a number is not written as one"))?))
            }
            _ => self.step_text(opcode),
        }
    }

    fn step_text(&mut self, opcode: u8) -> Result<(), ImportError> {
        let width = match opcode {
            0x8c | b'U' | b'C' => 1,
            b'X' | b'T' | b'B' => 4,
            0x8d | 0x8e | 0x96 => 8,
            b'V' => {
                let (_, span) = self.scan.line()?;
                return self.text(Spelling::RawUnicode, span);
            }
            b'S' => {
                let (line, span) = self.scan.line()?;
                let quoted = line.len() >= 2 && line.first() == line.last() && matches!(line[0], b'\'' | b'"');
                let span = Span { start: span.start + 1, length: span.length.saturating_sub(2) };
                return if quoted { self.text(Spelling::Literal, span) } else { Err(wrong("a string has no quotes")) };
            }
            _ => return self.step_collection(opcode),
        };
        let length = self.scan.length(width)?;
        let span = self.scan.span(length)?;
        match opcode {
            0x8c | 0x8d | b'X' => self.text(Spelling::Plain, span),
            _ => self.push(Node::Bytes(span)),
        }
    }

    fn step_collection(&mut self, opcode: u8) -> Result<(), ImportError> {
        match opcode {
            b']' => self.push(Node::List(Chain::EMPTY)),
            b'}' => self.push(Node::Dict(Chain::EMPTY)),
            0x8f => self.push(Node::Set(Chain::EMPTY)),
            0x85..=0x87 => self.tuple(usize::from(opcode - 0x84)),
            b't' | b'l' | b'd' | 0x91 => {
                let from = self.mark()?;
                let empty = match opcode {
                    b't' => Node::Tuple(Chain::EMPTY),
                    b'l' => Node::List(Chain::EMPTY),
                    b'd' => Node::Dict(Chain::EMPTY),
                    _ => Node::Set(Chain::EMPTY),
                };
                self.gather(empty, from)
            }
            b'a' | b's' => {
                let from = self.stack.len().checked_sub(if opcode == b'a' { 1 } else { 2 });
                self.append_below(from.ok_or_else(|| wrong("it takes a value from an empty stack"))?)
            }
            b'e' | b'u' | 0x90 => {
                let from = self.mark()?;
                self.append_below(from)
            }
            _ => self.step_object(opcode),
        }
    }

    fn step_object(&mut self, opcode: u8) -> Result<(), ImportError> {
        match opcode {
            b'c' => {
                let (module, name) = (self.scan.line()?.1, self.scan.line()?.1);
                self.push(Node::Global { start: module.start, module: module.length, name: name.length })
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                self.push(Node::Named { module, name })
            }
            b'R' | 0x81 => self.object(),
            0x92 => {
                _ = self.pop()?;
                self.object()
            }
            b'b' => self.build(),
            b'q' | b'r' | b'p' => {
                let number = match opcode {
                    b'q' => Some(u32::from(self.scan.u8()?)),
                    b'r' => self.u32()?,
                    _ => self.line_number()?,
                };
                self.put(number)
            }
            0x94 => {
                let top = self.top()?;
                self.memo.push(top);
                Ok(())
            }
            b'h' | b'j' | b'g' => {
                let number = match opcode {
                    b'h' => Some(u32::from(self.scan.u8()?)),
                    b'j' => self.u32()?,
                    _ => self.line_number()?,
                };
                self.get(number)
            }
            other => Err(ImportError::new(format_args!(
                "the opcode 0x{other:02x} is not read: the file is no pickle, or has parts outside it"
            ))),
        }
    }
}
