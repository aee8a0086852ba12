//! The sets of categories that splits ask for.

use super::numbers::Numbers;
use crate::import::error::ImportError;

/// Larger categories are refused: not every kernel can distinguish them.
const END: u64 = 1 << 24;

/// Bytes of a set in addition to its members.
const SET: usize = size_of::<Vec<u32>>();

/// The sets of all trees. Their bytes are counted: 32 members may be said with eleven characters.
#[derive(Debug)]
pub(super) struct Sets {
    all: Vec<Vec<u32>>,
    bytes: usize,
    most_bytes: usize,
}

impl Sets {
    /// None, of a text of this many bytes.
    pub(super) fn of_text(n_bytes: usize) -> Self {
        // Room for small texts; others hold less than this, since fits make sets of few members.
        Self { all: Vec::new(), bytes: 0, most_bytes: (1 << 20) + 3 * n_bytes }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// All of them.
    pub(super) fn into_sets(self) -> Vec<Vec<u32>> {
        self.all
    }

    /// Adds those of a tree: bit b of a set's word w is the category 32·w + b.
    ///
    /// # Errors
    /// Boundaries do not ascend from 0, or a category is from 2^24 on, or there are too many members.
    pub(super) fn read(&mut self, n_sets: usize, boundaries: &str, words: &str) -> Result<(), ImportError> {
        let mut boundaries = Numbers::of("cat_boundaries", boundaries);
        let mut words = Numbers::of("cat_threshold", words);
        let mut begin = boundaries.next::<u32>()?;
        if begin != 0 {
            return Err(boundaries.wrong(format!("the first set begins at {begin}, not at 0")));
        }
        let mut members = Vec::new();
        for _ in 0..n_sets {
            let end = boundaries.next::<u32>()?;
            if end < begin {
                return Err(boundaries.wrong(format!("a set ends at {end}, before its begin at {begin}")));
            }
            members.clear();
            for word in 0..end - begin {
                let bits = words.next::<u32>()?;
                let first = u64::from(word) * 32;
                if bits != 0 && first >= END {
                    return Err(words.wrong(format!("category {first} and above: categories below {END} are read")));
                }
                let first = word.wrapping_mul(32);
                members.extend((0..32).filter(|bit| bits >> bit & 1 == 1).map(|bit| first + bit));
                if self.bytes + 4 * members.len() > self.most_bytes {
                    return Err(words.wrong(self.too_many()));
                }
            }
            self.bytes += SET + 4 * members.len();
            if self.bytes > self.most_bytes {
                return Err(boundaries.wrong(self.too_many()));
            }
            self.all.push(members.clone());
            begin = end;
        }
        boundaries.end()?;
        words.end()
    }

    fn too_many(&self) -> String {
        format!("the sets of categories take more than {} bytes, too many for a file of its size", self.most_bytes)
    }
}
