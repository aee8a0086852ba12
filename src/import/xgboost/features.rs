//! The schema of a model of `XGBoost`, and the steps from its features to the columns that trees split on.

use super::categories::Encoding;
use crate::import::error::ImportError;
use crate::model::neutral::{Operation, Step, Steps};
use crate::model::schema::{Feature, FeatureKind, MAX_COLUMNS};

/// Features and steps; `notes` are sentences on what was decided.
#[derive(Debug)]
pub(super) struct FeaturesAndSteps {
    pub(super) features: Vec<Feature>,
    pub(super) steps: Steps,
    /// Columns so far. Each step of a feature makes one.
    n_made: u32,
    pub(super) notes: Vec<String>,
}

/// Makes `n` features: names and encodings are one per feature, or none at all.
pub(super) fn columns(
    n: usize,
    names: Vec<String>,
    encodings: &[Encoding],
    zero_as_missing: bool,
) -> Result<FeaturesAndSteps, ImportError> {
    if n == 0 || n > MAX_COLUMNS {
        return Err(ImportError::new(format_args!("num_feature is {n}, expected 1 to {MAX_COLUMNS}")));
    }
    let of_each = |what: &str, got: usize| match got {
        0 => Ok(()),
        got if got == n => Ok(()),
        got => Err(ImportError::new(format_args!("{got} {what}, but num_feature is {n}"))),
    };
    of_each("feature_names", names.len())?;
    of_each("encodings in cats", encodings.len())?;
    let names = if names.is_empty() { (0..n).map(|i| format!("f{i}")).collect() } else { names };
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    let features = Vec::with_capacity(names.len());
    let mut made = FeaturesAndSteps { features, steps: Steps::none(n), n_made: n, notes: Vec::new() };
    for (i, name) in names.into_iter().enumerate() {
        let mut feature = Feature::imported(name, true);
        match encodings.get(i) {
            Some(Encoding::Names { names, are_texts }) => {
                (feature.untrimmed, feature.numbers) = (*are_texts, !are_texts);
                made.name_categories(i, &mut feature, names);
            }
            Some(Encoding::Unusable(why)) => made
                .notes
                .push(format!("the categories of {:?} are sent as codes, by position from 0: {why}", feature.name)),
            Some(Encoding::None) | None => {}
        }
        if zero_as_missing && feature.kind == FeatureKind::Numeric {
            made.push(i, Operation::AsMissing(0.0));
        }
        made.features.push(feature);
    }
    if zero_as_missing {
        made.notes.push("a 0 is a missing cell".to_owned());
    }
    Ok(made)
}

impl FeaturesAndSteps {
    /// Makes a feature categorical; `names` are by code.
    fn name_categories(&mut self, i: usize, feature: &mut Feature, names: &[String]) {
        let mut by_name: Vec<(&String, u32)> = names.iter().zip(0..).collect();
        by_name.sort_unstable();
        feature.kind = FeatureKind::Categorical;
        feature.unbounded = false;
        feature.categories = by_name.iter().map(|(name, _)| (*name).clone()).collect();
        let codes = by_name.iter().map(|(_, code)| f64::from(*code)).collect();
        self.push(i, Operation::Codes { codes, unknown: f64::NAN });
    }

    /// Puts what a step makes of feature `i` in its place among the predictor's columns.
    fn push(&mut self, i: usize, operation: Operation) {
        let input = std::mem::replace(&mut self.steps.outputs[i], self.n_made);
        self.n_made += 1;
        self.steps.steps.push(Step { input, operation });
    }
}
