//! What an algorithm asks of the rows it is fitted on, looked at before the fit: a refusal here is the data's.
//!
//! Stands apart from `estimators`, whose failures are the fit's: these sentences tell what to do about the data.

use super::estimators::Task;
use super::target::Observed;
use super::{bayes, machines};
use crate::model::algorithm::Algorithm;

/// Checks everything that would make the fit fail, or worse, and can be seen beforehand.
pub(super) fn check(task: &Task<'_>) -> Result<(), String> {
    match (task.algorithm, task.observed) {
        (Algorithm::Linear | Algorithm::Ridge | Algorithm::Lasso, _) => more_rows_than_columns(task),
        (Algorithm::Knn, _) => enough_neighbors(task),
        (Algorithm::Svr, _) => machines::check_regression(task.n_rows),
        (Algorithm::Svc, Observed::Classes(y)) => machines::check_classification(y, task.schema.target().classes.len()),
        (Algorithm::GaussianNb, Observed::Classes(y)) => spread(task, y),
        _ => Ok(()),
    }
}

/// Linear models solve a system: smartcore wants more rows than columns.
fn more_rows_than_columns(task: &Task<'_>) -> Result<(), String> {
    let (rows, columns) = (task.n_rows, task.n_columns);
    if rows > columns {
        return Ok(());
    }
    Err(format!(
        "{rows} rows to fit on are too few for {columns} encoded columns: {} needs more rows than columns; --drop columns, \
         add rows, or use random-forest",
        task.algorithm
    ))
}

fn enough_neighbors(task: &Task<'_>) -> Result<(), String> {
    match task.parameters.count("neighbors") {
        Some(k) if k > task.n_rows => {
            Err(format!("{k} neighbors are more than the {} rows to fit on: use fewer --neighbors", task.n_rows))
        }
        _ => Ok(()),
    }
}

/// Naive Bayes divides by the spread of each column within each class.
fn spread(task: &Task<'_>, y: &[u32]) -> Result<(), String> {
    let classes = &task.schema.target().classes;
    let Some((class, column)) = bayes::without_spread(task.matrix, task.n_columns, y, classes.len()) else {
        return Ok(());
    };
    let column = &task.preprocessing.columns[column];
    let feature = &task.schema.features()[column.feature as usize];
    let category = column.category.map(|c| format!(" ({:?} or not)", feature.categories[c as usize]));
    Err(format!(
        "the rows of class {:?} to fit on all have the same {}{}, or nearly so for its size, and gaussian-nb divides by \
         the spread: --drop it, try --scale, or use another algorithm",
        classes[class],
        feature.name,
        category.unwrap_or_default()
    ))
}
