//! Columns when they are all made: the schema's features, and steps whose codes follow the order of its categories.

use std::collections::HashMap;

use super::builder::{ColumnsBuilder, Draft};
use crate::import::error::ImportError;
use crate::model::neutral::{Operation, Steps};
use crate::model::schema::{Feature, FeatureKind};

/// The category of a feature that the model does not use: whatever is sent is unlisted, and accepted.
const UNUSED: &str = "(unused)";

impl ColumnsBuilder {
    /// The features, the steps with an estimator's columns, and a note for people on columns that are not used.
    ///
    /// # Errors
    /// A feature is a number and a category at once, or two encoders that refuse unknown categories list different
    /// ones.
    pub(in crate::import::sklearn) fn finish(
        mut self,
        outputs: Vec<u32>,
    ) -> Result<(Vec<Feature>, Steps, Option<String>), ImportError> {
        for draft in &mut self.features {
            if let Some(categories) = &mut draft.categories {
                categories.sort_unstable();
                categories.dedup();
            }
        }
        for coding in &self.codings {
            let draft = &self.features[coding.feature];
            let own: HashMap<&str, f64> = coding.codes.iter().map(|(own, code)| (own.as_str(), *code)).collect();
            let code = |category: &String| {
                own.get(category.as_str()).copied().or(coding.unknown).ok_or_else(|| {
                    let name = &draft.name;
                    ImportError::new(format_args!(
                        "the encoders of the column {name:?} list different categories, and one of them refuses unknown ones"
                    ))
                })
            };
            let categories = draft.categories.as_deref().unwrap_or_default();
            let codes = categories.iter().map(code).collect::<Result<Vec<f64>, _>>()?;
            let unknown = coding.unknown.unwrap_or(f64::NAN);
            self.steps[coding.step].operation = Operation::Codes { codes, unknown };
        }
        let unused: Vec<&str> =
            self.features.iter().filter(|draft| is_unused(draft)).map(|d| d.name.as_str()).collect();
        let note = (!unused.is_empty()).then(|| {
            let names = unused.join(", ");
            format!("Not used by the model, anything or nothing may be sent: {names}.")
        });
        let n_features = u32::try_from(self.features.len()).unwrap_or(u32::MAX);
        let features = self.features.into_iter().map(feature).collect::<Result<_, _>>()?;
        Ok((features, Steps { n_features, steps: self.steps, outputs }, note))
    }
}

fn is_unused(draft: &Draft) -> bool {
    !draft.is_number && draft.categories.is_none()
}

fn feature(draft: Draft) -> Result<Feature, ImportError> {
    let is_unused = is_unused(&draft);
    if draft.has_none && draft.has_nan {
        let name = &draft.name;
        return Err(ImportError::new(format_args!(
            "the column {name:?} had None and NaN, which mean different things to the model: a missing cell does not say \
             which; make one of them the other before fitting"
        )));
    }
    let Draft { name, is_number, categories, has_texts, takes_missing, takes_unknown, takes_any_number, .. } = draft;
    if is_number && categories.is_some() {
        return Err(ImportError::new(format_args!(
            "the column {name:?} is taken for a number and for a category, which is not read"
        )));
    }
    let mut feature = Feature::imported(name, takes_missing);
    if is_number {
        feature.unbounded = takes_any_number;
        return Ok(feature);
    }
    feature.kind = FeatureKind::Categorical;
    feature.unbounded = false;
    feature.untrimmed = has_texts;
    feature.numbers = !has_texts && !is_unused;
    feature.unknown = is_unused || takes_unknown;
    feature.categories = categories.unwrap_or_else(|| vec![UNUSED.to_owned()]);
    Ok(feature)
}
