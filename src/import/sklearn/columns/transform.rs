//! A transformer by its class: scalers, imputers, encoders, and those that hold other ones.

use super::builder::{ColumnsBuilder, PendingColumn};
use super::names::n_inputs;
use super::{encoders, impute, scale, selection};
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Id, Object};

/// The largest depth of transformers inside transformers.
const MAX_DEPTH: usize = 16;

/// Puts columns through a transformer, an object or the word `passthrough`.
pub(in crate::import::sklearn) fn transform(
    arena: &Arena<'_>,
    id: Id,
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
    depth: usize,
) -> Result<Vec<PendingColumn>, ImportError> {
    if arena.is_none(id) || arena.is_text(id, "passthrough") {
        return Ok(pending.to_vec());
    }
    if depth > MAX_DEPTH {
        return Err(ImportError::new(format_args!("transformers are nested deeper than {MAX_DEPTH}")));
    }
    arena.spend(pending.len())?;
    let object = Object::at(arena, id)?;
    let unread = || ImportError::new(format_args!("{} is not a transformer that is read", object.class));
    if !object.is_of("sklearn") {
        return Err(unread());
    }
    if let Some(n) = n_inputs(&object)?
        && n != pending.len()
    {
        return Err(ImportError::new(format_args!("{} takes {n} columns of {}", object.class, pending.len())));
    }
    match object.name() {
        "Pipeline" => {
            let mut pending = pending.to_vec();
            for (name, step) in steps(&object)? {
                pending = transform(arena, step, columns, &pending, depth + 1).map_err(|e| e.within(name))?;
            }
            Ok(pending)
        }
        "ColumnTransformer" => parts(&object, columns, pending, depth),
        "StandardScaler" | "RobustScaler" | "MaxAbsScaler" => scale::standardize(&object, columns, pending),
        "MinMaxScaler" => scale::min_max(&object, columns, pending),
        "FunctionTransformer" => scale::function(&object, columns, pending),
        "SimpleImputer" => impute::impute(&object, columns, pending),
        "OneHotEncoder" => encoders::one_hot(&object, columns, pending),
        "OrdinalEncoder" => encoders::ordinal(&object, columns, pending),
        _ => Err(unread()),
    }
}

/// The steps of a pipeline: names and objects.
pub(in crate::import::sklearn) fn steps(object: &Object<'_>) -> Result<Vec<(String, Id)>, ImportError> {
    let arena = object.arena;
    let list = arena.items(object.need("steps")?)?.unwrap_or_default();
    let pair = |id: &Id| {
        let pair = arena.items(*id)?.unwrap_or_default();
        let [name, step] = *pair.as_slice() else {
            return Err(ImportError::new("a step is no pair of a name and an object").within("steps"));
        };
        Ok((arena.text(name).unwrap_or_default().into_owned(), step))
    };
    list.iter().map(pair).collect()
}

/// A `ColumnTransformer`: each part's columns, one part after the other.
fn parts(
    object: &Object<'_>,
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
    depth: usize,
) -> Result<Vec<PendingColumn>, ImportError> {
    let arena = object.arena;
    if object.get("transformer_weights")?.is_some() {
        return Err(ImportError::new("weights of transformers are not read").within("transformer_weights"));
    }
    let list = arena.items(object.need("transformers_")?)?.unwrap_or_default();
    let mut made = Vec::new();
    for part in list {
        let parts = arena.items(part)?.unwrap_or_default();
        let [name, transformer, selection] = *parts.as_slice() else {
            return Err(
                ImportError::new("a part is no triple of a name, a transformer and columns").within("transformers_")
            );
        };
        if arena.is_text(transformer, "drop") {
            continue;
        }
        let name = arena.text(name).unwrap_or_default().into_owned();
        let mut put = || {
            let positions = selection::positions(object, &name, selection, pending.len())?;
            if positions.is_empty() {
                return Ok(Vec::new());
            }
            let taken: Vec<PendingColumn> = positions.iter().map(|position| pending[*position].clone()).collect();
            transform(arena, transformer, columns, &taken, depth + 1)
        };
        made.extend(put().map_err(|e| e.within(&name))?);
        arena.spend(made.len())?;
    }
    Ok(made)
}
