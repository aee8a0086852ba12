//! Pickles: opcodes with their arguments, spans of them that make one value, what stands between them in joblib's.

mod opcode;
mod spans;

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::ops::Range;

use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

use self::opcode::{Argument, Opcode};
use super::random::rearrange;
use super::{Random, buffer, text, ubjson, words};

/// Inflated bytes that are taken apart at most.
const MOST: u64 = 1 << 17;

/// Texts that readers look for: classes, modules, attributes, types.
const TEXTS: [&[u8]; 32] = [
    b"",
    b"sklearn.tree._classes",
    b"sklearn.ensemble._forest",
    b"sklearn.linear_model._base",
    b"sklearn.pipeline",
    b"numpy",
    b"numpy.dtype",
    b"builtins",
    b"dtype",
    b"ndarray",
    b"_reconstruct",
    b"DecisionTreeRegressor",
    b"DecisionTreeClassifier",
    b"RandomForestRegressor",
    b"LinearRegression",
    b"LogisticRegression",
    b"Pipeline",
    b"ColumnTransformer",
    b"FunctionTransformer",
    b"NumpyArrayWrapper",
    b"f8",
    b"<f4",
    b">f8",
    b"i8",
    b"O8",
    b"V64",
    b"U3",
    b"b1",
    b"missing",
    b"passthrough",
    b"drop",
    b"os\nsystem",
];

/// A pickle with one part changed, compressed as it was, now and then otherwise.
pub fn change(file: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let (plain, form) = match file {
        [0x78, ..] => (inflated(ZlibDecoder::new(file))?, Form::Zlib),
        [0x1f, 0x8b, ..] => (inflated(GzDecoder::new(file))?, Form::Gzip),
        _ => (file.to_vec(), Form::Plain),
    };
    let mut opcodes = opcode::take_apart(&plain)?;
    change_opcodes(&mut opcodes, random)?;
    if !random.one_in(4) {
        mend_references(&mut opcodes);
    }
    let plain = opcode::put_together(&opcodes, random);
    let form = if random.one_in(24) { *random.pick(&[Form::Plain, Form::Zlib, Form::Gzip]) } else { form };
    form.compressed(plain)
}

#[derive(Clone, Copy)]
enum Form {
    Plain,
    Zlib,
    Gzip,
}

impl Form {
    fn compressed(self, plain: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Plain => Some(plain),
            Self::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(&plain).ok()?;
                encoder.finish().ok()
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(&plain).ok()?;
                encoder.finish().ok()
            }
        }
    }
}

fn inflated(decoder: impl std::io::Read) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    decoder.take(MOST).read_to_end(&mut plain).ok()?;
    Some(plain)
}

fn change_opcodes(opcodes: &mut Vec<Opcode>, random: &mut Random) -> Option<()> {
    match random.below(16) {
        0..=3 => change_number(opcodes, random),
        4 | 5 => change_text(opcodes, random),
        6..=8 => change_bytes(opcodes, random),
        9 | 10 => change_value(opcodes, random),
        11 | 12 => change_code(opcodes, random),
        13 => change_reference(opcodes, random),
        14 => {
            rearrange(opcodes, random);
            Some(())
        }
        _ => nest(opcodes, random),
    }
}

/// Any opcode that satisfies the filter.
fn any<'o>(opcodes: &'o mut [Opcode], filter: impl Fn(&Opcode) -> bool, random: &mut Random) -> Option<&'o mut Opcode> {
    let n = opcodes.iter().filter(|opcode| filter(opcode)).count();
    opcodes.iter_mut().filter(|opcode| filter(opcode)).nth(random.below(n))
}

/// Another number, in the opcode that it needs.
fn change_number(opcodes: &mut [Opcode], random: &mut Random) -> Option<()> {
    let other = any(opcodes, Opcode::is_number, random)?.clone();
    let opcode = any(opcodes, Opcode::is_number, random)?;
    if random.one_in(4) {
        *opcode = other;
        return Some(());
    }
    let old = opcode.number().unwrap_or_default().to_string();
    let new = words::number(old.as_bytes(), random);
    let new = std::str::from_utf8(&new).unwrap_or_default();
    *opcode = match (new.parse::<i64>(), new.parse::<f64>()) {
        (Ok(integer), _) => Opcode::of_integer(integer),
        (_, Ok(float)) => Opcode { code: b'G', argument: Argument::Fixed(float.to_be_bytes().to_vec()) },
        _ => Opcode { code: *random.pick(&[b'N', 0x88, 0x89]), argument: Argument::None },
    };
    Some(())
}

/// Another text: of the file, or one that readers look for.
fn change_text(opcodes: &mut [Opcode], random: &mut Random) -> Option<()> {
    let is_text = |opcode: &Opcode| opcode.is_text() || opcode.code == b'c';
    let other = any(opcodes, is_text, random)?.clone();
    let opcode = any(opcodes, is_text, random)?;
    match &mut opcode.argument {
        _ if random.one_in(2) => *opcode = other,
        Argument::Counted(_, text) if text.starts_with(b"tree") => *text = text::change(text, random)?,
        Argument::Counted(_, text) if random.one_in(4) => *text = words::change(text, random)?,
        Argument::Counted(_, text) => *text = random.pick(&TEXTS).to_vec(),
        Argument::Lines(lines) => {
            let at = random.below(lines.len());
            lines[at] = random.pick(&TEXTS).to_vec();
        }
        _ => {}
    }
    Some(())
}

/// Bytes: of an array, or a model of a library of its own.
fn change_bytes(opcodes: &mut [Opcode], random: &mut Random) -> Option<()> {
    let opcode = any(opcodes, |opcode| opcode.is_bytes(), random)?;
    match &mut opcode.argument {
        Argument::Counted(_, bytes) if bytes.starts_with(b"{") => *bytes = ubjson::change(bytes, random)?,
        Argument::Counted(_, bytes) | Argument::Between(bytes) => buffer::change(bytes, random),
        _ => {}
    }
    Some(())
}

/// A value, with all that it is made of: in another's place, doubled, or away.
fn change_value(opcodes: &mut Vec<Opcode>, random: &mut Random) -> Option<()> {
    let spans = spans::of(opcodes);
    if spans.is_empty() {
        return None;
    }
    let (mut to, mut from) = (random.pick(&spans).clone(), random.pick(&spans).clone());
    let kind = random.below(4);
    if kind > 1 && random.one_in(2) {
        // With the value that follows: a key and its value.
        let behind = |span: &Range<usize>| spans.iter().rev().find(|next| next.start == span.end).map(|next| next.end);
        to.end = behind(&to)?;
        from.end = behind(&from)?;
    }
    let from = opcodes[from].to_vec();
    match kind {
        0 | 1 => _ = opcodes.splice(to, from),
        2 => _ = opcodes.splice(to.end..to.end, from),
        _ => _ = opcodes.drain(to),
    }
    Some(())
}

/// An opcode in the place of one that takes the same.
fn change_code(opcodes: &mut [Opcode], random: &mut Random) -> Option<()> {
    const ALIKE: [&[u8]; 9] =
        [b"tld\x91", b"as", b"ue\x90", b"R\x81\x93ab", b"N\x88\x89)]}\x8f", b"\x85\x86\x87", b"C\x8c", b"BX", b"VS"];
    let group = *random.pick(&ALIKE);
    let opcode = any(opcodes, |opcode| group.contains(&opcode.code), random)?;
    opcode.code = *random.pick(group);
    Some(())
}

/// A value that is referred to by its number: another number.
fn change_reference(opcodes: &mut [Opcode], random: &mut Random) -> Option<()> {
    let n_noted = opcodes.iter().filter(|opcode| b"qrp".contains(&opcode.code)).count();
    let opcode = any(opcodes, |opcode| b"hjgqrp".contains(&opcode.code), random)?;
    let number = match random.below(8) {
        0 => u32::MAX,
        1 => u32::try_from(n_noted).ok()?,
        _ => u32::try_from(random.below(n_noted)).ok()?,
    };
    *opcode = Opcode::of_reference(if b"hjg".contains(&opcode.code) { b'j' } else { b'r' }, number);
    Some(())
}

/// What refers to a value whose note has been taken away refers to one that was noted last.
fn mend_references(opcodes: &mut [Opcode]) {
    let (mut noted, mut last, mut outer) = (HashSet::new(), None, Vec::new());
    for opcode in opcodes {
        match (opcode.reference(), last) {
            // A pickle inside has notes of its own.
            _ if opcode.code == 0x80 => outer.push((std::mem::take(&mut noted), last.take())),
            _ if opcode.code == b'.' => (noted, last) = outer.pop().unwrap_or_default(),
            (Some(number), _) if b"qrp".contains(&opcode.code) => {
                noted.insert(number);
                last = Some(number);
            }
            (Some(number), Some(last)) if !noted.contains(&number) => *opcode = Opcode::of_reference(b'j', last),
            _ => {}
        }
    }
}

/// Puts a value into tuples or calls, or marks where none belong.
fn nest(opcodes: &mut Vec<Opcode>, random: &mut Random) -> Option<()> {
    let spans = spans::of(opcodes);
    if spans.is_empty() {
        return None;
    }
    let span = random.pick(&spans).clone();
    let depth = if random.one_in(8) { 500 } else { 1 + random.below(3) };
    let plain = |code: u8| Opcode { code, argument: Argument::None };
    match random.below(3) {
        0 => _ = opcodes.splice(span.end..span.end, std::iter::repeat_n(plain(0x85), depth)),
        1 => _ = opcodes.splice(span.end..span.end, (0..depth).flat_map(|_| [plain(b')'), plain(b'R')])),
        _ => {
            opcodes.splice(span.end..span.end, std::iter::repeat_n(plain(b'l'), depth));
            opcodes.splice(span.start..span.start, std::iter::repeat_n(plain(b'('), depth));
        }
    }
    Some(())
}
