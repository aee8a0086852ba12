//! Artifacts with mistakes in them are refused.

mod checks;
mod distances;
mod files;
