//! numpy's types of array elements.

use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Id, Node};

/// A number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Bool,
    Int(u8),
    Unsigned(u8),
    Float(u8),
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) offset: usize,
    pub(super) scalar: Scalar,
    pub(super) is_big: bool,
}

/// What an element is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Element {
    Number(Scalar),
    /// Characters of 32 bits.
    Text,
    Bytes,
    Object,
    Record(Vec<Field>),
}

/// An element and how it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dtype {
    pub(super) element: Element,
    pub(super) size: usize,
    pub(super) is_big: bool,
}

/// The largest number of bytes of an element.
const MAX_SIZE: usize = 1 << 24;

/// The largest number of fields of a record.
const MAX_FIELDS: usize = 64;

impl Scalar {
    pub(super) fn size(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Int(n) | Self::Unsigned(n) | Self::Float(n) => usize::from(n),
        }
    }
}

impl Dtype {
    /// From numpy's code: `f8`, `<i4`, `|u1`, `U5`, `O`, `V64`.
    pub(super) fn from_code(code: &str) -> Result<Self, ImportError> {
        let (order, code) = match code.as_bytes().first() {
            Some(b'<' | b'>' | b'|' | b'=') => code.split_at(1),
            _ => ("", code),
        };
        let unread = || ImportError::new(format_args!("the array type {code:?} is not read"));
        let letter = code.bytes().next().ok_or_else(unread)?;
        let digits = code.get(1..).ok_or_else(unread)?;
        let size = if digits.is_empty() { None } else { Some(digits.parse::<usize>().map_err(|_| unread())?) };
        let number = |scalar: fn(u8) -> Scalar, sizes: &[usize]| {
            let size = size.filter(|size| sizes.contains(size)).and_then(|size| u8::try_from(size).ok());
            size.map(scalar).map(Element::Number)
        };
        let element = match letter {
            b'f' => number(Scalar::Float, &[2, 4, 8]),
            b'i' => number(Scalar::Int, &[1, 2, 4, 8]),
            b'u' => number(Scalar::Unsigned, &[1, 2, 4, 8]),
            b'b' | b'?' if size.is_none_or(|size| size == 1) => Some(Element::Number(Scalar::Bool)),
            b'U' => Some(Element::Text),
            b'S' => Some(Element::Bytes),
            b'O' => Some(Element::Object),
            b'V' => Some(Element::Record(Vec::new())),
            _ => None,
        };
        let element = element.ok_or_else(unread)?;
        let size = match &element {
            Element::Number(scalar) => scalar.size(),
            Element::Text => size.unwrap_or(0).saturating_mul(4),
            Element::Object => 8,
            _ => size.unwrap_or(0),
        };
        if size > MAX_SIZE { Err(unread()) } else { Ok(Self { element, size, is_big: order == ">" }) }
    }

    /// From a node: `numpy.dtype(code)` and its state, or a class as `numpy.float64`.
    pub(super) fn read(arena: &Arena<'_>, id: Id) -> Result<Self, ImportError> {
        if let Some(class) = arena.global(id) {
            return Self::from_class(&class.name);
        }
        let unread = || ImportError::new(format_args!("{} is no array type", arena.describe(id)));
        let Node::Object { args, state, .. } = arena.node(id) else { return Err(unread()) };
        if arena.class(id)?.is_none_or(|class| class.name != "dtype") {
            return Err(unread());
        }
        let args = arena.items(args)?.unwrap_or_default();
        let code = args.first().copied().ok_or_else(unread)?;
        let mut dtype = match arena.text(code) {
            Some(code) => Self::from_code(&code)?,
            None => return Self::from_class(&arena.global(code).ok_or_else(unread)?.name),
        };
        let Some(state) = arena.items(state)? else { return Ok(dtype) };
        if let Some(order) = state.get(1) {
            dtype.is_big |= arena.is_text(*order, ">");
        }
        if let (Element::Record(_), Some(names), Some(fields)) = (&dtype.element, state.get(3), state.get(4)) {
            dtype.element = Element::Record(fields_of(arena, *names, *fields, dtype.size)?);
        }
        Ok(dtype)
    }

    fn from_class(name: &str) -> Result<Self, ImportError> {
        Self::from_code(match name {
            "float64" | "float" => "f8",
            "float32" => "f4",
            "float16" => "f2",
            "int64" | "int" | "int_" | "intp" => "i8",
            "int32" => "i4",
            "int16" => "i2",
            "int8" => "i1",
            "uint64" => "u8",
            "uint32" => "u4",
            "uint16" => "u2",
            "uint8" => "u1",
            "bool" | "bool_" => "b1",
            "object" | "object_" => "O",
            _ => return Err(ImportError::new(format_args!("the array type {name} is not read"))),
        })
    }

    /// From the list of a record's fields, as `.npy` has it; nameless ones are gaps.
    pub(super) fn from_fields(codes: &[(String, String)]) -> Result<Self, ImportError> {
        let (mut fields, mut offset) = (Vec::new(), 0_usize);
        for (name, code) in codes {
            let dtype = Self::from_code(code)?;
            if !name.is_empty() {
                fields.push(field(name.clone(), offset, &dtype)?);
            }
            offset += dtype.size;
        }
        if offset > MAX_SIZE {
            return Err(ImportError::new("the records of an array are too large"));
        }
        Ok(Self { element: Element::Record(fields), size: offset, is_big: false })
    }
}

fn field(name: String, offset: usize, dtype: &Dtype) -> Result<Field, ImportError> {
    let Element::Number(scalar) = dtype.element else {
        return Err(ImportError::new(format_args!("the field {name} of an array is no number")));
    };
    Ok(Field { name, offset, scalar, is_big: dtype.is_big })
}

/// A record's fields: a tuple of names, and a dictionary of types and offsets.
fn fields_of(arena: &Arena<'_>, names: Id, fields: Id, size: usize) -> Result<Vec<Field>, ImportError> {
    let unread = || ImportError::new("the fields of an array are not described as numpy does it");
    let names = arena.items(names)?.unwrap_or_default();
    if names.len() > MAX_FIELDS {
        return Err(unread());
    }
    let mut made = Vec::with_capacity(names.len());
    for name in names {
        let name = arena.text(name).ok_or_else(unread)?;
        let found = arena.value(fields, &name)?.ok_or_else(unread)?;
        let described = arena.items(found)?.unwrap_or_default();
        let [dtype, offset, ..] = described.as_slice() else { return Err(unread()) };
        let Node::Int(offset) = arena.node(*offset) else { return Err(unread()) };
        let dtype = scalar(arena, *dtype)?;
        let offset = usize::try_from(offset).ok().filter(|offset| offset + dtype.size <= size);
        made.push(field(name.into_owned(), offset.ok_or_else(unread)?, &dtype)?);
    }
    Ok(made)
}

/// The type of a record's field: not a record itself.
fn scalar(arena: &Arena<'_>, id: Id) -> Result<Dtype, ImportError> {
    let unread = || ImportError::new("a field of an array is no number");
    let Node::Object { args, state, .. } = arena.node(id) else { return Err(unread()) };
    let code = arena.items(args)?.and_then(|args| arena.text(*args.first()?)).ok_or_else(unread)?;
    let mut dtype = Dtype::from_code(&code)?;
    let order = arena.items(state)?.and_then(|state| state.get(1).copied());
    dtype.is_big |= order.is_some_and(|order| arena.is_text(order, ">"));
    Ok(dtype)
}
