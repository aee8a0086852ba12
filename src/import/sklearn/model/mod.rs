//! Estimators: from their attributes to the predictors of `model::neutral`.

mod boosters;
mod boosting;
mod fitted;
mod forest;
mod hist;
mod linear;
mod nodes;
mod start;
mod tree;

use super::arena::Object;
use crate::import::error::ImportError;

pub(super) use boosters::{is_read as is_booster, read as read_booster};
pub(super) use fitted::{Answer, Demands, Fitted};

/// The reader of a kind of estimator.
pub(super) type ReadEstimator = fn(&Object<'_>, usize) -> Result<Fitted, ImportError>;

/// Reads an estimator whose rows have this many columns; `None` for a class that is no estimator that is read here.
pub(super) fn reader(object: &Object<'_>) -> Option<ReadEstimator> {
    if !object.is_of("sklearn") {
        return None;
    }
    Some(match object.name() {
        "DecisionTreeClassifier" | "DecisionTreeRegressor" | "ExtraTreeClassifier" | "ExtraTreeRegressor" => {
            forest::one_tree
        }
        "RandomForestClassifier" | "RandomForestRegressor" | "ExtraTreesClassifier" | "ExtraTreesRegressor" => {
            forest::forest
        }
        "GradientBoostingClassifier" | "GradientBoostingRegressor" => boosting::read,
        "HistGradientBoostingClassifier" | "HistGradientBoostingRegressor" => hist::read,
        name if linear::is_read(name) => linear::read,
        _ => return None,
    })
}
