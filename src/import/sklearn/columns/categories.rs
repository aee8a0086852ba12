//! Categories into numbers.

use super::builder::{Coding, ColumnsBuilder, Gaps, PendingColumn, feature_column};
use crate::import::error::ImportError;
use crate::import::sklearn::array::Label;
use crate::model::neutral::Operation;

/// What an encoder makes of a cell. Two numbers are the same category where their texts are.
#[derive(Debug, Clone)]
pub(super) struct Encoding {
    /// The code of each category; of the missing one, if it is listed, in `missing`.
    pub(super) codes: Vec<(Label, f64)>,
    /// The code of a category that is not listed, perhaps NaN; `None` where such a row is refused.
    pub(super) unknown: Option<f64>,
    /// The code of a missing cell, perhaps NaN; `None` where such a row is refused.
    pub(super) missing: Option<f64>,
    /// None is one of the categories.
    pub(super) lists_none: bool,
    /// NaN is one of them.
    pub(super) lists_nan: bool,
}

impl ColumnsBuilder {
    /// A column of codes, of a feature as it was sent.
    ///
    /// # Errors
    /// The column is a number that other steps made.
    pub(super) fn encode(
        &mut self,
        pending: &PendingColumn,
        encoding: &Encoding,
    ) -> Result<PendingColumn, ImportError> {
        let PendingColumn::Feature { feature, missing, fill } = pending else {
            return Err(ImportError::new("it encodes categories that another transformer made, which is not read"));
        };
        let mut codes: Vec<(String, f64)> =
            encoding.codes.iter().map(|(label, code)| (label.to_text(), *code)).collect();
        let draft = &mut self.features[*feature];
        draft.takes_unknown &= encoding.unknown.is_some();
        draft.has_none |= encoding.lists_none;
        draft.has_nan |= encoding.lists_nan;
        draft.has_texts |= encoding.codes.iter().any(|(label, _)| matches!(label, Label::Text(_)));
        if let Some(missing) = missing {
            let text = missing.to_text();
            codes.retain(|(own, _)| *own != text);
            codes.push((text, f64::NAN));
        }
        draft.categories.get_or_insert_default().extend(codes.iter().map(|(category, _)| category.clone()));
        let filled = match fill {
            Some(fill) => {
                let text = fill.to_text();
                codes.iter().find(|(own, _)| *own == text).map(|(_, code)| *code).or(encoding.unknown)
            }
            None => encoding.missing,
        };
        if filled.is_none() {
            self.refuse_missing(*feature);
        }
        // NaN would mean both missing and unknown. If their codes differ, unknown gets a stand-in code until missing is
        // filled.
        let unknown_is_nan = encoding.unknown.is_some_and(f64::is_nan);
        let stand_in = encoding.codes.iter().map(|(_, code)| *code).fold(0.0, f64::min) - 1e6;
        let needs_stand_in = unknown_is_nan && filled.is_some_and(|code| !code.is_nan());
        let unknown = if needs_stand_in { Some(stand_in) } else { encoding.unknown };
        // The codes are put in order when all categories are known.
        let operation = Operation::Codes { codes: Vec::new(), unknown: f64::NAN };
        let mut column = self.step(feature_column(*feature), operation)?;
        self.codings.push(Coding { step: self.steps.len() - 1, feature: *feature, codes, unknown });
        if let Some(code) = filled.filter(|code| !code.is_nan()) {
            column = self.step(column, Operation::Fill(code))?;
        }
        if needs_stand_in {
            column = self.step(column, Operation::AsMissing(stand_in))?;
        }
        let when = |is_gap: bool| is_gap.then_some(*feature);
        let gaps = Gaps { missing_of: when(filled.is_some_and(f64::is_nan)), unknown_of: when(unknown_is_nan) };
        Ok(PendingColumn::Column { column, gaps })
    }
}
