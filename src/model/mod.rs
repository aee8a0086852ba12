//! The model: pure computation. No axum, no tokio, no clock, no files; bytes in, answers out.
//!
//! `schema` says what a row is, `batch` holds rows known to fit it, `preprocessing` makes an estimator's columns of
//! them, `compiled` predicts, `artifact` is all of it as bytes, [`Model`] is all of it loaded and checked. `smartcore`
//! and `neutral` are the two ways in which an artifact holds what predicts: as smartcore's object, or in the neutral
//! form, which other libraries' models and our boosted trees on histograms have.

pub mod algorithm;
pub mod answer_table;
pub mod artifact;
pub mod batch;
mod beside;
mod bins;
pub mod calibration;
pub mod calibrator;
pub mod category;
pub mod cell;
pub mod coefficients;
pub mod column_means;
pub mod compiled;
pub mod conformal;
pub mod cover;
pub mod date;
pub mod drift;
mod estimator;
pub mod example;
pub mod explain;
pub mod golden;
mod head_checks;
pub mod intervals;
pub mod ir;
mod kind;
pub mod labels;
#[expect(clippy::module_inception, reason = "the file of `Model`")]
mod model;
mod name;
pub mod neutral;
pub mod out_of_fold;
mod overflow;
pub mod pipeline;
pub mod postprocessing;
pub mod prediction;
pub mod preprocessing;
pub mod question;
pub mod schema;
pub mod schema_difference;
pub mod smartcore;
pub mod statistics;
mod target;

pub use golden::GoldenDifference;
pub use model::Model;
pub use name::check_name;
