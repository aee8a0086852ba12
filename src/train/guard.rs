//! The net under smartcore: a panic inside a fit becomes an error, and its text stays off the terminal.
//!
//! What is known to panic is checked before; this is for what is not known.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; a panic is an `Err` with its message.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    silence_quiet_threads();
    let before = QUIET.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    outcome.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
    })
}

/// Puts a hook before the one there is, once a process: it drops what panics inside [`caught`] and hands on the rest.
fn silence_quiet_threads() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
}
