//! The progress bar of `train`: which fit it is at, and how long all of them will take. On standard error; nothing
//! where that is no terminal.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use super::failure;
use crate::train::Progress;

/// The bar. It is cleared when it goes out of scope.
pub(super) struct FitProgress {
    bar: ProgressBar,
    begun: AtomicU64,
    /// What all fits will take together, in milliseconds; 0 before there is an estimate.
    about: Arc<AtomicU64>,
}

impl FitProgress {
    /// A bar that is not shown before the first fit.
    pub(super) fn new() -> Self {
        Self { bar: ProgressBar::no_length(), begun: AtomicU64::new(0), about: Arc::default() }
    }

    fn style(&self) -> ProgressStyle {
        let about = Arc::clone(&self.about);
        let write_about = move |state: &ProgressState, out: &mut dyn Write| {
            let _ = out.write_str(&of_about(state.elapsed(), Duration::from_millis(about.load(Ordering::Relaxed))));
        };
        let style = ProgressStyle::with_template("{bar:32} {pos}/{len} fits, {elapsed}{about}: fitting {wide_msg}");
        style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("about", write_about)
    }
}

impl Drop for FitProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for FitProgress {
    fn warn(&self, warning: &str) {
        failure::warn(warning);
    }

    fn begin(&self, fits: usize) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_style(self.style());
        self.bar.set_length(fits as u64);
        self.bar.reset();
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    fn began(&self, fit: &str) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.bar.set_message(fit.to_owned());
    }

    fn fitted(&self) {
        self.bar.inc(1);
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let about = estimate(self.bar.elapsed(), done, self.begun.load(Ordering::Relaxed), all);
        self.about.store(u64::try_from(about.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn given_up(&self, fits: usize) {
        self.bar.dec_length(fits as u64);
    }
}

/// What all fits will take, when this many are done and others have begun: those are taken for half done.
fn estimate(elapsed: Duration, done: u64, begun: u64, all: u64) -> Duration {
    let halves = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let running = begun.saturating_sub(done);
    elapsed.saturating_mul(halves(2 * all.max(done))) / halves((2 * done + running).clamp(1, 2 * all.max(1)))
}

/// ` of about 12s`; nothing before there is an estimate, and once it has passed: it stands still between two fits.
fn of_about(elapsed: Duration, about: Duration) -> String {
    if about <= elapsed { String::new() } else { format!(" of about {:#}", HumanDuration(about)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_estimate_stands_until_the_next_fit() {
        assert_eq!(estimate(4 * SECOND, 2, 2, 10), 20 * SECOND);
        assert_eq!(estimate(4 * SECOND, 1, 3, 10), 20 * SECOND, "two are half done");
        assert_eq!(estimate(4 * SECOND, 10, 10, 10), 4 * SECOND);
        assert_eq!(of_about(SECOND, Duration::ZERO), "");
        assert_eq!(of_about(5 * SECOND, 20 * SECOND), " of about 20s");
        assert_eq!(of_about(19 * SECOND, 20 * SECOND), " of about 20s");
        assert_eq!(of_about(21 * SECOND, 20 * SECOND), "");
    }
}
