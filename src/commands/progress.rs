//! The progress of `train`: which fit it is at, and how long all of them will take. On standard error: a bar on a
//! terminal, elsewhere a line every ten seconds.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use super::failure;
use crate::text::duration::rough;
use crate::train::Progress;

/// From one line to the next.
const INTERVAL: Duration = Duration::from_secs(10);

/// The bar, or the lines. They end when it goes out of scope.
pub enum FitProgress {
    /// On a terminal.
    Bar(FitBar),
    /// Elsewhere.
    Lines(FitLines),
}

impl FitProgress {
    /// Nothing is shown before the first fit.
    pub fn new() -> Self {
        let bar = ProgressBar::no_length();
        if bar.is_hidden() {
            return Self::Lines(FitLines::new(INTERVAL, failure::say));
        }
        Self::Bar(FitBar { bar, begun: AtomicU64::new(0), about: Arc::default() })
    }
}

impl Default for FitProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for FitProgress {
    fn warn(&self, warning: &str) {
        failure::warn(warning);
    }

    fn timing(&self, fit: &str) {
        if let Self::Bar(bar) = self {
            bar.bar.set_message(format!("{fit}, to see how long it takes"));
        }
    }

    fn begin(&self, fits: usize) {
        match self {
            Self::Bar(bar) => bar.begin(fits),
            Self::Lines(lines) => lines.begin(fits),
        }
    }

    fn began(&self, fit: &str) {
        match self {
            Self::Bar(bar) => bar.began(fit),
            Self::Lines(lines) => lines.began(fit),
        }
    }

    fn fitted(&self) {
        match self {
            Self::Bar(bar) => bar.fitted(),
            Self::Lines(lines) => lines.fitted(),
        }
    }

    fn given_up(&self, fits: usize) {
        match self {
            Self::Bar(bar) => bar.bar.dec_length(fits as u64),
            Self::Lines(lines) => lines.given_up(fits),
        }
    }
}

/// The bar. It is cleared when it goes out of scope.
pub struct FitBar {
    bar: ProgressBar,
    begun: AtomicU64,
    /// What all fits will take together, in milliseconds; 0 before there is an estimate.
    about: Arc<AtomicU64>,
}

impl FitBar {
    fn style(&self) -> ProgressStyle {
        let about = Arc::clone(&self.about);
        let write_about = move |state: &ProgressState, out: &mut dyn Write| {
            let _ = out.write_str(&of_about(state.elapsed(), Duration::from_millis(about.load(Ordering::Relaxed))));
        };
        let style = ProgressStyle::with_template("{bar:32} {pos}/{len} fits, {elapsed}{about}: fitting {wide_msg}");
        style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("about", write_about)
    }

    fn begin(&self, fits: usize) {
        self.begun.store(0, Ordering::Relaxed);
        self.about.store(0, Ordering::Relaxed);
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
}

impl Drop for FitBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Lines, written by a thread of its own, which ends when this goes out of scope.
pub struct FitLines {
    shared: Arc<(Mutex<Counts>, Condvar)>,
    writer: Option<JoinHandle<()>>,
}

/// Where the fits are.
struct Counts {
    all: u64,
    done: u64,
    begun: u64,
    fit: String,
    start: Instant,
    /// What all fits will take together; 0 before there is an estimate.
    about: Duration,
    is_over: bool,
}

impl FitLines {
    /// Gives `write` a line at each interval.
    pub fn new(interval: Duration, write: impl Fn(&str) + Send + 'static) -> Self {
        let counts = Counts {
            all: 0,
            done: 0,
            begun: 0,
            fit: String::new(),
            start: Instant::now(),
            about: Duration::ZERO,
            is_over: false,
        };
        let shared = Arc::new((Mutex::new(counts), Condvar::new()));
        let of_writer = Arc::clone(&shared);
        let writer = std::thread::spawn(move || write_lines(&of_writer, interval, write));
        Self { shared, writer: Some(writer) }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, fits: usize) {
        let mut counts = self.counts();
        (counts.all, counts.done, counts.begun) = (fits as u64, 0, 0);
        (counts.start, counts.about) = (Instant::now(), Duration::ZERO);
    }

    fn began(&self, fit: &str) {
        let mut counts = self.counts();
        counts.begun += 1;
        fit.clone_into(&mut counts.fit);
    }

    fn fitted(&self) {
        let mut counts = self.counts();
        counts.done += 1;
        counts.about = estimate(counts.start.elapsed(), counts.done, counts.begun, counts.all);
    }

    fn given_up(&self, fits: usize) {
        let mut counts = self.counts();
        counts.all = counts.all.saturating_sub(fits as u64);
    }
}

impl Drop for FitLines {
    fn drop(&mut self) {
        self.counts().is_over = true;
        self.shared.1.notify_all();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// Writes a line at each interval until the fits are over.
fn write_lines(shared: &(Mutex<Counts>, Condvar), interval: Duration, write: impl Fn(&str)) {
    let (counts, over) = shared;
    loop {
        let guard = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = over.wait_timeout_while(guard, interval, |counts| !counts.is_over);
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

impl Counts {
    /// `12 of 110 fits, 40 s of about 3 min: fitting random-forest, fold 3 of 10`.
    fn line(&self, elapsed: Duration) -> String {
        let Self { done, all, fit, about, .. } = self;
        let about = if *about <= elapsed { String::new() } else { format!(" of about {}", rough(*about)) };
        format!("{done} of {all} fits, {}{about}: fitting {fit}", rough(elapsed))
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

    #[test]
    fn a_line_says_how_far_it_is() {
        let fit = "random-forest, fold 3 of 10".to_owned();
        let (start, about) = (Instant::now(), 170 * SECOND);
        let counts = Counts { all: 110, done: 12, begun: 14, fit, start, about, is_over: false };
        let line = "12 of 110 fits, 40 s of about 3 min: fitting random-forest, fold 3 of 10";
        assert_eq!(counts.line(40 * SECOND), line);
        assert_eq!(counts.line(180 * SECOND), "12 of 110 fits, 3 min: fitting random-forest, fold 3 of 10");
    }
}
