//! Numbers as text and bytes spell them. JSON and CSV read digits with a grammar each, and share the arithmetic.

/// The powers of ten that an `f64` holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// 2⁵³: integers up to here are exact in an `f64`. Above it, two integers may be one `f64`.
pub const MAX_EXACT: u64 = 1 << 53;

/// [`MAX_EXACT`] as an `f64`.
pub const MAX_EXACT_F64: f64 = 9_007_199_254_740_992.0;

/// Decimal digits that cannot overflow a `u64`.
const MAX_DIGITS: usize = 19;

/// ±`mantissa` × 10^`power`, the nearest `f64`, as std's parser gives it; none when that takes more than one rounding.
/// The mantissa was read from this many `digits`; it may have wrapped when they are many.
///
/// Clinger's fast path: both operands are exact, so that one rounding gives the nearest.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "the mantissa is at most 2^53")]
pub fn exact(negative: bool, mantissa: u64, digits: usize, power: i64) -> Option<f64> {
    if digits > MAX_DIGITS || mantissa > MAX_EXACT {
        return None;
    }
    let scale = *POWERS.get(usize::try_from(power.unsigned_abs()).ok()?)?;
    let mantissa = mantissa as f64;
    let value = if power >= 0 { mantissa * scale } else { mantissa / scale };
    Some(if negative { -value } else { value })
}

/// The number that the bits of an IEEE 754 half-precision number are: exact.
pub fn half_to_f64(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1F), f64::from(bits & 0x3FF));
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        0x1F if fraction == 0.0 => f64::INFINITY,
        0x1F => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// Appends a finite number as every answer has it: the shortest text that reads back as the same bits (`25.0`, not
/// `25`).
#[inline]
pub fn append(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
}

/// The text that [`append`] appends.
pub fn shortest(value: f64) -> String {
    zmij::Buffer::new().format_finite(value).to_owned()
}

/// True for digits alone, after a minus or not.
pub fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// True for an integer that is not an `f64`.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "what is asked")]
pub fn is_rounded(number: i128) -> bool {
    number as f64 as i128 != number
}

/// A number as CSV and category labels spell it: what `f64` parses, without hexadecimal, `inf` or `nan`.
pub fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let numeric = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if numeric { text.parse().ok() } else { None }
}

/// The number that these bytes begin with, if it has few digits and no exponent, and its length: what
/// [`parse_number`] makes of it.
#[inline]
pub fn leading(bytes: &[u8]) -> Option<(f64, usize)> {
    let negative = bytes.first() == Some(&b'-');
    let mut at = usize::from(negative);
    let mut mantissa = 0_u64;
    let mut digits = |at: &mut usize| {
        let start = *at;
        while let Some(byte @ b'0'..=b'9') = bytes.get(*at) {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
            *at += 1;
        }
        *at - start
    };
    let whole = digits(&mut at);
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        fraction = digits(&mut at);
    }
    let power = -i64::try_from(fraction).ok()?;
    let value = exact(negative, mantissa, whole + fraction, power)?;
    (whole > 0).then_some((value, at))
}
