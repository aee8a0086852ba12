//! smartcore's objects: fitted by training, written to and read from the `estimator` section.

pub(in crate::model) mod boosting;
pub(in crate::model) mod ensemble;
mod estimator;
pub(in crate::model) mod postcard;
mod svm;
pub(in crate::model) mod trees;

pub use estimator::*;
pub use svm::{Kernel, Machine, Parts, SmartcoreSvc, SmartcoreSvr, SupportMachines};
