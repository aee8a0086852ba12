//! Columns that are no numbers for some rows: what a predictor without a rule for missing cells must not be given.

use super::form::{Neutral, Predictor};
use super::steps::{Operation, Step, Steps};
use crate::model::schema::Feature;

impl Neutral {
    /// Refuses features that accept missing cells, or categories that are not listed, where the predictor would compute
    /// with them as if they were numbers: such a row would have no answer.
    ///
    /// # Errors
    /// One sentence: which feature.
    pub(in crate::model) fn check_gaps(&self, features: &[Feature]) -> Result<(), String> {
        let has_rule = match &self.predictor {
            Predictor::Linear(linear) => linear.rule.skips_missing,
            // A split has one for NaN, and so has a linear leaf.
            Predictor::Forest(_) => true,
        };
        if has_rule {
            return Ok(());
        }
        match self.steps.gap(features).and_then(|feature| features.get(feature)) {
            Some(feature) => Err(format!(
                "the feature {:?} accepts cells that its linear functions have no rule for: a missing one, or a category \
                 that is not listed, would have no answer",
                feature.name
            )),
            None => Ok(()),
        }
    }
}

impl Steps {
    /// A feature of which some accepted cell becomes NaN in one of the columns that the predictor takes. The steps may
    /// be unchecked: a column that is not there has no gap.
    fn gap(&self, features: &[Feature]) -> Option<usize> {
        let accepts = |(i, feature): (usize, &Feature)| feature.accepts_missing().then_some(i);
        let mut gaps: Vec<Option<usize>> = features.iter().enumerate().map(accepts).collect();
        for Step { input, operation } in &self.steps {
            let input = *input as usize;
            let before = gaps.get(input).copied().flatten();
            let gap = match operation {
                Operation::Codes { codes, unknown } => {
                    let takes_unknown = features.get(input).is_some_and(|feature| feature.unknown);
                    let has_gap = codes.iter().any(|code| code.is_nan()) || unknown.is_nan() && takes_unknown;
                    before.or(has_gap.then_some(input))
                }
                // A number of a feature; one that a step made is an encoder's stand-in for what is refused.
                Operation::AsMissing(_) if input < features.len() => Some(input),
                Operation::Fill(_) | Operation::IsMissing | Operation::OneHot(_) => None,
                _ => before,
            };
            gaps.extend(std::iter::repeat_n(gap, operation.n_made()));
        }
        self.outputs.iter().find_map(|column| gaps.get(*column as usize).copied().flatten())
    }
}
