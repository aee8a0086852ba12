//! What a scenario says: figures as they come, promises as they hold or break, one last line.

use std::time::{Duration, Instant};

/// A scenario's findings, printed as they come.
pub(crate) struct Report {
    name: String,
    began: Instant,
    broken: usize,
}

impl Report {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), began: Instant::now(), broken: 0 }
    }

    /// A figure that no promise hangs on.
    pub(crate) fn figure(&self, text: impl AsRef<str>) {
        println!("  {}: {}", self.name, text.as_ref());
    }

    /// A figure that must hold.
    pub(crate) fn promise(&mut self, holds: bool, text: impl AsRef<str>) {
        println!("  {}: {}: {}", self.name, if holds { "kept" } else { "BROKEN" }, text.as_ref());
        self.broken += usize::from(!holds);
    }

    /// A figure that must hold where the machine is quiet enough to tell: in the long form.
    pub(crate) fn promise_if(&mut self, asserted: bool, holds: bool, text: impl AsRef<str>) {
        if asserted {
            self.promise(holds, text);
        } else {
            let found = if holds { "holds" } else { "does not hold" };
            self.figure(format!("(not asserted, {found}) {}", text.as_ref()));
        }
    }

    /// The last line; true when nothing was broken.
    pub(crate) fn end(self) -> bool {
        let seconds = self.began.elapsed().as_secs_f64();
        let word = if self.broken == 0 { "kept" } else { "BROKEN" };
        println!("{}: {word} in {seconds:.1} s\n", self.name);
        self.broken == 0
    }
}

/// Milliseconds with two digits.
pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// The value below which the part `q` of the times lies; zero of none.
pub(crate) fn quantile(times: &mut [Duration], q: f64) -> Duration {
    if times.is_empty() {
        return Duration::ZERO;
    }
    times.sort_unstable();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= q <= 1")]
    let at = (times.len() as f64 * q) as usize;
    times[at.min(times.len() - 1)]
}

/// The middle value.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
