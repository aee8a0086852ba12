//! Lines of libraries that are not written, because they would hold what a log never may.

use tracing::{Level, Metadata};

/// True for a line that holds a request's body: `lambda_runtime` traces each event whole.
pub(super) fn may_hold_a_body(metadata: &Metadata<'_>) -> bool {
    *metadata.level() > Level::INFO && metadata.target().starts_with("lambda_runtime")
}
