//! Where among a column's thresholds a cell can be, by one multiplication instead of most steps of a search.
//!
//! The range of the thresholds is cut into intervals of equal width, each with the number of thresholds before it. What a
//! number's interval is comes from a subtraction, a multiplication and a rounding, none of which ever turns an order round. So
//! thresholds in intervals before that of `x` are less than `x`, those in intervals after it are greater, and only those in the
//! same interval are compared: as exact as comparing all.

/// Intervals for each threshold. With 4 and more a search has a step less, and forests take more memory than is counted on.
const INTERVALS: usize = 2;

/// Intervals of a column at most: 1 KiB.
const MOST_INTERVALS: usize = 512;

/// From here on the numbers of 64 bits are the whole ones.
const TWO_52: f64 = 4_503_599_627_370_496.0;

/// What finding an interval takes, in steps of a search.
const STEPS: u16 = 3;

/// The intervals of one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    origin: f64,
    scale: f64,
    last: f64,
    /// Where its intervals begin in the list of all columns.
    from: usize,
    /// Halvings that a search in an interval takes.
    pub(super) steps: u16,
}

impl Grid {
    /// Intervals for sorted thresholds, put behind `intervals`; `None` where a search of `steps` halvings is about as fast.
    pub(super) fn new(thresholds: &[f64], steps: u16, intervals: &mut Vec<u16>) -> Option<Self> {
        let (first, last) = (*thresholds.first()?, *thresholds.last()?);
        let n = (INTERVALS * thresholds.len()).min(MOST_INTERVALS);
        let n_intervals = f64::from(u16::try_from(n).ok()?);
        let scale = n_intervals / (last - first);
        if !(first.is_finite() && last.is_finite() && scale.is_finite() && scale > 0.0) {
            return None;
        }
        let mut new = Self { origin: first, scale, last: n_intervals - 1.0, from: intervals.len(), steps: 0 };
        let mut counts = vec![0_u16; n];
        for threshold in thresholds {
            counts[new.interval(*threshold)] += 1;
        }
        let most = counts.iter().copied().max()?;
        new.steps = u16::try_from(16 - most.leading_zeros()).ok()?;
        if new.steps + STEPS > steps {
            return None;
        }
        let mut before = 0;
        for count in counts {
            intervals.push(before);
            before += count;
        }
        Some(new)
    }

    /// The most thresholds that a search in an interval reads.
    pub(super) fn reach(&self) -> usize {
        (1 << self.steps) - 1
    }

    /// The number of thresholds in the intervals before that of `x`; `intervals` is the list of all columns. Any of a NaN.
    #[inline]
    pub(super) fn before(&self, x: f64, intervals: &[u16]) -> usize {
        usize::from(intervals[self.from + self.interval(x)])
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "from 0 to the last interval")]
    fn interval(&self, x: f64) -> usize {
        let place = (x - self.origin) * self.scale;
        // A NaN is in the first.
        let place = if place > 0.0 { place } else { 0.0 };
        let place = if place < self.last { place } else { self.last };
        // The last bits are the nearest whole number: two instructions where a conversion takes eight.
        (place + TWO_52).to_bits() as u32 as usize
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed setup is a failed test")]

    use super::*;

    #[test]
    fn only_thresholds_in_a_number_s_interval_are_left_to_compare() {
        let thresholds: Vec<f64> = (0..250).map(|i| f64::from(i * i) / 7.0 - 3.0).collect();
        let mut intervals = vec![9; 5];
        let grid = Grid::new(&thresholds, 8, &mut intervals).unwrap();
        let beside = thresholds.iter().flat_map(|t| [t.next_down(), *t, t.next_up()]);
        for x in beside.chain([f64::NEG_INFINITY, -1e300, 0.0, -0.0, 1e300, f64::INFINITY]) {
            let rank = thresholds.iter().filter(|threshold| **threshold < x).count();
            let before = grid.before(x, &intervals);
            assert!((before..=before + grid.reach()).contains(&rank), "{x}: {before}, {rank}");
        }
    }

    #[test]
    fn thresholds_close_together_beside_one_far_away_have_no_grid() {
        let mut thresholds: Vec<f64> = (0..250).map(f64::from).collect();
        thresholds.push(1e9);
        assert!(Grid::new(&thresholds, 8, &mut Vec::new()).is_none());
        assert!(Grid::new(&[1.0], 1, &mut Vec::new()).is_none());
        assert!(Grid::new(&[f64::NEG_INFINITY, 1.0], 2, &mut Vec::new()).is_none());
    }
}
