//! Scalers and functions: one number into one number.

use super::builder::{ColumnsBuilder, PendingColumn};
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Node, Object};
use crate::import::sklearn::array::Values;
use crate::model::neutral::{Function, Operation};

/// The numbers of an attribute, one per column.
fn numbers(object: &Object<'_>, attribute: &str, n: usize) -> Result<Vec<f64>, ImportError> {
    let (_, numbers) =
        object.need(attribute).and_then(|id| Values::numbers(object.arena, id)).map_err(|e| e.within(attribute))?;
    if numbers.len() == n {
        return Ok(numbers);
    }
    Err(ImportError::new(format_args!("{} numbers for {n} columns", numbers.len())).within(attribute))
}

fn each(
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
    mut operation: impl FnMut(usize) -> Operation,
) -> Result<Vec<PendingColumn>, ImportError> {
    pending.iter().enumerate().map(|(i, pending)| columns.map(pending, operation(i))).collect()
}

/// (x − offset) / divisor: `StandardScaler`, `RobustScaler`, `MaxAbsScaler`, by the attributes that they have.
pub(super) fn standardize(
    object: &Object<'_>,
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
) -> Result<Vec<PendingColumn>, ImportError> {
    let n = pending.len();
    let (offset, divisor) = match object.name() {
        "StandardScaler" => (("with_mean", "mean_"), ("with_std", "scale_")),
        "RobustScaler" => (("with_centering", "center_"), ("with_scaling", "scale_")),
        _ => (("", ""), ("", "scale_")),
    };
    let part = |(switch, attribute): (&str, &str)| {
        let is_there = !attribute.is_empty() && (switch.is_empty() || object.is_set(switch)?);
        if is_there { numbers(object, attribute, n).map(Some) } else { Ok(None) }
    };
    let (offsets, divisors) = (part(offset)?, part(divisor)?);
    if offsets.is_none() && divisors.is_none() {
        return Ok(pending.to_vec());
    }
    let at = |numbers: &Option<Vec<f64>>, i: usize, none: f64| numbers.as_ref().map_or(none, |numbers| numbers[i]);
    let scaled = each(columns, pending, |i| Operation::Standardize {
        offset: at(&offsets, i, 0.0),
        divisor: at(&divisors, i, 1.0),
    })?;
    if object.name() == "MaxAbsScaler" && object.is_set("clip")? {
        return each(columns, &scaled, |_| Operation::Clip { low: -1.0, high: 1.0 });
    }
    Ok(scaled)
}

/// x · factor + offset, perhaps clipped: `MinMaxScaler`.
pub(super) fn min_max(
    object: &Object<'_>,
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
) -> Result<Vec<PendingColumn>, ImportError> {
    let (factors, offsets) = (numbers(object, "scale_", pending.len())?, numbers(object, "min_", pending.len())?);
    let scaled = each(columns, pending, |i| Operation::Affine { factor: factors[i], offset: offsets[i] })?;
    if !object.is_set("clip")? {
        return Ok(scaled);
    }
    let (_, range) = Values::numbers(object.arena, object.need("feature_range")?)?;
    let [low, high] = *range.as_slice() else {
        return Err(ImportError::new("it is no pair of numbers").within("feature_range"));
    };
    each(columns, &scaled, |_| Operation::Clip { low, high })
}

/// A function that numpy has, by its name: `FunctionTransformer`.
pub(super) fn function(
    object: &Object<'_>,
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
) -> Result<Vec<PendingColumn>, ImportError> {
    let arena = object.arena;
    let Some(id) = object.get("func")? else { return Ok(pending.to_vec()) };
    if let Some(kwargs) = object.get("kw_args")?
        && !matches!(arena.node(kwargs), Node::Dict(chain) if chain.is_empty())
    {
        return Err(ImportError::new("arguments of a function are not read").within("kw_args"));
    }
    // HistGradientBoosting checks its numeric columns so: they stay as they are.
    if arena.class(id)?.is_some_and(|class| class.name == "partial") {
        let what = Object::at(arena, id)?;
        let function = what.args()?.first().and_then(|first| arena.global(*first));
        if function.is_some_and(|function| function.name == "check_array" && function.module.starts_with("sklearn")) {
            return Ok(pending.to_vec());
        }
    }
    let global = arena.global(id).filter(|global| global.module.split('.').next() == Some("numpy"));
    let Some(function) = global.and_then(|global| Function::named(&global.name)) else {
        let what = arena.describe(id);
        return Err(ImportError::new(format_args!("{what} is not a function of numpy that is read")).within("func"));
    };
    if matches!(function, Function::Log | Function::Log1p | Function::Log2 | Function::Log10 | Function::Sqrt) {
        columns.partial = Function::ALL.iter().find(|(own, _)| *own == function).map(|(_, name)| *name);
    }
    each(columns, pending, |_| Operation::Function(function))
}
