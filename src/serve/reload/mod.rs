//! Models whose files change while they are served: read again off the request path, checked as at the start, swapped
//! whole. A bad file leaves the old model serving.
//!
//! A reload has three steps: `ModelSource::load_job` notes under the lock on the models what is served, `LoadJob::run`
//! reads and checks the file without that lock, `ModelSource::install` decides under the lock again. What a client
//! chose or unloaded in between stays.
//!
//! Words: a *source* is a file or directory with a model; its *load lock* lets one thread load it at a time, and a
//! *load permit* lets two threads load files at once; a *load job* gives a *load outcome*, whose *file state* says how
//! the file compares with what is served.
//!
//! Everything else here blocks on files and CPU; async code calls it by `spawn_blocking`, as [`watch`] does, or by
//! [`InTurn`], which bounds how many threads that takes.

mod fingerprint;
mod in_turn;
mod load_job;
mod load_memory;
mod model_files;
mod model_source;
mod reloader;

pub use in_turn::{InTurn, Wish};
pub use load_job::Trigger;
pub use model_source::{ModelFile, Reloaded};
pub use reloader::{Reloader, Sources, watch};
