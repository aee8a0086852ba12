//! smartcore's linear models from their bytes.

use super::postcard::PostcardReader;
use super::shape::Shape;
use crate::model::ir::{Decision, Form, Linear, LinearRule, Link};

/// `LinearRegression`: a column of coefficients, a 1×1 intercept.
pub(super) fn linear(reader: &mut PostcardReader<'_>, n_columns: usize) -> Result<Form, String> {
    reader.some("the coefficients")?;
    let weights = matrix(reader, n_columns, 1)?;
    reader.some("the intercept")?;
    let intercepts = matrix(reader, 1, 1)?;
    Linear::new(n_columns, weights, intercepts, Link::Identity, LinearRule::plain(Decision::Probability))
        .map(Form::Linear)
}

/// `RidgeRegression`, `Lasso`, `ElasticNet`: a column of coefficients, a plain intercept.
pub(super) fn ridge(reader: &mut PostcardReader<'_>, n_columns: usize) -> Result<Form, String> {
    reader.some("the coefficients")?;
    let weights = matrix(reader, n_columns, 1)?;
    reader.some("the intercept")?;
    let intercepts = vec![reader.finite("intercept")?];
    Linear::new(n_columns, weights, intercepts, Link::Identity, LinearRule::plain(Decision::Probability))
        .map(Form::Linear)
}

/// Writes a model of one output as `ridge` reads it: smartcore's `RidgeRegression` (whose column of coefficients says
/// that it is column-major) or `ElasticNet` (whose says that it is not), for their fields are private.
///
/// # Errors
/// postcard's sentence.
pub fn ridge_section(linear: &Linear, column_major: bool) -> Result<Vec<u8>, String> {
    let (weights, intercept) = (&linear.weights, linear.intercepts[0]);
    // A matrix is its columns, its rows, its values and whether these are column-major.
    let column = (1_usize, weights.len(), weights, column_major);
    postcard::to_allocvec(&(Some(column), Some(intercept))).map_err(|e| e.to_string())
}

/// Writes logistic regression over class positions as `logistic` below and smartcore's `LogisticRegression` read it.
///
/// # Errors
/// postcard's sentence.
pub fn logistic_section(linear: &Linear, n_classes: usize) -> Result<Vec<u8>, String> {
    let (n_outputs, n_columns) = (linear.intercepts.len(), linear.weights.len() / linear.intercepts.len().max(1));
    let coefficients = (n_columns, n_outputs, &linear.weights, false);
    let intercepts = (1_usize, n_outputs, &linear.intercepts, false);
    let classes: Vec<usize> = (0..n_classes).collect();
    postcard::to_allocvec(&(Some(coefficients), Some(intercepts), Some(classes), n_columns, n_classes))
        .map_err(|e| e.to_string())
}

/// `LogisticRegression`: one row of coefficients for two classes, else one per class.
pub(super) fn logistic(reader: &mut PostcardReader<'_>, shape: Shape) -> Result<Form, String> {
    let Shape { n_columns, n_classes, .. } = shape;
    let (n_outputs, link, decision) = match n_classes {
        2 => (1, Link::CutLogistic, Decision::Probability),
        _ => (n_classes, Link::Softmax, Decision::Margin),
    };
    reader.some("the coefficients")?;
    let weights = matrix(reader, n_outputs, n_columns)?;
    reader.some("the intercepts")?;
    let intercepts = matrix(reader, n_outputs, 1)?;
    reader.some("the classes")?;
    shape.read_classes(reader)?;
    shape.read_columns(reader)?;
    let declared = reader.u64()?;
    if declared != n_classes as u64 {
        return reader.fault(format_args!("fitted on {declared} classes, the header lists {n_classes}"));
    }
    Linear::new(n_columns, weights, intercepts, link, LinearRule::plain(decision)).map(Form::Linear)
}

/// A `DenseMatrix` that must have this shape, as row-major finite values.
fn matrix(reader: &mut PostcardReader<'_>, n_rows: usize, n_columns: usize) -> Result<Vec<f64>, String> {
    let (columns, rows) = (reader.u64()?, reader.u64()?);
    if columns != n_columns as u64 || rows != n_rows as u64 {
        return reader.fault(format_args!("a matrix is {rows}×{columns}, expected {n_rows}×{n_columns}"));
    }
    let values = reader.finites("coefficients")?;
    if values.len() != n_rows * n_columns {
        return reader.fault(format_args!("a {n_rows}×{n_columns} matrix holds {} values", values.len()));
    }
    let column_major = reader.flag()?;
    if !column_major || n_rows == 1 || n_columns == 1 {
        return Ok(values);
    }
    let mut row_major = Vec::with_capacity(values.len());
    for row in 0..n_rows {
        row_major.extend((0..n_columns).map(|column| values[column * n_rows + row]));
    }
    Ok(row_major)
}
