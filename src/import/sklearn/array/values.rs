//! Arrays in all the ways that files hold them.

use std::borrow::Cow;

use super::dense::{Array, n_elements};
use super::dtype::{Dtype, Element, Scalar};
use super::joblib::shape;
use super::npy;
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Id, Node};

/// An array, of elements that lie in memory or of objects.
#[derive(Debug, Clone)]
pub(in crate::import::sklearn) enum Values<'a> {
    Array(Array<'a>),
    /// Objects, the last index running fastest.
    Objects {
        shape: Vec<usize>,
        items: Vec<Id>,
    },
}

impl<'a> Values<'a> {
    /// The array at a node; a list or tuple is one of objects.
    ///
    /// # Errors
    /// There is none, it contradicts itself, or is of a type that is not read.
    pub(in crate::import::sklearn) fn read(arena: &Arena<'a>, id: Id) -> Result<Self, ImportError> {
        match arena.node(id) {
            Node::Npy(span) => npy::read(arena.span(span)).map(Self::Array),
            Node::Array { state, data } => {
                let get = |key| arena.value(state, key).map(|found| found.unwrap_or(Arena::NONE));
                let dtype = Dtype::read(arena, get("dtype")?)?;
                let is_fortran = arena.is_text(get("order")?, "F");
                let data = Cow::Borrowed(arena.span(data));
                Array::new(shape(arena, get("shape")?)?, dtype, is_fortran, data).map(Self::Array)
            }
            Node::Items { shape: lengths, items } => Self::of_objects(arena, shape(arena, lengths)?, items, false),
            Node::List(_) | Node::Tuple(_) => {
                let items = arena.items(id)?.unwrap_or_default();
                Ok(Self::Objects { shape: vec![items.len()], items })
            }
            Node::Object { args, state, .. } => Self::rebuilt(arena, id, args, state),
            _ => Err(none(arena, id)),
        }
    }

    /// True for numpy's type of numbers of 32 bits: itself, or an empty array of it, as skops has it.
    ///
    /// # Errors
    /// It is no type that is read.
    pub(in crate::import::sklearn) fn is_single_type(arena: &Arena<'a>, id: Id) -> Result<bool, ImportError> {
        let args = if let Node::Object { args, .. } = arena.node(id) { arena.items(args)? } else { None };
        let dtype = match args.and_then(|args| args.first().map(|first| arena.node(*first))) {
            Some(Node::Npy(span)) => npy::read(arena.span(span))?.dtype,
            _ => Dtype::read(arena, id)?,
        };
        Ok(dtype.element == Element::Number(Scalar::Float(4)))
    }

    /// What numpy's functions for unpickling would make.
    fn rebuilt(arena: &Arena<'a>, id: Id, args: Id, state: Id) -> Result<Self, ImportError> {
        let class = arena.class(id)?.ok_or_else(|| none(arena, id))?;
        let args = arena.items(args)?.unwrap_or_default();
        match &*class.name {
            "_reconstruct" | "ndarray" => {
                let state = arena.items(state)?.unwrap_or_default();
                // Without the version that numpy puts first since 1.0.
                let [lengths, dtype, is_fortran, data] = *(match state.as_slice() {
                    [_, rest @ ..] if rest.len() == 4 => rest,
                    rest => rest,
                }) else {
                    return Err(none(arena, id));
                };
                let (lengths, dtype) = (shape(arena, lengths)?, Dtype::read(arena, dtype)?);
                let is_fortran = matches!(arena.node(is_fortran), Node::Bool(true) | Node::Int(1));
                if dtype.element == Element::Object {
                    return Self::of_objects(arena, lengths, data, is_fortran);
                }
                let data = arena.bytes(data)?.ok_or_else(|| none(arena, id))?;
                Array::new(lengths, dtype, is_fortran, data).map(Self::Array)
            }
            "_frombuffer" => {
                let [data, dtype, lengths, order] = *args.as_slice() else { return Err(none(arena, id)) };
                let data = arena.bytes(data)?.ok_or_else(|| none(arena, id))?;
                let (lengths, dtype) = (shape(arena, lengths)?, Dtype::read(arena, dtype)?);
                Array::new(lengths, dtype, arena.is_text(order, "F"), data).map(Self::Array)
            }
            "scalar" => {
                let [dtype, data] = *args.as_slice() else { return Err(none(arena, id)) };
                let data = arena.bytes(data)?.ok_or_else(|| none(arena, id))?;
                Array::new(Vec::new(), Dtype::read(arena, dtype)?, false, data).map(Self::Array)
            }
            _ => Err(none(arena, id)),
        }
    }

    fn of_objects(arena: &Arena<'a>, shape: Vec<usize>, list: Id, is_fortran: bool) -> Result<Self, ImportError> {
        let items = arena.items(list)?.unwrap_or_default();
        let n = n_elements(&shape);
        let is_list = |id: &Id| matches!(arena.node(*id), Node::List(_));
        match *shape.as_slice() {
            // skops writes an array of two dimensions as a list of lists.
            [rows, columns] if items.len() == rows && items.iter().all(is_list) => {
                let mut flat = Vec::new();
                for row in &items {
                    let row = arena.items(*row)?.filter(|row| row.len() == columns);
                    flat.extend(row.ok_or_else(|| none(arena, list))?);
                }
                Ok(Self::Objects { shape, items: flat })
            }
            [rows, columns] if is_fortran && n == Some(items.len()) => {
                let at = |i: usize| items[(i % columns) * rows + i / columns];
                Ok(Self::Objects { items: (0..items.len()).map(at).collect(), shape })
            }
            _ if n == Some(items.len()) && (!is_fortran || shape.len() < 2) => Ok(Self::Objects { shape, items }),
            _ => {
                let n = items.len();
                Err(ImportError::new(format_args!("an array of the shape {shape:?} has {n} objects")))
            }
        }
    }

    /// The numbers of an array or list, with its shape.
    pub(in crate::import::sklearn) fn numbers(
        arena: &Arena<'a>,
        id: Id,
    ) -> Result<(Vec<usize>, Vec<f64>), ImportError> {
        match Self::read(arena, id)? {
            Self::Array(array) => {
                arena.spend(array.len())?;
                Ok((array.shape.clone(), array.numbers()?))
            }
            Self::Objects { shape, items } => {
                let number = |id: &Id| Self::number(arena, *id).and_then(|n| n.ok_or_else(|| none(arena, *id)));
                Ok((shape, items.iter().map(number).collect::<Result<_, _>>()?))
            }
        }
    }

    /// The number at a node: Python's, numpy's, or an array of one; `None` where there is none.
    #[expect(clippy::cast_precision_loss, reason = "as Python does it")]
    pub(in crate::import::sklearn) fn number(arena: &Arena<'a>, id: Id) -> Result<Option<f64>, ImportError> {
        Ok(match arena.node(id) {
            Node::Bool(v) => Some(f64::from(u8::from(v))),
            Node::Int(v) => Some(v as f64),
            Node::Float(v) => Some(v),
            Node::Object { .. } | Node::Array { .. } | Node::Npy(_) => match Self::read(arena, id) {
                Ok(Self::Array(array)) if array.len() == 1 => array.numbers()?.first().copied(),
                _ => None,
            },
            _ => None,
        })
    }
}

fn none(arena: &Arena<'_>, id: Id) -> ImportError {
    ImportError::new(format_args!("{} is not an array that is read", arena.describe(id)))
}
