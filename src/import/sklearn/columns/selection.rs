//! Which columns a part of a `ColumnTransformer` takes.

use std::collections::HashMap;

use super::names::feature_names;
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Id, Node, Object};
use crate::import::sklearn::array::{Label, Values};

/// The positions of the columns that a `ColumnTransformer` was fitted with, by name.
type Names<'n> = HashMap<&'n str, usize>;

/// The positions of the columns of a part: as fitting noted them, else by the selection itself.
pub(super) fn positions(object: &Object<'_>, part: &str, selection: Id, n: usize) -> Result<Vec<usize>, ImportError> {
    let arena = object.arena;
    let noted = match object.get("_transformer_to_input_indices")? {
        Some(noted) => arena.value(noted, part)?,
        None => None,
    };
    let positions = match noted {
        Some(noted) => numbers(arena, noted, n)?,
        None => selected(object, selection, n)?,
    };
    match positions.iter().find(|position| **position >= n) {
        Some(position) => Err(ImportError::new(format_args!("it selects column {position} of {n}"))),
        None => Ok(positions),
    }
}

fn numbers(arena: &Arena<'_>, id: Id, n: usize) -> Result<Vec<usize>, ImportError> {
    Label::all(arena, id)?.iter().map(|label| position(label, n)).collect()
}

/// A position, from the end where it is negative.
fn position(label: &Label, n: usize) -> Result<usize, ImportError> {
    let Label::Int(number) = label else { return Err(ImportError::new("it selects a column by no position")) };
    let length = i64::try_from(n).unwrap_or(i64::MAX);
    let number = if *number < 0 { number.saturating_add(length) } else { *number };
    usize::try_from(number).map_err(|_| ImportError::new(format_args!("it selects a column before the first of {n}")))
}

/// A name, a number, a slice, a mask, or a list of names or numbers.
fn selected(object: &Object<'_>, id: Id, n: usize) -> Result<Vec<usize>, ImportError> {
    let arena = object.arena;
    let names = feature_names(object)?.unwrap_or_default();
    let names: Names<'_> = names.iter().zip(0..).map(|(name, at)| (name.as_str(), at)).collect();
    match arena.node(id) {
        Node::Text(..) => Ok(vec![named(&names, &arena.text(id).unwrap_or_default())?]),
        Node::Int(_) => Ok(vec![position(&Label::read(arena, id)?, n)?]),
        Node::Object { .. } if arena.class(id)?.is_some_and(|class| class.name == "slice") => {
            slice(arena, &names, id, n)
        }
        // A list of positions of its own class since 1.5: its positions are in `data`.
        Node::Object { .. } if arena.class(id)?.is_some_and(|class| class.name == "_RemainderColsList") => {
            let data = Object::at(arena, id)?.need("data")?;
            list(&names, &Label::all(arena, data)?, n)
        }
        Node::Object { .. } if Values::read(arena, id).is_err() => {
            let what = arena.describe(id);
            Err(ImportError::new(format_args!("a selection of columns by {what} is not read")))
        }
        _ => list(&names, &Label::all(arena, id)?, n),
    }
}

fn list(names: &Names<'_>, labels: &[Label], n: usize) -> Result<Vec<usize>, ImportError> {
    if !labels.is_empty() && labels.iter().all(|label| matches!(label, Label::Bool(_))) {
        if labels.len() != n {
            return Err(ImportError::new(format_args!("a mask of {} columns for {n}", labels.len())));
        }
        return Ok((0..n).filter(|i| labels[*i] == Label::Bool(true)).collect());
    }
    let of = |label: &Label| match label {
        Label::Text(name) => named(names, name),
        _ => position(label, n),
    };
    labels.iter().map(of).collect()
}

fn named(names: &Names<'_>, name: &str) -> Result<usize, ImportError> {
    names.get(name).copied().ok_or_else(|| {
        ImportError::new(format_args!("it selects the column {name:?}, and was not fitted with columns of that name"))
    })
}

/// A slice of positions, or of names: then its end belongs to it.
fn slice<'a>(arena: &'a Arena<'a>, names: &Names<'_>, id: Id, n: usize) -> Result<Vec<usize>, ImportError> {
    let args = Object::at(arena, id)?.args()?;
    let [from, to, by] = *args.as_slice() else {
        return Err(ImportError::new("a slice has not three parts"));
    };
    let bound = |id: Id, none: usize, past: usize| match arena.node(id) {
        Node::None => Ok(none),
        Node::Int(number) => {
            let length = i64::try_from(n).unwrap_or(i64::MAX);
            let number = if number < 0 { number.saturating_add(length).max(0) } else { number.min(length) };
            Ok(usize::try_from(number).unwrap_or(n))
        }
        _ => {
            let name =
                arena.text(id).ok_or_else(|| ImportError::new("a slice of columns has an end that is not read"))?;
            named(names, &name).map(|at| at + past)
        }
    };
    let by = match arena.node(by) {
        Node::None => 1,
        Node::Int(by) => usize::try_from(by).unwrap_or(0),
        _ => 0,
    };
    if by == 0 {
        return Err(ImportError::new("a slice of columns whose step is not positive is not read"));
    }
    Ok((bound(from, 0, 0)?..bound(to, n, 1)?).step_by(by).collect())
}
