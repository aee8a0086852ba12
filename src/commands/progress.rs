//! The progress of `train`: which fit it is at, and how long all of them will take. On standard error: a bar on a
//! terminal, elsewhere a line every ten seconds.

use std::fmt::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::failure;
use crate::text::duration::{rough, so_far};
use crate::train::Progress;

/// From one line to the next.
const INTERVAL: Duration = Duration::from_secs(10);

/// Where the fits are, and the condition that they are over.
type Shared = Arc<(Mutex<Counts>, Condvar)>;

/// The bar, or the lines. They end when it goes out of scope.
pub struct FitProgress {
    shared: Shared,
    shown: Shown,
}

/// How it is shown.
enum Shown {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere: the thread that writes the lines.
    Lines(Option<JoinHandle<()>>),
}

impl FitProgress {
    /// Nothing is shown before the first fit.
    pub fn new() -> Self {
        let bar = ProgressBar::no_length();
        if bar.is_hidden() {
            return Self::lines(INTERVAL, failure::say);
        }
        Self { shared: Arc::default(), shown: Shown::Bar(bar) }
    }

    /// Gives `write` a line at each interval, on a thread of its own.
    pub fn lines(interval: Duration, write: impl Fn(&str) + Send + 'static) -> Self {
        let shared = Shared::default();
        let of_writer = Arc::clone(&shared);
        let writer = std::thread::spawn(move || write_lines(&of_writer, interval, write));
        Self { shared, shown: Shown::Lines(Some(writer)) }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.shared.0)
    }

    fn bar(&self) -> Option<&ProgressBar> {
        if let Shown::Bar(bar) = &self.shown { Some(bar) } else { None }
    }
}

impl Default for FitProgress {
    fn default() -> Self {
        Self::new()
    }
}

// The counts are not locked while the bar is told: it locks them when it is drawn.
impl Progress for FitProgress {
    fn warn(&self, warning: &str) {
        failure::warn(warning);
    }

    fn timing(&self, fit: &str) {
        if let Some(bar) = self.bar() {
            bar.set_message(format!("{fit}, to see how long it takes"));
        }
    }

    fn begin(&self, fits: usize) {
        *self.counts() = Counts { all: fits as u64, ..Counts::default() };
        if let Some(bar) = self.bar() {
            bar.set_style(style(&self.shared));
            bar.set_length(fits as u64);
            bar.reset();
            bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    fn began(&self, fit: &str) {
        let mut counts = self.counts();
        counts.begun += 1;
        fit.clone_into(&mut counts.fit);
        drop(counts);
        if let Some(bar) = self.bar() {
            bar.set_message(fit.to_owned());
        }
    }

    fn fitted(&self) {
        let mut counts = self.counts();
        counts.done += 1;
        counts.about = estimate(counts.start.elapsed(), counts.done, counts.begun, counts.all);
        drop(counts);
        if let Some(bar) = self.bar() {
            bar.inc(1);
        }
    }

    fn given_up(&self, fits: usize) {
        let mut counts = self.counts();
        counts.all = counts.all.saturating_sub(fits as u64);
        drop(counts);
        if let Some(bar) = self.bar() {
            bar.dec_length(fits as u64);
        }
    }
}

impl Drop for FitProgress {
    fn drop(&mut self) {
        self.counts().is_over = true;
        self.shared.1.notify_all();
        match &mut self.shown {
            Shown::Bar(bar) => bar.finish_and_clear(),
            Shown::Lines(writer) => {
                let _ = writer.take().map(JoinHandle::join);
            }
        }
    }
}

/// The bar, behind it the same words as in the lines; the fit is cut off at the terminal's edge.
fn style(shared: &Shared) -> ProgressStyle {
    let shared = Arc::clone(shared);
    let write_so_far = move |_: &ProgressState, out: &mut dyn Write| {
        let counts = lock(&shared.0);
        let _ = out.write_str(&counts.so_far(counts.start.elapsed()));
    };
    let style = ProgressStyle::with_template("{bar:32} {so_far}: fitting {wide_msg}");
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("so_far", write_so_far)
}

/// Writes a line at each interval until the fits are over.
fn write_lines(shared: &(Mutex<Counts>, Condvar), interval: Duration, write: impl Fn(&str)) {
    let (counts, over) = shared;
    loop {
        let waited = over.wait_timeout_while(lock(counts), interval, |counts| !counts.is_over);
        let (counts, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if counts.is_over {
            return;
        }
        let line = (counts.begun > 0).then(|| counts.line(counts.start.elapsed()));
        // The fits go on while it is written.
        drop(counts);
        if let Some(line) = line {
            write(&line);
        }
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the fits are.
struct Counts {
    all: u64,
    done: u64,
    begun: u64,
    /// The last that was begun.
    fit: String,
    start: Instant,
    /// What all fits will take together; 0 before there is an estimate.
    about: Duration,
    is_over: bool,
}

impl Default for Counts {
    fn default() -> Self {
        let (fit, start, about) = (String::new(), Instant::now(), Duration::ZERO);
        Self { all: 0, done: 0, begun: 0, fit, start, about, is_over: false }
    }
}

impl Counts {
    /// `12 of 110 fits, 40 s of about 3 min`: without the latter before there is an estimate, and once it has passed, as
    /// it stands still between two fits.
    fn so_far(&self, elapsed: Duration) -> String {
        let Self { done, all, about, .. } = self;
        let about = if *about <= elapsed { String::new() } else { format!(" of about {}", rough(*about)) };
        format!("{done} of {all} fits, {}{about}", so_far(elapsed))
    }

    /// The same, and what is fitted: `…: fitting random-forest, fold 3 of 10`.
    fn line(&self, elapsed: Duration) -> String {
        format!("{}: fitting {}", self.so_far(elapsed), self.fit)
    }
}

/// What all fits will take, when this many are done and others have begun: those are taken for half done.
fn estimate(elapsed: Duration, done: u64, begun: u64, all: u64) -> Duration {
    let halves = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let running = begun.saturating_sub(done);
    elapsed.saturating_mul(halves(2 * all.max(done))) / halves((2 * done + running).clamp(1, 2 * all.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn fits_that_have_begun_are_half_done() {
        assert_eq!(estimate(4 * SECOND, 2, 2, 10), 20 * SECOND);
        assert_eq!(estimate(4 * SECOND, 1, 3, 10), 20 * SECOND, "two are half done");
        assert_eq!(estimate(4 * SECOND, 10, 10, 10), 4 * SECOND);
    }

    #[test]
    fn a_line_says_how_far_it_is() {
        let fit = "random-forest, fold 3 of 10".to_owned();
        let counts = Counts { all: 110, done: 12, begun: 14, fit, about: 170 * SECOND, ..Counts::default() };
        let line = "12 of 110 fits, 40 s of about 3 min: fitting random-forest, fold 3 of 10";
        assert_eq!(counts.line(40 * SECOND), line);
        assert_eq!(counts.line(180 * SECOND), "12 of 110 fits, 3 min 0 s: fitting random-forest, fold 3 of 10");
        let counts = Counts { about: Duration::ZERO, ..counts };
        assert_eq!(counts.so_far(SECOND), "12 of 110 fits, 1 s");
        assert_eq!(counts.so_far(130 * SECOND), "12 of 110 fits, 2 min 10 s");
        assert_eq!(counts.so_far(610 * SECOND), "12 of 110 fits, 10 min");
    }
}
