//! `SimpleImputer`: a value for missing cells, and columns that say where they were.

use super::builder::{ColumnsBuilder, Gaps, PendingColumn};
use crate::import::error::ImportError;
use crate::import::sklearn::arena::Object;
use crate::import::sklearn::array::{Label, Values, position};
use crate::model::neutral::Operation;

/// Reads an imputer.
pub(super) fn impute(
    object: &Object<'_>,
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
) -> Result<Vec<PendingColumn>, ImportError> {
    let arena = object.arena;
    let mut fills = Label::all(arena, object.need("statistics_")?).map_err(|e| e.within("statistics_"))?;
    if let Some(dtype) = object.get("_fill_dtype")?
        && fills.iter().any(|fill| matches!(fill, Label::Number(_)))
        && Values::is_single_type(arena, dtype).map_err(|e| e.within("_fill_dtype"))?
    {
        // Fitted on numbers of 32 bits, later versions fill one of them in.
        fills.iter_mut().for_each(to_single);
    }
    if fills.len() != pending.len() {
        let (n, of) = (fills.len(), pending.len());
        return Err(ImportError::new(format_args!("{n} values for {of} columns")).within("statistics_"));
    }
    let missing = match object.get("missing_values")? {
        None => Label::None,
        Some(id) => Label::read(arena, id).map_err(|e| e.within("missing_values"))?,
    };
    let keeps_empty = object.is_set("keep_empty_features")?;
    let mut made = Vec::with_capacity(pending.len());
    for (pending, fill) in pending.iter().zip(&fills) {
        // A column that had no value at all when it was fitted is left out.
        if *fill == Label::Missing {
            if keeps_empty {
                return Err(
                    ImportError::new("a column is filled with a value that is missing itself").within("statistics_")
                );
            }
            continue;
        }
        if *fill == Label::None {
            return Err(ImportError::new("a column is filled with None").within("statistics_"));
        }
        made.push(filled(columns, pending, &missing, fill)?);
    }
    let Some(indicator) = object.get("indicator_")? else { return Ok(made) };
    let indicator = Object::at(arena, indicator).map_err(|e| e.within("indicator_"))?;
    let features = Values::numbers(arena, indicator.need("features_")?).map_err(|e| e.within("features_"))?.1;
    for feature in features {
        let pending = position(feature).and_then(|feature| pending.get(feature));
        let pending = pending
            .ok_or_else(|| ImportError::new(format_args!("there is no column {feature}")).within("features_"))?;
        made.push(indicated(columns, pending, &missing)?);
    }
    Ok(made)
}

#[expect(clippy::cast_possible_truncation, reason = "as numpy does it")]
fn to_single(fill: &mut Label) {
    if let Label::Number(v) = fill {
        *v = f64::from(*v as f32);
    }
}

/// A column whose missing cells have a value.
fn filled(
    columns: &mut ColumnsBuilder,
    pending: &PendingColumn,
    missing: &Label,
    fill: &Label,
) -> Result<PendingColumn, ImportError> {
    if let PendingColumn::Feature { feature, missing: None, fill: None } = pending {
        columns.features[*feature].has_nan |= *missing == Label::Missing;
        let missing = Some(missing.clone()).filter(|missing| !missing.is_gap());
        // Where another value stands for missing, NaN is refused.
        if missing.is_some() {
            columns.refuse_missing(*feature);
        }
        return Ok(PendingColumn::Feature { feature: *feature, missing, fill: Some(fill.clone()) });
    }
    let (mut column, gaps) = columns.number(pending)?;
    if !missing.is_gap() {
        columns.refuse(gaps);
        column = columns.step(column, Operation::AsMissing(number(missing)?))?;
    }
    let column = columns.step(column, Operation::Fill(number(fill)?))?;
    Ok(PendingColumn::Column { column, gaps: Gaps::default() })
}

/// A column that says where cells were missing.
fn indicated(
    columns: &mut ColumnsBuilder,
    pending: &PendingColumn,
    missing: &Label,
) -> Result<PendingColumn, ImportError> {
    let mut column = match pending {
        // Of a category as of a number.
        PendingColumn::Feature { feature, missing: None, fill: None } if missing.is_gap() => {
            columns.features[*feature].has_nan |= *missing == Label::Missing;
            super::builder::feature_column(*feature)
        }
        _ => columns.number(pending)?.0,
    };
    if !missing.is_gap() {
        column = columns.step(column, Operation::AsMissing(number(missing)?))?;
    }
    let column = columns.step(column, Operation::IsMissing)?;
    Ok(PendingColumn::Column { column, gaps: Gaps::default() })
}

fn number(label: &Label) -> Result<f64, ImportError> {
    label.number().ok_or_else(|| {
        let text = label.to_text();
        ImportError::new(format_args!("{text:?} is filled in among numbers"))
    })
}
