//! numpy's arrays: as pickles rebuild them, as joblib writes them raw, and as `.npy` files.

mod dense;
mod dtype;
mod labels;
mod npy;
mod values;
mod wrapper;

pub(super) use dense::{Array, position};
pub(super) use labels::Label;
pub(super) use values::Values;
pub(super) use wrapper::Wrapper;
