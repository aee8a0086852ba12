//! smartcore's objects: fitted by training, written to the `estimator` section, read from it into the neutral form.

mod boosting;
mod distances;
mod ensemble;
mod estimator;
mod linear;
mod lists;
mod matrix;
mod postcard;
mod read;
mod shape;
mod svm;
mod trees;

pub use estimator::*;
pub use linear::ridge_section;
pub use matrix::Matrix;
pub(in crate::model) use postcard::Reader;
pub use read::read;
pub use shape::Shape;
pub use svm::{Parts, SmartcoreSvc, SmartcoreSvr, SupportMachines};
