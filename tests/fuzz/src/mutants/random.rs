//! Choices, from libFuzzer's seed.

/// Xorshift.
pub struct Random(u32);

impl Random {
    /// The same choices for the same seed.
    pub fn new(seed: u32) -> Self {
        // Neighbouring seeds would choose alike at first.
        Self(seed.wrapping_mul(0x9e37_79b9) | 1)
    }

    /// A number below `n`; 0 where `n` is.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        // The lowest bits are the least random.
        (self.0 >> 4) as usize % n.max(1)
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of several; there must be one.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Doubles an element of a list, takes it away, moves it, or exchanges two.
pub(super) fn rearrange<T: Clone>(list: &mut Vec<T>, random: &mut Random) {
    if list.is_empty() {
        return;
    }
    let (from, to) = (random.below(list.len()), random.below(list.len()));
    match random.below(4) {
        0 => list.insert(to, list[from].clone()),
        1 => _ = list.remove(from),
        2 => {
            let element = list.remove(from);
            list.insert(to, element);
        }
        _ => list.swap(from, to),
    }
}
