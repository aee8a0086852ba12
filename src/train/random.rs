//! The random generator of splits, folds and searches: `SplitMix64`, so that a seed means the same rows on every
//! platform and in every release.

/// `SplitMix64` (Steele, Lea and Flood, 2014): 64 bits of state, period 2⁶⁴.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The generator of a stream of a seed; streams of one seed do not overlap in practice.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut start = Self(seed);
        let mixed = start.next_u64();
        Self(mixed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A uniform number below `bound` (above 0), by Lemire's multiplication with rejection.
    #[expect(clippy::cast_possible_truncation, reason = "the high and the low half of a 128-bit product are meant")]
    pub fn below(&mut self, bound: u64) -> u64 {
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// A uniform number of at least 0 and below 1, a multiple of 2⁻⁵³.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    pub fn share(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Shuffles in place: Fisher and Yates, from the last element down.
    #[expect(clippy::cast_possible_truncation, reason = "below a slice's length")]
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}
