//! What an estimator's input columns are called, and how many there are.

use crate::import::error::ImportError;
use crate::import::sklearn::arena::Object;
use crate::import::sklearn::array::{Label, Values, position};
use crate::model::schema::MAX_COLUMNS;

/// The names that an object was fitted with; `None` where its columns had none.
pub(in crate::import::sklearn) fn feature_names(object: &Object<'_>) -> Result<Option<Vec<String>>, ImportError> {
    let Some(id) = object.get("feature_names_in_")? else { return Ok(None) };
    let labels = Label::all(object.arena, id).map_err(|e| e.within("feature_names_in_"))?;
    Ok(Some(labels.iter().map(Label::to_text).collect()))
}

/// How many columns an object was fitted with; `None` where it does not say.
pub(in crate::import::sklearn) fn n_inputs(object: &Object<'_>) -> Result<Option<usize>, ImportError> {
    let arena = object.arena;
    for attribute in ["n_features_in_", "n_features_", "_n_features"] {
        if let Some(id) = object.get(attribute)? {
            let n = Values::number(arena, id)?.and_then(position).filter(|n| *n <= MAX_COLUMNS);
            let wrong =
                || ImportError::new(format_args!("its number of features is not 1 to {MAX_COLUMNS}")).within(attribute);
            return n.map(Some).ok_or_else(wrong);
        }
    }
    // Before 0.24: what else has one number a column.
    for attribute in ["coef_", "mean_", "scale_", "center_", "statistics_"] {
        if let Some(id) = object.get(attribute)?
            && let Ok((shape, _)) = Values::numbers(arena, id)
        {
            return Ok(shape.last().copied());
        }
    }
    Ok(object.get("categories_")?.map(|id| arena.items(id)).transpose()?.flatten().map(|lists| lists.len()))
}
