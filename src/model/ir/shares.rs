//! What leaves of trees of classes hold: the shares of the classes among their rows.
//!
//! Only classes that a leaf has rows of are kept: most leaves have rows of one, and a leaf of a thousand classes takes
//! no more than one of two.

/// The shares of leaves, in the order they were given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shares {
    classes: Vec<u16>,
    /// Of each class in `classes`, its rows over all of the leaf.
    parts: Vec<f64>,
    /// Where each leaf's part of both lists ends.
    ends: Vec<u32>,
}

impl Shares {
    /// One leaf for each of this many classes, with rows of that class alone: leaf `i` is of class `i`.
    pub fn of_one_class(n_classes: u16) -> Self {
        let (classes, ends) = ((0..n_classes).collect(), (1..=u32::from(n_classes)).collect());
        Self { classes, parts: vec![1.0; usize::from(n_classes)], ends }
    }

    /// How many leaves there are.
    pub fn n_leaves(&self) -> usize {
        self.ends.len()
    }

    /// Appends a leaf: how many of its rows are of each class. The share of a class is its rows over all of the leaf.
    ///
    /// # Errors
    /// One sentence: there are more shares than 32 bits can count.
    #[expect(clippy::cast_precision_loss, reason = "a tree's rows stay far below 2^53")]
    pub fn push(&mut self, rows: &[(u16, u32)]) -> Result<(), String> {
        let all: u64 = rows.iter().map(|(_, n)| u64::from(*n)).sum();
        for (class, n) in rows {
            self.classes.push(*class);
            self.parts.push(f64::from(*n) / all as f64);
        }
        let end = u32::try_from(self.parts.len()).map_err(|_| "there are too many leaves' shares".to_owned())?;
        self.ends.push(end);
        Ok(())
    }

    /// The classes that a leaf has rows of, with their shares.
    #[inline]
    pub fn of_leaf(&self, leaf: usize) -> impl Iterator<Item = (usize, f64)> {
        let from = leaf.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let part = from..self.ends[leaf] as usize;
        self.classes[part.clone()].iter().map(|class| usize::from(*class)).zip(self.parts[part].iter().copied())
    }

    /// Row-major `[n_leaves, n_classes]`, with zeros.
    pub fn to_vectors(&self, n_classes: usize) -> Vec<f64> {
        let mut vectors = vec![0.0; self.n_leaves() * n_classes];
        for (leaf, vector) in vectors.chunks_exact_mut(n_classes).enumerate() {
            self.of_leaf(leaf).for_each(|(class, share)| vector[class] = share);
        }
        vectors
    }

    /// Bytes that it occupies.
    pub fn resident_bytes(&self) -> usize {
        self.classes.len() * 2 + self.parts.len() * 8 + self.ends.len() * 4
    }

    /// True where every class is below `n_classes` and every share finite.
    pub(super) fn fit(&self, n_classes: usize) -> bool {
        self.classes.iter().all(|class| usize::from(*class) < n_classes) && self.parts.iter().all(|s| s.is_finite())
    }
}
