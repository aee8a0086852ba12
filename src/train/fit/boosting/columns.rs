//! The columns that boosting sees: the features, of a date its parts.

use crate::model::date::DatePart;
use crate::model::neutral::{Operation, Step, Steps};
use crate::model::schema::{FeatureKind, Schema, position_as_f64};
use crate::train::options::Monotone;

/// The columns, and the steps that make them.
#[derive(Debug, Clone)]
pub(crate) struct BoostedColumns {
    /// From a batch's cells to the columns.
    pub(crate) steps: Steps,
    /// The feature that each column is made of.
    features: Vec<usize>,
    /// The step that makes it of that feature's cells; `None` where they pass on unchanged.
    made_by: Vec<Option<usize>>,
    /// How many categories each column has; 0 for numbers.
    pub(super) n_categories: Vec<usize>,
}

impl BoostedColumns {
    /// Of a schema: cells pass on unchanged, but for dates, and for categories that are not listed, which become
    /// missing cells.
    pub(crate) fn of(schema: &Schema) -> Self {
        let n_features = as_u32(schema.n_features());
        let mut columns = Self {
            steps: Steps { outputs: Vec::new(), ..Steps::none(n_features) },
            features: Vec::new(),
            made_by: Vec::new(),
            n_categories: Vec::new(),
        };
        for (f, feature) in schema.features().iter().enumerate() {
            match feature.kind {
                FeatureKind::Categorical if feature.unknown => {
                    let codes = (0..feature.categories.len()).map(position_as_f64).collect();
                    let step = Operation::Codes { codes, unknown: f64::NAN };
                    columns.push_made(n_features, f, step, feature.categories.len());
                }
                FeatureKind::Date(_) => {
                    for part in DatePart::ALL {
                        columns.push_made(n_features, f, Operation::DatePart(part), 0);
                    }
                }
                FeatureKind::Numeric | FeatureKind::Categorical => {
                    columns.push(as_u32(f), (f, None), feature.categories.len());
                }
            }
        }
        columns
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.features.len()
    }

    /// A column's cell of a row as a batch holds it.
    pub(super) fn cell(&self, column: usize, row: &[f64]) -> f64 {
        let cell = row[self.features[column]];
        self.made_by[column].map_or(cell, |step| self.steps.steps[step].operation.apply(cell))
    }

    /// The constraint of each column, of those of the features; empty where there is none.
    pub(crate) fn monotone(&self, of_features: &[Option<Monotone>]) -> Vec<Option<Monotone>> {
        if of_features.is_empty() {
            return Vec::new();
        }
        self.features.iter().map(|feature| of_features[*feature]).collect()
    }

    /// Adds the column that a step makes of a feature.
    fn push_made(&mut self, n_features: u32, feature: usize, operation: Operation, n_categories: usize) {
        let step = self.steps.steps.len();
        self.steps.steps.push(Step { input: as_u32(feature), operation });
        self.push(n_features + as_u32(step), (feature, Some(step)), n_categories);
    }

    fn push(&mut self, slot: u32, (feature, made_by): (usize, Option<usize>), n_categories: usize) {
        self.steps.outputs.push(slot);
        self.features.push(feature);
        self.made_by.push(made_by);
        self.n_categories.push(n_categories);
    }
}

fn as_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
