//! Lines of libraries that are not written, because they would hold what a log never may.

use tracing::{Level, Metadata};

/// True for a line that may hold a request's body: `lambda_runtime` traces each event whole, AWS's SDK what it sends and
/// signs.
pub(super) fn may_hold_a_body(metadata: &Metadata<'_>) -> bool {
    *metadata.level() > Level::INFO && ["lambda_runtime", "aws_"].iter().any(|name| metadata.target().starts_with(name))
}
