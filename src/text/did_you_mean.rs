//! Did-you-mean: the name or category nearest to a wrong one.
//!
//! A search is quadratic in the text's length, and a body can cause 20 of them: lengths and candidates are bounded.

/// Names longer than this are not compared: what a comparison costs grows with the product of both lengths.
const LONGEST: usize = 64;

/// The largest number of candidates of similar length that are compared. 20 searches take a few milliseconds then, also
/// among names that are long and alike.
const COMPARED: usize = 256;

/// The largest number of candidates that are looked at.
const LOOKED_AT: usize = 4096;

/// The candidate nearest to `text` by edit distance, if it is near enough to be meant (a third of its length, two edits
/// for short words, case ignored); else the first that has the same words and more, or fewer, at its end: `tenure` for
/// `tenure_months`. Of very many candidates the first ones alone are looked at.
pub fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if text.len() > LONGEST {
        return None;
    }
    let mut extended = None;
    let wanted: Vec<char> = text.to_lowercase().chars().collect();
    // At least one character stays, or any other word of that length would be near.
    let allowed = (wanted.len() / 3).max(2).min(wanted.len().saturating_sub(1)).max(1);
    // An edit changes a length by one character: two bytes, allowing for scripts that have few of one.
    let is_near = |c: &&str| c.len() <= LONGEST && c.len().abs_diff(text.len()) <= 2 * allowed;
    let mut buffer = Vec::new();
    let mut best: Option<(usize, &str)> = None;
    let candidates = candidates.take(LOOKED_AT).inspect(|candidate| {
        if extended.is_none() && (begins_with(candidate, text) || begins_with(text, candidate)) {
            extended = Some(*candidate);
        }
    });
    for candidate in candidates.filter(is_near).take(COMPARED) {
        let below = best.map_or(allowed + 1, |(distance, _)| distance).min(candidate.chars().count().max(1));
        if let Some(distance) = distance_below(&wanted, candidate, below, &mut buffer) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate).or(extended)
}

/// True when `long` is `short`, case ignored, and further words after it. A single letter is no word.
fn begins_with(long: &str, short: &str) -> bool {
    let Some((start, rest)) = long.split_at_checked(short.len()) else { return false };
    short.len() >= 2 && start.eq_ignore_ascii_case(short) && rest.starts_with(|c: char| !c.is_alphanumeric())
}

/// Levenshtein's distance with one rolling row; `None` as soon as it cannot be below the limit.
fn distance_below(a: &[char], b: &str, limit: usize, row: &mut Vec<usize>) -> Option<usize> {
    row.clear();
    row.extend(0..=a.len());
    for (i, cb) in b.chars().flat_map(char::to_lowercase).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        let mut least = row[0];
        for (j, ca) in a.iter().enumerate() {
            let substituted = diagonal + usize::from(*ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
            least = least.min(row[j + 1]);
        }
        if least >= limit {
            return None;
        }
    }
    Some(row[a.len()]).filter(|distance| *distance < limit)
}
