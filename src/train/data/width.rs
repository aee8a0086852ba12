//! How many columns features are encoded into, and what of that is refused.

use crate::model::batch::Batch;
use crate::model::date::DatePart;
use crate::model::schema::{Feature, FeatureKind, MAX_COLUMNS};
use crate::train::data::lookalikes::why_text;
use crate::train::error::TrainError;

/// Most encoded cells of the training rows: 2 GiB of `f64`, of which a fit holds several copies.
const MAX_CELLS: usize = 1 << 28;

/// Most one-hot columns of a feature. An identifier of 2,000 values made a fit of 2,000 rows take 35 s.
const MAX_ONE_HOT: usize = 255;

/// Checks that one-hot columns are few, and within what is held, of training rows as a batch of these features.
/// Categories of fewer than `min_frequency` rows go together.
pub(super) fn check_encoded(
    file: &str,
    features: &[Feature],
    batch: &Batch,
    min_frequency: Option<u32>,
) -> Result<(), TrainError> {
    let many = features.iter().enumerate().filter(|(_, feature)| feature.categories.len() > MAX_ONE_HOT);
    for (f, feature) in many {
        check_one_hot(file, feature, batch.rows().map(|row| row[f]), min_frequency)?;
    }
    let width = |feature: &Feature| match feature.kind {
        FeatureKind::Numeric => 1,
        // One more is that of the rare ones.
        FeatureKind::Categorical => feature.categories.len().min(MAX_ONE_HOT + 1),
        FeatureKind::Date(_) => DatePart::ALL.len(),
    };
    check(file, features, batch.n_rows(), features.iter().map(width).sum())
}

/// Refuses more than [`MAX_ONE_HOT`] columns of a feature with these cells.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a category's position")]
fn check_one_hot(
    file: &str,
    feature: &Feature,
    cells: impl Iterator<Item = f64>,
    min_frequency: Option<u32>,
) -> Result<(), TrainError> {
    let mut counts = vec![0_usize; feature.categories.len()];
    cells.filter(|cell| !cell.is_nan()).for_each(|cell| counts[cell as usize] += 1);
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let at_least = |n: usize| counts.partition_point(|count| *count >= n);
    let (name, n) = (&feature.name, counts.len());
    let left = match min_frequency {
        None => n,
        Some(least) => at_least(least as usize),
    };
    if left <= MAX_ONE_HOT {
        return Ok(());
    }
    // One more than the first that is too many has: it goes to the rare ones.
    let least = (counts[MAX_ONE_HOT] + 1).max(2);
    let remain = match at_least(least) {
        0 => "none is left then".to_owned(),
        remain => format!("{remain} are left then"),
    };
    let too_many = match min_frequency {
        None => format!("{n} categories"),
        Some(given) => format!("{left} categories of at least {given} training rows"),
    };
    let why = why_text(name, &feature.categories).map_or_else(String::new, |why| format!("; {why}"));
    Err(TrainError::Data(format!(
        "{file}: {name:?} has {too_many}, more than {MAX_ONE_HOT} one-hot columns: --drop it, or put those of fewer than \
         {least} rows together with --min-frequency {least} ({remain}), or use --algorithm hist-gradient-boosting, which \
         takes categories as they are{why}"
    )))
}

/// Checks `width` columns of the features.
pub(super) fn check(file: &str, features: &[Feature], n_rows: usize, width: usize) -> Result<(), TrainError> {
    let widest = features.iter().max_by_key(|f| f.categories.len()).map(|f| (f.name.as_str(), f.categories.len()));
    let (name, categories) = widest.unwrap_or_default();
    if width > MAX_COLUMNS {
        return Err(TrainError::Data(format!(
            "{file}: {width} encoded columns are more than {MAX_COLUMNS}; {name:?} alone has {categories} categories: \
             --drop it, or columns like it"
        )));
    }
    if width.saturating_mul(n_rows) > MAX_CELLS {
        return Err(TrainError::Data(format!(
            "{file}: {n_rows} rows of {width} encoded columns are more than {MAX_CELLS} cells; {name:?} has \
             {categories} categories: --drop it, or use fewer rows"
        )));
    }
    Ok(())
}
