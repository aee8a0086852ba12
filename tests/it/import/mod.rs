//! Models of other libraries: answers equal the library's, hostile files are refused.

mod cases;
mod expected;
mod lightgbm;
mod program;
mod sklearn;
mod sklearn_hostile;
mod sklearn_old;
mod xgboost;
