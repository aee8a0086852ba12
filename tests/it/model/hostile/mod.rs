//! Artifacts with mistakes in them are refused.

mod checks;
mod classifiers;
mod distances;
mod files;
mod gaps;
