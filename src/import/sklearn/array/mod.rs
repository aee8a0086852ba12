//! numpy's arrays: as pickles rebuild them, as joblib writes them raw, and as `.npy` files.

mod dense;
mod dtype;
mod joblib;
mod labels;
mod npy;
mod values;

pub(super) use dense::{Array, position};
pub(super) use joblib::JoblibArray;
pub(super) use labels::Label;
pub(super) use values::Values;
