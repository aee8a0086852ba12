//! An invocation that failed: what Lambda calls a function error.

use std::fmt;

use lambda_runtime::Diagnostic;

/// A function error: its caller sees both texts; an event without a waiting caller is sent again.
pub(super) struct Failed {
    /// A word, for rules that match errors: the status' title without spaces.
    pub(super) kind: String,
    /// The error's envelope, or one sentence.
    pub(super) message: String,
}

/// AWS's library logs it so: without the message, which may hold a feature's value.
impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the invocation failed: {}", self.kind)
    }
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        Self { error_type: failed.kind, error_message: failed.message }
    }
}
