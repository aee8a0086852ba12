//! How much each feature matters to a model: permutation importance (Breiman 2001, Fisher, Rudin and Dominici 2019).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::model::schema::Schema;

/// How much worse a figure gets when the cells of one feature are shuffled among rows, while the others stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The figure that ranks models: `accuracy`, `rmse`, or that of `--loss` (`mae`, `pinball-loss`,
    /// `poisson-deviance`, `gamma-deviance`, `tweedie-deviance`).
    pub figure: String,
    /// The figure of these rows as they are.
    pub unshuffled: f64,
    /// The rows: `holdout`; `training`, which the model was fitted on, where none were set aside; `data`, those of
    /// `import --data`.
    pub on: String,
    /// How many were shuffled: all, or a sample where there are many.
    pub rows: u64,
    /// Out of how many.
    pub of_rows: u64,
    /// Shuffles of each feature.
    pub repeats: u32,
    /// Seeds sample and shuffles.
    pub seed: u64,
    /// All features, the most important first.
    pub features: Vec<FeatureImportance>,
    /// Of how many of the rows contributions were averaged; absent where they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contribution_rows: Option<u64>,
}

/// The importance of one feature; the columns that its categories are encoded into count together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureImportance {
    /// The feature.
    pub feature: String,
    /// By how much the figure gets worse, the mean over the shuffles, in the figure's unit; about 0 where the model is
    /// no worse without the feature.
    pub mean: f64,
    /// The population standard deviation over the shuffles.
    pub sd: f64,
    /// The mean over rows and scores of the size of its contribution, on the scale of the scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contribution: Option<f64>,
}

impl Importance {
    /// Checks that it is about this schema's features.
    ///
    /// # Errors
    /// One sentence: a feature that is not there or is there twice, a negative deviation or size, or more rows than there were.
    pub(in crate::model) fn check(&self, schema: &Schema) -> Result<(), String> {
        let mut seen = HashSet::new();
        for FeatureImportance { feature, sd, contribution, .. } in &self.features {
            if contribution.is_some_and(|mean| mean < 0.0) {
                return Err(format!("importance: the mean size of a contribution of {feature:?} is negative"));
            }
            if schema.position(feature).is_none() {
                return Err(format!("importance: there is no feature {feature:?}"));
            }
            if !seen.insert(feature) {
                return Err(format!("importance: the feature {feature:?} is there twice"));
            }
            if *sd < 0.0 {
                return Err(format!("importance: the deviation of {feature:?} is negative"));
            }
        }
        if self.rows > self.of_rows {
            return Err(format!("importance: {} rows out of {}", self.rows, self.of_rows));
        }
        Ok(())
    }
}
