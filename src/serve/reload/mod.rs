//! Models whose files change while they are served: read again off the request path, checked as at the start, swapped
//! whole. A bad file leaves the old model serving.
//!
//! Everything here blocks on files and CPU; async code calls it by `spawn_blocking`, as [`watch`] does.

mod fingerprint;
mod model_source;
mod reloader;
mod schema_difference;

pub use model_source::{ModelFile, Reloaded, Trigger};
pub use reloader::{Reloader, Sources, watch};
