//! CPU time, and the choice that is made by it when a model is loaded: which layout of its trees is faster here.
//!
//! Few rows wait for the first cache above all: a row of a forest of 100 trees reads 800 lines that are not in it. What
//! that takes differs between processors by more than the instructions do, so no one layout is the best everywhere.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::model::Model;
use crate::model::compiled::{Scratch, TreeLayout};

/// Rounds over the golden rows for each of two layouts.
const ROUNDS: u32 = 6;
/// No further round begins after so much CPU time, once each layout has had two.
const TIMED_FOR: Duration = Duration::from_millis(4);
/// A layout replaces the usual one when it takes at most this part of its time, in percent: less may be chance.
const FASTER: u32 = 90;

/// The CPU time used by this thread.
pub(super) fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Gives the model the layout `other` where that answers its golden rows clearly faster, one at a time. Either gives
/// the same answers. Takes a few milliseconds.
pub(super) fn choose_layout(model: &mut Model, mut other: TreeLayout) {
    let mut scratch = Scratch::default();
    let began = cpu_time();
    let [mut usual, mut changed] = [Duration::MAX; 2];
    for round in 0..ROUNDS {
        usual = usual.min(one_at_a_time(model, &mut scratch));
        model.swap_layout(&mut other);
        changed = changed.min(one_at_a_time(model, &mut scratch));
        model.swap_layout(&mut other);
        if round > 0 && cpu_time().saturating_sub(began) > TIMED_FOR {
            break;
        }
    }
    if is_faster(changed, usual) {
        model.swap_layout(&mut other);
    }
}

fn is_faster(changed: Duration, usual: Duration) -> bool {
    changed * 100 < usual * FASTER
}

/// The CPU time of the golden rows, predicted one by one.
fn one_at_a_time(model: &Model, scratch: &mut Scratch) -> Duration {
    let golden = model.golden_batch();
    let start = cpu_time();
    for row in 0..golden.n_rows() {
        // A row that has no finite answer is found when the golden rows are checked.
        let _ = model.predict_rows(golden, row..row + 1, scratch);
    }
    cpu_time().saturating_sub(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_has_to_be_clearly_faster() {
        let ms = Duration::from_millis;
        assert!(is_faster(ms(89), ms(100)));
        assert!(!is_faster(ms(90), ms(100)));
        assert!(!is_faster(ms(100), ms(90)));
    }
}
