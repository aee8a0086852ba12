//! Coefficients of linear models, in the units of the raw columns: scaling is taken back, which the artifact's
//! estimator keeps apart.

use serde::{Deserialize, Serialize};

use super::date::DatePart;
use super::ir::Form;
use super::preprocessing::{Column, Preprocessing};
use super::schema::Schema;

/// Numbers that an artifact keeps at most, all outputs together.
pub const MAX_COEFFICIENTS: usize = 10_000;

/// What the column of the rare categories is called.
const RARE: &str = "rare categories";

/// A linear function of the raw columns: a predicted number, or before the link the score of a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearFunction {
    /// The class whose score it is (of two classes the second's log-odds); absent where a number is predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// What it is where every column is 0.
    pub intercept: f64,
    /// One a column that the estimator has, in schema order; a feature that was constant in training has none.
    pub coefficients: Vec<Coefficient>,
}

/// By how much the function rises with a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// The feature.
    pub feature: String,
    /// The category whose rows it is added to, or `rare categories`; absent of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Of a date the part that it is of; absent of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<DatePart>,
    /// A unit of the function per unit of the feature; of a category what it adds.
    pub value: f64,
}

/// The functions of a linear model, one an output: `w · (x − mean) / sd + b` is `(w / sd) · x + (b − w · mean / sd)`.
/// `None` of other models, and where a number is too large for f64.
pub fn linear_functions(form: &Form, preprocessing: &Preprocessing, schema: &Schema) -> Option<Vec<LinearFunction>> {
    let Form::Linear(linear) = form else { return None };
    let classes = schema.target().classes.as_slice();
    let n_outputs = linear.intercepts.len();
    let class = |output: usize| if n_outputs == 1 { classes.last() } else { classes.get(output) };
    let function = |(output, (weights, intercept)): (usize, (&[f64], &f64))| {
        let columns = || weights.iter().zip(&preprocessing.columns);
        let moved: f64 = columns().map(|(w, column)| w * column.mean / column.sd).sum();
        LinearFunction {
            class: class(output).cloned(),
            intercept: intercept - moved,
            coefficients: columns().map(|(w, column)| coefficient(*w, column, schema)).collect(),
        }
    };
    let rows = linear.weights.chunks_exact(linear.n_columns).zip(&linear.intercepts);
    let functions: Vec<LinearFunction> = rows.enumerate().map(function).collect();
    let is_finite = |f: &LinearFunction| f.intercept.is_finite() && f.coefficients.iter().all(|c| c.value.is_finite());
    functions.iter().all(is_finite).then_some(functions)
}

fn coefficient(weight: f64, column: &Column, schema: &Schema) -> Coefficient {
    let feature = &schema.features()[column.feature as usize];
    Coefficient {
        feature: feature.name.clone(),
        category: column
            .category
            .map(|category| feature.categories.get(category as usize).cloned().unwrap_or_else(|| RARE.to_owned())),
        part: column.part,
        value: weight / column.sd,
    }
}

impl Coefficient {
    /// The feature, of a category `feature=category`, of a date's part `feature.part`.
    pub fn name(&self) -> String {
        match (&self.category, self.part) {
            (Some(category), _) => format!("{}={category}", self.feature),
            (None, Some(part)) => format!("{}.{}", self.feature, part.name()),
            (None, None) => self.feature.clone(),
        }
    }
}
