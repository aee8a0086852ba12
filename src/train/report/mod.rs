//! What a run reports: the facts of one model, or of a comparison, as JSON and as text for a terminal.

mod baseline;
mod comparison;
mod coverage;
mod data;
mod decision;
mod importance;
mod numbers;
mod run;

pub use comparison::{Compared, Comparison};
pub use coverage::CoverageText;
pub use data::DataReport;
pub use importance::FeatureEffectsText;
pub use run::{ClassReport, Report};
