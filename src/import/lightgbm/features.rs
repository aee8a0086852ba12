//! What a row must have: the columns, by name, and which of them take categories.

use super::categories::{Named, named};
use super::forest::Grown;
use super::header::Header;
use super::lines::Line;
use crate::import::error::ImportError;
use crate::model::neutral::{Leaves, Operation, Step, Steps};
use crate::model::schema::{Feature, FeatureKind};

/// The features, the steps from them to the columns, and a note where categories have names.
///
/// # Errors
/// Names of categories cannot be read or placed, or `names` are not one per column.
pub(super) fn features(
    header: &Header<'_>,
    grown: &Grown,
    categories: Option<(Line<'_>, &str)>,
    names: Option<Vec<String>>,
) -> Result<(Vec<Feature>, Steps, Option<String>), ImportError> {
    let n = header.names.len();
    let is_own = names.is_none();
    let names = names.unwrap_or_else(|| header.names.iter().map(|name| (*name).to_owned()).collect());
    if names.len() != n {
        return Err(ImportError::new(format_args!("{} names for {n} columns", names.len())));
    }
    // In a linear function an infinite cell would make an answer that is not finite.
    let mut is_bounded = vec![false; n];
    if let Leaves::Linear(leaves) = &grown.leaves {
        leaves.iter().flat_map(|leaf| &leaf.terms).for_each(|(column, _)| is_bounded[usize::from(*column)] = true);
    }
    let mut steps = Steps::none(0);
    let mut with_names = Vec::new();
    let all = named(categories, &header.infos)?;
    let mut features = Vec::with_capacity(n);
    for (((name, of_column), info), is_bounded) in names.into_iter().zip(all).zip(&header.infos).zip(is_bounded) {
        let input = steps.n_features;
        steps.n_features += 1;
        let blanks = is_own && name.contains('_');
        let mut feature = Feature { unbounded: !is_bounded, blanks, ..Feature::imported(name, true) };
        match of_column {
            // A column of one category, or none, that pandas knew: no row was fitted by it.
            Some(Named { names, .. }) if names.is_empty() => {}
            Some(Named { names, codes, are_texts }) => {
                with_names.push(format!("{} ({})", feature.name, names.len()));
                (feature.kind, feature.categories) = (FeatureKind::Categorical, names);
                (feature.unknown, feature.unbounded) = (true, false);
                (feature.untrimmed, feature.numbers) = (are_texts, !are_texts);
                steps.steps.push(Step { input, operation: Operation::Codes { codes, unknown: f64::NAN } });
            }
            None if is_categorical(info) => {
                feature.description = Some("a category, by the number that it was fitted with".to_owned());
            }
            None => {}
        }
        features.push(feature);
    }
    let mut made = steps.n_features..;
    let mut is_named = steps.steps.iter().map(|step| step.input).peekable();
    for column in 0..steps.n_features {
        let taken = is_named.next_if_eq(&column).and_then(|_| made.next());
        steps.outputs.push(taken.unwrap_or(column));
    }
    let note = (!with_names.is_empty())
        .then(|| format!("categories by name, a name that is not listed is missing: {}", with_names.join(", ")));
    Ok((features, steps, note))
}

/// True for a column whose numbers are categories: `0:1:2`.
pub(super) fn is_categorical(info: &str) -> bool {
    !info.starts_with('[') && info != "none"
}
