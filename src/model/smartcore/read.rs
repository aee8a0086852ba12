//! Reads the `estimator` section, and the `shares` of its leaves if there are any, into the IR.

use super::distances::{bayes, neighbors, svm};
use super::ensemble;
use super::linear;
use super::postcard::PostcardReader;
use super::shape::Shape;
use crate::model::algorithm::Algorithm;
use crate::model::ir::Form;

/// Reads the `estimator` section; with the `shares` of their leaves, trees of classes answer with those instead of
/// votes. Total: any bytes give a form or an error, in time and memory proportional to their length.
///
/// # Errors
/// One sentence: what is wrong in a section.
pub fn read(section: &[u8], shares: Option<&[u8]>, shape: Shape) -> Result<Form, String> {
    if shares.is_some() && !(shape.task.is_classification() && shape.algorithm.is_trees()) {
        let (algorithm, task) = (shape.algorithm, shape.task.as_str());
        return Err(format!("there is a shares section, but {algorithm} of a {task} has no leaves of classes"));
    }
    let reader = &mut PostcardReader::of(section, "estimator");
    let form = match (shape.algorithm, shape.task.is_classification()) {
        (Algorithm::Linear, false) => linear::linear(reader, shape.n_columns)?,
        (Algorithm::Ridge | Algorithm::Lasso | Algorithm::ElasticNet, false) => linear::ridge(reader, shape.n_columns)?,
        (Algorithm::Logistic, true) => linear::logistic(reader, shape)?,
        (Algorithm::Knn, _) => neighbors(reader, shape)?,
        (Algorithm::Svr, false) | (Algorithm::Svc, true) => svm(reader, shape)?,
        (Algorithm::GaussianNb, true) => bayes(reader, shape)?,
        _ => Form::Trees(ensemble::read(reader, shares, shape)?),
    };
    reader.end()?;
    Ok(form)
}
