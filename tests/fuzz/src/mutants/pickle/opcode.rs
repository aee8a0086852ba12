//! A pickle's opcodes: taken apart and put together.

use super::super::{Random, words};

/// What follows an opcode.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    None,
    /// So many bytes.
    Fixed(Vec<u8>),
    /// Bytes whose number comes first, in so many bytes.
    Counted(usize, Vec<u8>),
    /// Lines.
    Lines(Vec<Vec<u8>>),
    /// Bytes that stand between opcodes: joblib's arrays, their padding before them.
    Between(Vec<u8>),
}

/// An opcode with its argument; `Between` has none.
#[derive(Clone, Debug)]
pub(super) struct Opcode {
    pub(super) code: u8,
    pub(super) argument: Argument,
}

/// Opcodes without an argument.
const ALONE: &[u8] = b".(012N)]}tldaseuRb\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94";

/// Opcodes that must follow upon joblib's array until it is believed that they are some.
const BELIEVED: usize = 6;

/// Opcodes at most.
const MOST: usize = 1 << 16;

impl Opcode {
    pub(super) fn is_number(&self) -> bool {
        b"KMJGIF\x8a".contains(&self.code)
    }

    pub(super) fn is_text(&self) -> bool {
        b"X\x8c\x8dV".contains(&self.code)
    }

    pub(super) fn is_bytes(&self) -> bool {
        match &self.argument {
            Argument::Between(_) => true,
            Argument::Counted(_, bytes) => !bytes.is_empty() && b"BC\x8e\x96TU".contains(&self.code),
            _ => false,
        }
    }

    /// The integer that it makes, if it makes one.
    pub(super) fn number(&self) -> Option<i64> {
        match &self.argument {
            Argument::Fixed(bytes) if b"KMJ".contains(&self.code) => {
                let is_negative = self.code == b'J' && bytes.last().is_some_and(|last| *last >= 0x80);
                let mut full = [if is_negative { 0xff } else { 0 }; 8];
                full[..bytes.len()].copy_from_slice(bytes);
                Some(i64::from_le_bytes(full))
            }
            Argument::Lines(lines) => std::str::from_utf8(lines.first()?).ok()?.trim_end_matches('L').parse().ok(),
            _ => None,
        }
    }

    /// The shortest that makes this integer.
    pub(super) fn of_integer(integer: i64) -> Self {
        let bytes = integer.to_le_bytes();
        let (code, argument) = match integer {
            0..=0xff => (b'K', Argument::Fixed(bytes[..1].to_vec())),
            0x100..=0xffff => (b'M', Argument::Fixed(bytes[..2].to_vec())),
            _ if i32::try_from(integer).is_ok() => (b'J', Argument::Fixed(bytes[..4].to_vec())),
            _ => (0x8a, Argument::Counted(1, bytes.to_vec())),
        };
        Self { code, argument }
    }

    /// The number of the value that it notes or refers to.
    pub(super) fn reference(&self) -> Option<u32> {
        match &self.argument {
            Argument::Fixed(bytes) if b"qrhj".contains(&self.code) => {
                let mut full = [0; 4];
                full[..bytes.len()].copy_from_slice(bytes);
                Some(u32::from_le_bytes(full))
            }
            Argument::Lines(lines) if b"pg".contains(&self.code) => {
                std::str::from_utf8(lines.first()?).ok()?.trim().parse().ok()
            }
            _ => None,
        }
    }

    /// One that notes a value (`r`) or refers to it (`j`).
    pub(super) fn of_reference(code: u8, number: u32) -> Self {
        Self { code, argument: Argument::Fixed(number.to_le_bytes().to_vec()) }
    }

    /// The opcode at the beginning, and how many bytes it has.
    fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let (&code, rest) = bytes.split_first()?;
        let fixed = |n: usize| Some((Argument::Fixed(rest.get(..n)?.to_vec()), n));
        let counted = |width: usize| {
            let mut length = [0; 8];
            length[..width].copy_from_slice(rest.get(..width)?);
            let n = usize::try_from(u64::from_le_bytes(length)).ok()?;
            Some((Argument::Counted(width, rest[width..].get(..n)?.to_vec()), width.checked_add(n)?))
        };
        let lines = |n: usize| {
            let lines: Vec<Vec<u8>> = rest.split(|byte| *byte == b'\n').take(n).map(<[u8]>::to_vec).collect();
            let length = lines.iter().map(|line| line.len() + 1).sum();
            (length <= rest.len()).then_some((Argument::Lines(lines), length))
        };
        let (argument, n) = match code {
            _ if ALONE.contains(&code) => (Argument::None, 0),
            0x80 | b'K' | b'q' | b'h' => fixed(1)?,
            b'M' => fixed(2)?,
            b'J' | b'r' | b'j' => fixed(4)?,
            b'G' | 0x95 => fixed(8)?,
            0x8a | 0x8c | b'U' | b'C' => counted(1)?,
            0x8b | b'X' | b'T' | b'B' => counted(4)?,
            0x8d | 0x8e | 0x96 => counted(8)?,
            b'I' | b'L' | b'F' | b'S' | b'V' | b'p' | b'g' => lines(1)?,
            b'c' => lines(2)?,
            _ => return None,
        };
        Some((Self { code, argument }, 1 + n))
    }
}

/// A pickle's opcodes, without its frames. What is noted without a number gets the one that it has, so that references
/// stay right whatever is taken away.
pub(super) fn take_apart(file: &[u8]) -> Option<Vec<Opcode>> {
    let (mut opcodes, mut place, mut n_noted) = (Vec::new(), 0, 0_u32);
    let (mut outer, mut array_at) = (Vec::new(), None);
    while place < file.len() {
        if opcodes.len() > MOST {
            return None;
        }
        match Opcode::read(&file[place..]) {
            Some((opcode, n)) => {
                place += n;
                match opcode.code {
                    0x95 => continue,
                    // A pickle inside: joblib's arrays of objects. It has notes of its own.
                    0x80 => {
                        outer.push(std::mem::take(&mut n_noted));
                        opcodes.push(opcode);
                    }
                    b'.' => {
                        n_noted = outer.pop().unwrap_or_default();
                        opcodes.push(opcode);
                    }
                    0x94 => {
                        opcodes.push(Opcode::of_reference(b'r', n_noted));
                        n_noted += 1;
                    }
                    b'q' | b'r' | b'p' => {
                        n_noted += 1;
                        opcodes.push(opcode);
                    }
                    // An array may follow; what was read of it as opcodes is forgotten when it ends at one that is none.
                    b'b' => {
                        opcodes.push(opcode);
                        array_at = Some((opcodes.len(), place, n_noted));
                    }
                    _ => opcodes.push(opcode),
                }
            }
            None => {
                let (n_opcodes, start, noted) = array_at.take()?;
                opcodes.truncate(n_opcodes);
                n_noted = noted;
                place = (start + 1..file.len()).find(|place| is_believed(&file[*place..]))?;
                opcodes.push(Opcode { code: 0, argument: Argument::Between(file[start..place].to_vec()) });
            }
        }
    }
    Some(opcodes)
}

/// True where opcodes begin.
fn is_believed(mut bytes: &[u8]) -> bool {
    for _ in 0..BELIEVED {
        match Opcode::read(bytes) {
            Some((Opcode { code: b'.', .. }, n)) if n == bytes.len() => return true,
            Some((_, n)) => bytes = &bytes[n..],
            None => return false,
        }
    }
    true
}

/// The pickle of these opcodes; now and then one length is wrong, or a frame stands where none belongs.
pub(super) fn put_together(opcodes: &[Opcode], random: &mut Random) -> Vec<u8> {
    let odd = if random.one_in(24) { random.below(opcodes.len()) } else { usize::MAX };
    let frame = if random.one_in(24) { random.below(opcodes.len()) } else { usize::MAX };
    let mut file = Vec::new();
    for (at, Opcode { code, argument }) in opcodes.iter().enumerate() {
        if at == frame {
            file.push(0x95);
            file.extend(random.below(1 << 12).to_le_bytes());
        }
        if !matches!(argument, Argument::Between(_)) {
            file.push(*code);
        }
        match argument {
            Argument::None => {}
            Argument::Fixed(bytes) | Argument::Between(bytes) => file.extend(bytes),
            Argument::Counted(width, bytes) => {
                let wrong = |random: &mut Random| {
                    let word = words::number(bytes.len().to_string().as_bytes(), random);
                    std::str::from_utf8(&word).ok().and_then(|text| text.parse::<i64>().ok()).unwrap_or(i64::MAX)
                };
                let n = if at == odd { wrong(random) } else { i64::try_from(bytes.len()).unwrap_or(i64::MAX) };
                file.extend(&n.to_le_bytes()[..*width]);
                file.extend(bytes);
            }
            Argument::Lines(lines) => {
                for line in lines {
                    file.extend(line);
                    file.push(b'\n');
                }
            }
        }
    }
    file
}
