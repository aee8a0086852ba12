//! The neutral form: models of other libraries, and our boosted trees on histograms, each with its own rules: how cells
//! are compared, where missing ones go, how leaves are summed.
//!
//! A reader of [`import`](crate::import), or the fit of boosted trees, makes a [`Neutral`]; the artifact's `neutral`
//! section keeps it, and loading turns it once into the exact form of [`ir`](super::ir) that kernels are compiled from.
//! [`walk`](Neutral::walk) is a second way to an answer, which shares no code with that one.

mod bytes;
mod encode;
mod forest;
mod form;
mod gaps;
mod linear;
mod section;
mod section_forest;
mod section_memory;
mod section_rules;
mod section_steps;
mod steps;
mod to_form;
mod walk;

pub(in crate::model) use encode::{Given, Stop};
pub use forest::{Comparison, Forest, Leaves, Missing, Node, Side, Split, Sum, Test, Tree};
pub use form::{Neutral, Predictor};
pub use linear::LinearModel;
pub(in crate::model) use section_memory::most_memory;
pub use steps::{Function, Operation, Step, Steps};
pub use walk::{Visit, Walked};
