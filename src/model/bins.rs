//! The bins of a column. One definition for three readers: training counts with it, the server counts with it, and a
//! drift index compares the two.

use serde::{Deserialize, Serialize};

/// Bins of one column at most, `missing` and `other` included: bounds the metric series of a feature.
pub const MAX_BINS: usize = 20;

/// The cells of a column, fixed at training, with the training counts.
///
/// Numeric: bin i holds values ≤ `edges[i]` (and above the edge before), one more bin holds the rest; then `missing`.
/// Categorical: one bin a listed category (the most frequent ones), then `other`, then `missing`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    /// Upper edges, strictly ascending (deciles of training, ties merged); numeric only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<f64>,
    /// Positions of the binned categories in the feature's list, ascending; categorical only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<u32>,
    /// Training rows per bin, in the order of [`Bins::labels`].
    pub counts: Vec<u64>,
}

impl Bins {
    /// How many bins there are, `other` and `missing` included.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// True when there are none (an artifact check refuses that).
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The bin of a value as a batch holds it: a number or a category's position, NaN when missing.
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a batch holds valid positions")]
    pub fn index(&self, value: f64) -> usize {
        if value.is_nan() {
            return self.counts.len() - 1;
        }
        if self.categories.is_empty() {
            return self.edges.partition_point(|edge| *edge < value);
        }
        match self.categories.binary_search(&(value as u32)) {
            Ok(bin) => bin,
            Err(_) => self.counts.len() - 2,
        }
    }

    /// Adds how many of `values`, as a batch holds them, are in each bin. For many: a pass for each edge, without a
    /// branch that depends on a value.
    pub fn count(&self, values: &[f64], counts: &mut [u64; MAX_BINS]) {
        if !self.categories.is_empty() {
            for value in values {
                counts[self.index(*value)] += 1;
            }
            return;
        }
        let missing: u64 = values.iter().map(|value| u64::from(value.is_nan())).sum();
        let mut above = values.len() as u64 - missing;
        for (count, edge) in counts.iter_mut().zip(&self.edges) {
            let beyond = values.iter().map(|value| u64::from(*edge < *value)).sum();
            *count += above - beyond;
            above = beyond;
        }
        counts[self.edges.len()] += above;
        counts[self.counts.len() - 1] += missing;
    }

    /// The position of the category that most rows had, of equally frequent ones the first.
    pub fn most_frequent(&self) -> Option<u32> {
        let most = self.categories.iter().zip(&self.counts).rev().max_by_key(|(_, count)| **count);
        most.map(|(category, _)| *category)
    }

    /// Each bin's label, in order: a numeric bin's upper edge (`+Inf` for the last) or a category's name, then
    /// `other` (categorical), then `missing`. `categories` is the feature's list.
    pub fn labels(&self, categories: &[String]) -> Vec<String> {
        let mut labels: Vec<String> = if self.categories.is_empty() {
            self.edges.iter().map(|e| format!("{e:?}")).chain(["+Inf".to_owned()]).collect()
        } else {
            let name = |i: &u32| categories.get(*i as usize).cloned().unwrap_or_default();
            self.categories.iter().map(name).chain(["other".to_owned()]).collect()
        };
        labels.push("missing".to_owned());
        labels
    }

    /// Each bin's share of the training rows, in order; sums to 1.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub fn expected_ratios(&self) -> Vec<f64> {
        let total = self.counts.iter().sum::<u64>().max(1) as f64;
        self.counts.iter().map(|c| *c as f64 / total).collect()
    }

    /// Checks the shape that [`Bins::index`] relies on.
    pub(super) fn check(&self, n_categories: usize) -> Result<(), String> {
        if self.counts.len() > MAX_BINS {
            return Err(format!("{} bins, more than {MAX_BINS}", self.counts.len()));
        }
        let ascending = self.edges.windows(2).all(|w| w[0] < w[1]) && self.edges.iter().all(|e| e.is_finite());
        let sorted = self.categories.windows(2).all(|w| w[0] < w[1]);
        let known = self.categories.iter().all(|c| (*c as usize) < n_categories);
        let numeric = n_categories == 0 && self.categories.is_empty() && self.counts.len() == self.edges.len() + 2;
        let categorical = n_categories > 0
            && !self.categories.is_empty()
            && self.edges.is_empty()
            && self.counts.len() == self.categories.len() + 2;
        let fits = ascending && sorted && known && (numeric || categorical);
        if fits { Ok(()) } else { Err("bins and edges do not agree".to_owned()) }
    }
}
