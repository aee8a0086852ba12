//! Which opcodes make a value: found by what each takes from the stack and puts on it.

use std::ops::Range;

use super::opcode::{Argument, Opcode};

/// The spans of opcodes that make one value each, the notes of its number included.
pub(super) fn of(opcodes: &[Opcode]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    // Of each value on the stack, where it begins; of each mark, how high the stack was.
    let mut stack: Vec<usize> = Vec::new();
    let mut marks: Vec<(usize, usize)> = Vec::new();
    for (at, opcode) in opcodes.iter().enumerate() {
        let take = |n: usize, stack: &mut Vec<usize>| {
            let from = stack.len().saturating_sub(n);
            let start = stack.get(from).copied().unwrap_or(at);
            stack.truncate(from);
            start
        };
        let start = match opcode.code {
            0x80 | 0x95 | b'.' => continue,
            _ if matches!(opcode.argument, Argument::Between(_)) => take(1, &mut stack),
            b'(' => {
                marks.push((stack.len(), at));
                continue;
            }
            b'0' => {
                take(1, &mut stack);
                continue;
            }
            b'1' => {
                stack.truncate(marks.pop().map_or(0, |(height, _)| height));
                continue;
            }
            b't' | b'l' | b'd' | 0x91 => {
                let (height, mark) = marks.pop().unwrap_or((stack.len(), at));
                stack.truncate(height);
                mark
            }
            b'u' | b'e' | 0x90 => {
                stack.truncate(marks.pop().map_or(stack.len(), |(height, _)| height));
                take(1, &mut stack)
            }
            b'q' | b'r' | b'p' | 0x94 | 0x85 => take(1, &mut stack),
            0x86 | b'R' | 0x81 | b'b' | b'a' | 0x93 => take(2, &mut stack),
            0x87 | b's' | 0x92 => take(3, &mut stack),
            _ => at,
        };
        stack.push(start);
        spans.push(start..at + 1);
    }
    spans
}
