//! Models whose files change while they are served: read again off the request path, checked as at the start, swapped
//! whole. A bad file leaves the old model serving.
//!
//! A reload has three steps: `ModelSource::judging` notes under the lock what is known, `Judging::judge` reads and judges
//! the file without it, `ModelSource::install` decides under the lock again. What a client chose or unloaded in between
//! stays.
//!
//! Everything here blocks on files and CPU; async code calls it by `spawn_blocking`, as [`watch`] does.

mod fingerprint;
mod judging;
mod model_files;
mod model_source;
mod reloader;
mod room;
mod schema_difference;

pub use judging::Trigger;
pub use model_source::{ModelFile, Reloaded};
pub use reloader::{Reloader, Sources, watch};
