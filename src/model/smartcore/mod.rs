//! smartcore's objects: fitted by training, written to the `estimator` section, read from it into the IR.

mod boosting;
mod distances;
mod ensemble;
mod linear;
mod objects;
mod postcard;
mod read;
mod shape;
mod shares;
mod svm;
mod trees;

pub use linear::{logistic_section, ridge_section};
pub use objects::*;
pub(in crate::model) use postcard::PostcardReader;
pub use read::read;
pub use shape::Shape;
pub use svm::{Parts, SmartcoreSvc, SmartcoreSvr, SupportMachines};
