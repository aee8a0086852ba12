//! Models of other libraries: their bytes into steps, a predictor and a schema, written down as an artifact.
//!
//! Pure: a [`Source`] gives bytes by name, and nothing here knows a path. A source is recognised by its content, never
//! by its name's ending. A reader gives an [`Imported`]; [`artifact`] makes golden rows for it and its bytes, which
//! load as those that `train` writes. Nothing that a file says is executed, and what is not understood is refused with
//! its place.

mod artifact;
mod candidates;
mod check;
mod directory;
mod error;
mod file_format;
mod golden;
mod imported;
mod lightgbm;
mod memory;
mod options;
mod reader;
mod room;
mod same_bits;
mod sklearn;
mod source;
mod thresholds;
mod xgboost;

pub use artifact::{DataFindings, artifact, with_data};
pub use check::{Reached, check};
pub use directory::Layout;
pub use error::ImportError;
pub use file_format::FileFormat;
pub use imported::Imported;
pub use memory::most_memory;
pub use options::{Answers, ImportChoices, ImportOptions, Iterations};
pub use reader::{read, read_file};
pub use room::Room;
pub use source::{Entry, OneFile, Source};
