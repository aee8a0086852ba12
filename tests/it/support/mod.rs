//! What the tests share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

pub(crate) mod arrow;
pub(crate) mod artifact;
pub(crate) mod estimator;
pub(crate) mod exact;
pub(crate) mod folder;
pub(crate) mod model_folder;
pub(crate) mod models;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod router;
pub(crate) mod server;
pub(crate) mod smartcore;
pub(crate) mod wire;

/// A file of the repository.
pub(crate) fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The CPU time used by this thread: what a busy machine does not change.
pub(crate) fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}
