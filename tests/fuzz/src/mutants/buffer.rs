//! The bytes of an array: elements of eight, four or one byte, counted from the end, where heads end.

use super::Random;

/// What an element becomes: numbers of 64 bits, of which shorter elements take the highest or the lowest bytes.
const ELEMENTS: [u64; 16] = [
    0,
    1,
    2,
    u64::MAX,
    u64::MAX - 1,
    1 << 31,
    1 << 32,
    i64::MAX as u64,
    1 << 63,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x3ff0_0000_0000_0000,
    0xbfe0_0000_0000_0001,
    0x0000_0000_0000_0001,
];

/// Changes an element: another one's bytes, an extreme number's, or one more or less.
pub(super) fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    let width = *random.pick(&[8, 8, 8, 4, 1]);
    let n = bytes.len() / width;
    if n == 0 {
        return;
    }
    let place = |at: usize| bytes.len() - (at + 1) * width..bytes.len() - at * width;
    let (to, from) = (place(random.below(n)), place(random.below(n)));
    match random.below(8) {
        0..=2 => {
            let number = random.pick(&ELEMENTS).to_le_bytes();
            let element = if random.one_in(2) { &number[8 - width..] } else { &number[..width] };
            bytes[to].copy_from_slice(element);
        }
        3 => bytes.copy_within(from, to.start),
        4 => bytes[to.start] = bytes[to.start].wrapping_add(1),
        5 => bytes[to.start] = bytes[to.start].wrapping_sub(1),
        6 => bytes[to.end - 1] ^= 0x80,
        // One element more or less: the shape does not fit any more.
        _ if random.one_in(2) => _ = bytes.drain(to),
        _ => bytes.extend_from_within(from),
    }
}
