//! Columns while they are made: what each is, and what its transformers demand of the feature it comes from.

use crate::import::error::ImportError;
use crate::import::sklearn::array::Label;
use crate::model::neutral::{Operation, Step};
use crate::model::schema::MAX_COLUMNS;

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import::sklearn) enum PendingColumn {
    /// A feature as it was sent: whether it is a number or a category is not known yet.
    Feature {
        feature: usize,
        /// A value that stands for missing.
        missing: Option<Label>,
        /// The value that replaces a missing cell.
        fill: Option<Label>,
    },
    /// A number that steps make.
    Column {
        column: u32,
        /// Where it is no number.
        gaps: Gaps,
    },
}

/// When a column is no number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::import::sklearn) struct Gaps {
    /// Where this feature's cell is missing.
    pub(super) missing_of: Option<usize>,
    /// Where this feature's category is not listed.
    pub(super) unknown_of: Option<usize>,
}

/// A feature's demands, as far as they are known.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a demand of its own")]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) is_number: bool,
    /// All that transformers list.
    pub(super) categories: Option<Vec<String>>,
    /// Some of them are texts, not numbers.
    pub(super) has_texts: bool,
    /// None is one of them.
    pub(super) has_none: bool,
    /// NaN is one of them, or is filled.
    pub(super) has_nan: bool,
    /// A missing cell is accepted.
    pub(super) takes_missing: bool,
    /// A category that is not listed is accepted.
    pub(super) takes_unknown: bool,
    /// Any number is accepted.
    pub(super) takes_any_number: bool,
}

/// A step that turns categories into codes: its position, and the code of each category that it lists.
#[derive(Debug, Clone)]
pub(super) struct Coding {
    pub(super) step: usize,
    pub(super) feature: usize,
    pub(super) codes: Vec<(String, f64)>,
    /// The code of a category that is not listed; `None` where such a row is refused.
    pub(super) unknown: Option<f64>,
}

/// Features, steps and what is known of them.
#[derive(Debug)]
pub(in crate::import::sklearn) struct ColumnsBuilder {
    pub(super) features: Vec<Draft>,
    pub(super) steps: Vec<Step>,
    pub(super) codings: Vec<Coding>,
    /// A function that gives NaN for some inputs, such as `log`; named in the error.
    pub(super) partial: Option<&'static str>,
    n_made: usize,
}

/// Columns at most, features and those of all steps together.
const MAX_SLOTS: usize = 1 << 20;

impl ColumnsBuilder {
    /// Columns of these features, and a pending for each.
    ///
    /// # Errors
    /// There are none, or too many.
    pub(in crate::import::sklearn) fn new(names: Vec<String>) -> Result<(Self, Vec<PendingColumn>), ImportError> {
        let n = names.len();
        if n == 0 || n > MAX_COLUMNS {
            return Err(ImportError::new(format_args!("it has {n} features, expected 1 to {MAX_COLUMNS}")));
        }
        let draft = |name| Draft {
            name,
            is_number: false,
            categories: None,
            has_texts: false,
            has_none: false,
            has_nan: false,
            takes_missing: true,
            takes_unknown: true,
            takes_any_number: true,
        };
        let features = names.into_iter().map(draft).collect();
        let pending = (0..n).map(|feature| PendingColumn::Feature { feature, missing: None, fill: None }).collect();
        Ok((Self { features, steps: Vec::new(), codings: Vec::new(), partial: None, n_made: n }, pending))
    }

    /// Adds a step; the number of the first column that it makes.
    pub(in crate::import::sklearn) fn step(&mut self, input: u32, operation: Operation) -> Result<u32, ImportError> {
        let made = self.n_made;
        self.n_made += operation.n_made();
        if self.n_made > MAX_SLOTS {
            return Err(ImportError::new(format_args!("its transformers make more than {MAX_SLOTS} columns")));
        }
        self.steps.push(Step { input, operation });
        u32::try_from(made).map_err(|_| ImportError::new("its transformers make too many columns"))
    }

    /// A column as a number: its position, and where it is none.
    ///
    /// # Errors
    /// It is a category elsewhere, or is filled with text.
    pub(super) fn number(&mut self, pending: &PendingColumn) -> Result<(u32, Gaps), ImportError> {
        let (feature, missing, fill) = match pending {
            PendingColumn::Column { column, gaps } => return Ok((*column, *gaps)),
            PendingColumn::Feature { feature, missing, fill } => (*feature, missing, fill),
        };
        let draft = &mut self.features[feature];
        draft.is_number = true;
        let name = draft.name.clone();
        let number = |label: &Label| {
            label.number().ok_or_else(|| {
                let text = label.to_text();
                ImportError::new(format_args!(
                    "the column {name:?} is filled with {text:?} and then taken for a number"
                ))
            })
        };
        let mut column = feature_column(feature);
        if let Some(missing) = missing {
            column = self.step(column, Operation::AsMissing(number(missing)?))?;
        }
        if let Some(fill) = fill {
            column = self.step(column, Operation::Fill(number(fill)?))?;
        }
        Ok((column, Gaps { missing_of: Some(feature).filter(|_| fill.is_none()), unknown_of: None }))
    }

    /// A column that a step makes of a number; missing cells stay missing.
    pub(super) fn map(&mut self, pending: &PendingColumn, operation: Operation) -> Result<PendingColumn, ImportError> {
        let (column, gaps) = self.number(pending)?;
        Ok(PendingColumn::Column { column: self.step(column, operation)?, gaps })
    }

    /// A row with a missing cell here is refused.
    pub(super) fn refuse_missing(&mut self, feature: usize) {
        self.features[feature].takes_missing = false;
    }

    /// A row whose column would be no number is refused.
    pub(super) fn refuse(&mut self, gaps: Gaps) {
        if let Some(feature) = gaps.missing_of {
            self.refuse_missing(feature);
        }
        if let Some(feature) = gaps.unknown_of {
            self.features[feature].takes_unknown = false;
        }
    }

    /// The numbers of the columns that an estimator takes, as numbers, with what it demands of them.
    pub(in crate::import::sklearn) fn take(
        &mut self,
        pending: &[PendingColumn],
        takes_missing: bool,
        takes_any_number: bool,
    ) -> Result<Vec<u32>, ImportError> {
        let mut taken = Vec::with_capacity(pending.len());
        for pending in pending {
            let (column, gaps) = self.number(pending)?;
            if !takes_missing {
                self.refuse(gaps);
            }
            taken.push(column);
        }
        if let Some(name) = self.partial
            && !takes_missing
            && takes_any_number
        {
            return Err(ImportError::new(format_args!(
                "the function {name} makes no number of some numbers, and the trees after it have no rule for that"
            )));
        }
        if !takes_any_number {
            self.features.iter_mut().for_each(|feature| feature.takes_any_number = false);
        }
        Ok(taken)
    }
}

/// The number of a feature's own column.
pub(super) fn feature_column(feature: usize) -> u32 {
    u32::try_from(feature).expect("features are at most 65,535")
}
