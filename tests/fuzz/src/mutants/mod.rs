//! Mutants that are still of their form: an input is taken apart, a part is changed, and all is written again with the
//! lengths and counts that it needs. Most changes of single bytes end at the first bracket, number or opcode.

mod buffer;
pub mod json;
pub mod pickle;
mod random;
pub mod skops;
pub mod text;
pub mod ubjson;
mod value;
pub mod words;
mod zip;

use libfuzzer_sys::fuzzer_mutate;

pub use random::Random;

/// How often a change is tried.
const TRIES: usize = 3;

/// Changes an input in place; its new length. A quarter of the changes are libFuzzer's own, and those of what `change`
/// cannot take apart or makes too long.
pub fn mutate(
    change: impl Fn(&[u8], &mut Random) -> Option<Vec<u8>>,
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
) -> usize {
    let mut random = Random::new(seed);
    if !random.one_in(4) {
        let old = &data[..size];
        let is_usable = |new: &Vec<u8>| (1..=max_size).contains(&new.len()) && new != old;
        // Many a choice finds nothing of its kind, or exchanges what is equal.
        let changed = (0..TRIES).find_map(|_| change(old, &mut random).filter(is_usable));
        if let Some(changed) = changed {
            data[..changed.len()].copy_from_slice(&changed);
            return changed.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
}
