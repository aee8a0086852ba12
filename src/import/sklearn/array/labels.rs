//! Class labels and categories: texts, numbers, booleans, and the value that is missing.

use std::rc::Rc;

use super::dense::{Array, integer, number};
use super::dtype::{Element, Scalar};
use super::values::Values;
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Id, Node};

/// A label.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import::sklearn) enum Label {
    Text(Rc<str>),
    Number(f64),
    Int(i64),
    Bool(bool),
    /// NaN or pandas' NA.
    Missing,
    /// Python's None, which is a category like others to an encoder.
    None,
}

impl Label {
    /// The label at a node.
    pub(in crate::import::sklearn) fn read(arena: &Arena<'_>, id: Id) -> Result<Self, ImportError> {
        Ok(match arena.node(id) {
            Node::None => Self::None,
            Node::Bool(v) => Self::Bool(v),
            Node::Int(v) => Self::Int(v),
            Node::Float(v) if v.is_nan() => Self::Missing,
            Node::Float(v) => Self::Number(v),
            Node::Text(..) | Node::Bytes(_) => {
                let text = arena.text(id).ok_or_else(|| ImportError::new("a label is no UTF-8"))?;
                arena.spend(text.len() / 8)?;
                Self::Text(text.into())
            }
            _ => {
                if arena.global(id).or(arena.class(id)?).is_some_and(|class| matches!(&*class.name, "NA" | "NAType")) {
                    return Ok(Self::Missing);
                }
                match Values::read(arena, id) {
                    Ok(Values::Array(array)) if array.len() == 1 => of_array(&array)?.swap_remove(0),
                    _ => {
                        return Err(ImportError::new(format_args!(
                            "{} is not a label that is read",
                            arena.describe(id)
                        )));
                    }
                }
            }
        })
    }

    /// The labels of an array or list.
    pub(in crate::import::sklearn) fn all(arena: &Arena<'_>, id: Id) -> Result<Vec<Self>, ImportError> {
        match Values::read(arena, id)? {
            Values::Array(array) => {
                arena.spend(array.n_bytes() / 8)?;
                of_array(&array)
            }
            Values::Objects { items, .. } => items.iter().map(|item| Self::read(arena, *item)).collect(),
        }
    }

    /// As it is written in answers and requests: of a number its shortest digits.
    pub(in crate::import::sklearn) fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.as_ref().to_owned(),
            Self::Number(v) => v.to_string(),
            Self::Int(v) => v.to_string(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Missing => "nan".to_owned(),
            Self::None => "None".to_owned(),
        }
    }

    /// True for None and NaN: each comes as a missing cell.
    pub(in crate::import::sklearn) fn is_gap(&self) -> bool {
        matches!(self, Self::Missing | Self::None)
    }

    /// The number it is.
    #[expect(clippy::cast_precision_loss, reason = "as numpy does it")]
    pub(in crate::import::sklearn) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(v) => Some(*v),
            Self::Int(v) => Some(*v as f64),
            Self::Bool(v) => Some(f64::from(u8::from(*v))),
            Self::Missing | Self::None => Some(f64::NAN),
            Self::Text(_) => None,
        }
    }
}

fn of_array(array: &Array<'_>) -> Result<Vec<Label>, ImportError> {
    let is_big = array.dtype.is_big;
    let labels = match array.dtype.element {
        Element::Number(Scalar::Bool) => array.in_order(|bytes| Some(Label::Bool(bytes.first() != Some(&0)))),
        Element::Number(scalar @ Scalar::Float(_)) => array.in_order(|bytes| {
            let v = number(scalar, is_big, bytes);
            Some(if v.is_nan() { Label::Missing } else { Label::Number(v) })
        }),
        Element::Number(scalar) => array.in_order(|bytes| integer(scalar, is_big, bytes).map(Label::Int)),
        Element::Text => array.in_order(|bytes| text(bytes, is_big).map(|text| Label::Text(text.into()))),
        Element::Bytes => array.in_order(|bytes| {
            let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
            std::str::from_utf8(&bytes[..end]).ok().map(|text| Label::Text(text.into()))
        }),
        _ => return Err(ImportError::new("labels are neither texts nor numbers")),
    };
    labels.into_iter().collect::<Option<_>>().ok_or_else(|| ImportError::new("a label is no text and no number"))
}

/// Characters of 32 bits, zeros at the end left out.
fn text(bytes: &[u8], is_big: bool) -> Option<String> {
    let code = |four: &[u8; 4]| if is_big { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) };
    let codes: Vec<u32> = bytes.as_chunks::<4>().0.iter().map(code).collect();
    let end = codes.iter().rposition(|code| *code != 0).map_or(0, |last| last + 1);
    codes[..end].iter().map(|code| char::from_u32(*code)).collect()
}
