//! The `estimator` section into the IR.

use super::distances::{bayes, neighbors, svm};
use super::ensemble;
use super::linear;
use super::postcard::Reader;
use super::shape::Shape;
use crate::model::algorithm::Algorithm;
use crate::model::ir::Form;

/// Reads a section. Total: any bytes give a form or an error, in time and memory proportional to their length.
///
/// # Errors
/// One sentence: what is wrong in the section.
pub fn read(section: &[u8], shape: Shape) -> Result<Form, String> {
    let reader = &mut Reader::new(section);
    let form = match (shape.algorithm, shape.task.is_classification()) {
        (Algorithm::Linear, false) => linear::linear(reader, shape.n_columns)?,
        (Algorithm::Ridge | Algorithm::Lasso | Algorithm::ElasticNet, false) => linear::ridge(reader, shape.n_columns)?,
        (Algorithm::Logistic, true) => linear::logistic(reader, shape)?,
        (Algorithm::Knn, _) => neighbors(reader, shape)?,
        (Algorithm::Svr, false) | (Algorithm::Svc, true) => svm(reader, shape)?,
        (Algorithm::GaussianNb, true) => bayes(reader, shape)?,
        _ => Form::Trees(ensemble::read(reader, shape)?),
    };
    reader.end()?;
    Ok(form)
}
