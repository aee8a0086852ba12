//! `OneHotEncoder` and `OrdinalEncoder`.

use super::builder::{ColumnsBuilder, Gaps, PendingColumn};
use super::categories::Encoding;
use crate::import::error::ImportError;
use crate::import::room::{CATEGORY, TEXT_COPIES};
use crate::import::sklearn::arena::{Id, Object};
use crate::import::sklearn::array::{Label, Values, position};
use crate::model::neutral::Operation;

/// One column's categories, and the group of each: infrequent ones share one.
struct Groups {
    labels: Vec<Label>,
    of_label: Vec<usize>,
    /// The group of those that were rare when it was fitted.
    infrequent: Option<usize>,
}

impl Groups {
    fn n(&self) -> usize {
        self.of_label.iter().max().map_or(0, |last| last + 1)
    }

    /// Each category but the missing ones with its group.
    fn codes(&self) -> Vec<(Label, f64)> {
        let of_group = |(label, group): (&Label, &usize)| (label.clone(), code(*group));
        self.labels.iter().zip(&self.of_label).map(of_group).filter(|(label, _)| !label.is_gap()).collect()
    }

    /// The group of None, or of NaN, if it is a category.
    fn of(&self, gap: &Label) -> Option<usize> {
        self.labels.iter().position(|label| label == gap).map(|at| self.of_label[at])
    }

    fn encoding(&self, unknown: Option<f64>, missing: Option<f64>) -> Encoding {
        let (none, nan) = (self.of(&Label::None).is_some(), self.of(&Label::Missing).is_some());
        Encoding { codes: self.codes(), unknown, missing, lists_none: none, lists_nan: nan }
    }
}

#[expect(clippy::cast_precision_loss, reason = "groups are few")]
fn code(group: usize) -> f64 {
    group as f64
}

/// The categories of each column.
fn groups(object: &Object<'_>, n: usize) -> Result<Vec<Groups>, ImportError> {
    let arena = object.arena;
    let lists = arena.items(object.need("categories_")?)?.unwrap_or_default();
    if lists.len() != n {
        return Err(ImportError::new(format_args!("{} lists for {n} columns", lists.len())).within("categories_"));
    }
    let each =
        |attribute| Ok::<_, ImportError>(object.get(attribute)?.map(|id| arena.items(id)).transpose()?.flatten());
    let (rare, mappings) = (each("_infrequent_indices")?, each("_default_to_infrequent_mappings")?);
    let of_column = |list: &Option<Vec<Id>>, i: usize| {
        list.as_ref().and_then(|list| list.get(i).copied()).filter(|id| !arena.is_none(*id))
    };
    let mut made = Vec::with_capacity(n);
    for (i, list) in lists.iter().enumerate() {
        let labels = Label::all(arena, *list).map_err(|e| e.within(format_args!("categories_[{i}]")))?;
        // One list may be that of many columns: each makes its own of it.
        let texts = labels.iter().map(|label| if let Label::Text(text) = label { text.len() } else { 0 });
        arena.room.take(texts.sum(), TEXT_COPIES);
        arena.room.take(labels.len(), CATEGORY);
        let mut groups: Vec<usize> = (0..labels.len()).collect();
        if let Some(mapping) = of_column(&mappings, i) {
            let (_, mapping) = Values::numbers(arena, mapping)?;
            let group = |v: &f64| position(*v).filter(|group| *group < labels.len());
            let mut mapped: Option<Vec<usize>> = mapping.iter().map(group).collect();
            if let (Some(mapped), Some(Label::Missing)) = (&mut mapped, labels.last())
                && mapped.len() + 1 == labels.len()
            {
                // An ordinal encoder leaves NaN out: it has a code of its own.
                mapped.push(labels.len() - 1);
            }
            groups = mapped.filter(|mapped| mapped.len() == labels.len()).ok_or_else(|| {
                ImportError::new("it does not name a group for each category").within("_default_to_infrequent_mappings")
            })?;
        }
        let rare = of_column(&rare, i).map(|rare| Values::numbers(arena, rare)).transpose()?;
        let first = rare.and_then(|(_, rare)| rare.first().copied());
        let infrequent = first.and_then(position).and_then(|at| groups.get(at).copied());
        made.push(Groups { labels, of_label: groups, infrequent });
    }
    Ok(made)
}

/// Reads a `OneHotEncoder`.
pub(super) fn one_hot(
    object: &Object<'_>,
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
) -> Result<Vec<PendingColumn>, ImportError> {
    let unknown_rule = object.word("handle_unknown")?.unwrap_or_default();
    let dropped = dropped(object, pending.len())?;
    let mut made = Vec::new();
    for ((pending, groups), dropped) in pending.iter().zip(groups(object, pending.len())?).zip(dropped) {
        // No column is 1 for the code −1.
        let unknown = match &*unknown_rule {
            "error" => None,
            "ignore" => Some(-1.0),
            "infrequent_if_exist" | "warn" => Some(groups.infrequent.map_or(-1.0, code)),
            other => return Err(ImportError::new(format_args!("{other:?} is not read")).within("handle_unknown")),
        };
        let missing = groups.of(&Label::None).or(groups.of(&Label::Missing)).map(code).or(unknown);
        let encoding = groups.encoding(unknown, missing);
        let kept: Vec<f64> = (0..groups.n()).filter(|group| Some(*group) != dropped).map(code).collect();
        let PendingColumn::Column { column, .. } = columns.encode(pending, &encoding)? else { continue };
        let n = u32::try_from(kept.len()).map_err(|_| ImportError::new("it makes too many columns"))?;
        let first = columns.step(column, Operation::OneHot(kept))?;
        made.extend((first..first + n).map(|column| PendingColumn::Column { column, gaps: Gaps::default() }));
    }
    Ok(made)
}

/// The group that has no column, of each column.
fn dropped(object: &Object<'_>, n: usize) -> Result<Vec<Option<usize>>, ImportError> {
    let arena = object.arena;
    if object.get("drop")?.is_none() {
        return Ok(vec![None; n]);
    }
    let attribute =
        if object.get("_drop_idx_after_grouping")?.is_some() { "_drop_idx_after_grouping" } else { "drop_idx_" };
    let Some(id) = object.get(attribute)? else { return Ok(vec![None; n]) };
    let dropped = Label::all(arena, id).map_err(|e| e.within(attribute))?;
    if dropped.len() != n {
        return Err(ImportError::new(format_args!("{} categories for {n} columns", dropped.len())).within(attribute));
    }
    let position = |label: &Label| match label {
        Label::Missing | Label::None => Ok(None),
        Label::Int(v) => {
            usize::try_from(*v).map(Some).map_err(|_| ImportError::new("it is no position").within(attribute))
        }
        _ => Err(ImportError::new("it is no position").within(attribute)),
    };
    dropped.iter().map(position).collect()
}

/// Reads an `OrdinalEncoder`.
pub(super) fn ordinal(
    object: &Object<'_>,
    columns: &mut ColumnsBuilder,
    pending: &[PendingColumn],
) -> Result<Vec<PendingColumn>, ImportError> {
    let arena = object.arena;
    let number = |attribute: &str| {
        let id = object.get(attribute)?;
        let number = id.map(|id| Values::number(arena, id)).transpose()?.flatten();
        Ok::<_, ImportError>(number.unwrap_or(f64::NAN))
    };
    let unknown = match object.word("handle_unknown")?.as_deref() {
        None | Some("error") => None,
        Some("use_encoded_value") => Some(number("unknown_value")?),
        Some(other) => return Err(ImportError::new(format_args!("{other:?} is not read")).within("handle_unknown")),
    };
    let missing = number("encoded_missing_value")?;
    let encode = |(pending, groups): (&PendingColumn, Groups)| {
        // Of the two NaN alone has a code of its own; None is a category like others.
        let of_nan = groups.of(&Label::Missing).map(|_| missing);
        let missing = groups.of(&Label::None).map(code).or(of_nan).or(unknown);
        columns.encode(pending, &groups.encoding(unknown, missing))
    };
    pending.iter().zip(groups(object, pending.len())?).map(encode).collect()
}
