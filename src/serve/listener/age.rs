//! The maximum age of each connection, ±20 % at random, so that connections opened together are not closed together.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The largest difference, in thousandths: 20 %.
const JITTER: u64 = 200;

/// Gives each connection of a listener its maximum age.
#[derive(Debug)]
pub(super) struct Ages {
    max: Duration,
    seed: RandomState,
    given: AtomicU64,
}

impl Ages {
    pub(super) fn new(max: Duration) -> Self {
        Self { max, seed: RandomState::new(), given: AtomicU64::new(0) }
    }

    /// The age of the next connection: from 80 % to 120 % of the maximum, evenly.
    pub(super) fn draw(&self) -> Duration {
        let thousandths = 1000 - JITTER + self.seed.hash_one(self.given.fetch_add(1, Relaxed)) % (2 * JITTER + 1);
        (self.max / 1000).saturating_mul(u32::try_from(thousandths).unwrap_or(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_spread_over_a_fifth_of_the_maximum_to_both_sides() {
        let ages = Ages::new(Duration::from_mins(5));
        let drawn: Vec<u64> = (0..2000).map(|_| ages.draw().as_secs()).collect();
        assert!(drawn.iter().all(|age| (240..=360).contains(age)));
        for tenth in 0..10 {
            let n = drawn.iter().filter(|age| (**age - 240) / 12 == tenth).count();
            assert!((100..300).contains(&n), "{n} of 2000 in tenth {tenth}");
        }
        assert!(Ages::new(Duration::MAX).draw() > Duration::from_secs(1 << 60), "the longest time is no overflow");
    }
}
