//! A stopwatch that counts the CPU time of this thread: what other processes do costs no time, only cache.

use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;

/// Seconds of CPU time.
pub(crate) struct Stopwatch;

/// True for a short run.
pub(crate) fn quick() -> bool {
    std::env::var_os("BENCH_QUICK").is_some()
}

/// True for lines that `BENCH_ONLY` does not exclude.
pub(crate) fn wanted(name: &str) -> bool {
    std::env::var("BENCH_ONLY").map_or(true, |word| name.contains(&word))
}

impl Stopwatch {
    fn now() -> f64 {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
    }

    fn time(work: &mut impl FnMut()) -> f64 {
        let start = Self::now();
        work();
        Self::now() - start
    }

    /// Calls that take some 10 ms together, after a first one.
    fn calls(work: &mut impl FnMut()) -> u32 {
        work();
        let once = Self::time(work).max(1e-9);
        (0.01 / once).clamp(1.0, 10_000.0) as u32
    }

    /// The least time of one call of each, alternating.
    pub(crate) fn compare(mut theirs: impl FnMut(), mut ours: impl FnMut()) -> (f64, f64) {
        let (n_theirs, n_ours) = (Self::calls(&mut theirs), Self::calls(&mut ours));
        let mut least = (f64::MAX, f64::MAX);
        let spent = Self::now();
        for round in 0.. {
            let t = Self::time(&mut || (0..n_theirs).for_each(|_| theirs())) / f64::from(n_theirs);
            let o = Self::time(&mut || (0..n_ours).for_each(|_| ours())) / f64::from(n_ours);
            least = (least.0.min(t), least.1.min(o));
            let (rounds, seconds) = if quick() { (3, 0.3) } else { (7, 1.5) };
            if round + 1 >= rounds || (round >= 1 && Self::now() - spent > seconds) {
                break;
            }
        }
        least
    }

    /// The least time of one call.
    pub(crate) fn least(mut work: impl FnMut()) -> f64 {
        work();
        (0..if quick() { 3 } else { 7 }).map(|_| Self::time(&mut work)).fold(f64::MAX, f64::min)
    }

    /// The median time of single calls, each after other memory was read: theirs (`false`), ours (`true`).
    pub(crate) fn compare_cold(mut work: impl FnMut(bool)) -> (f64, f64) {
        let other = vec![1_u64; (64 << 20) / 8];
        let n = if quick() { 5 } else { 15 };
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..n {
            for (ours, times) in [false, true].into_iter().zip(&mut times) {
                black_box(other.iter().sum::<u64>());
                times.push(Self::time(&mut || work(ours)));
            }
        }
        let [theirs, ours] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[n / 2]
        });
        (theirs, ours)
    }
}
