//! Models of other libraries: answers equal the library's, hostile files are refused.

mod absent;
pub(crate) mod cases;
mod checked;
mod data;
mod directories;
mod document;
mod everything;
mod example_row;
mod expected;
mod lightgbm;
mod limits;
mod memory;
mod mistakes;
mod number_categories;
mod program;
mod refusals;
mod sklearn;
mod sklearn_hostile;
mod sklearn_old;
mod tables;
mod told;
mod xgboost;
