//! Forests whose thresholds are few enough to find each cell's rank among them once.

use super::accumulate::Accumulate;
use super::bitvector::BitVectors;
use super::buffers::Buffers;
use super::outcomes::Outcomes;
use super::thresholds::Thresholds;
use super::two_level::TwoLevel;
use super::views::{Rows, Source};
use super::walk::Walk;

/// Fewest trees for which ranks pay: finding a row's ranks costs as much as walking some five trees.
const MIN_TREES: usize = 8;

/// Fewest rows for which one block of 512, however empty, is cheaper than blocks of 64.
const WIDE_FROM: usize = 256;

/// Fewest rows for which a block of 64 is cheaper than walking.
const NARROW_FROM: usize = 40;

/// Blocks of rows by bit vectors, fewer rows by walking.
#[derive(Debug, Clone)]
pub(super) struct Quantized {
    thresholds: Thresholds,
    bit_vectors: BitVectors,
    few: FewRows,
}

/// The trees as few rows walk them.
#[derive(Debug, Clone)]
pub(in crate::model::compiled) enum FewRows {
    /// Two levels a step, over ranks.
    TwoLevel(TwoLevel),
    /// Two levels a step, over the outcomes of all tests.
    Outcomes(Outcomes),
    /// A level a step, over cells.
    Walk(Walk),
}

impl Quantized {
    /// `None` where walking is faster whatever the number of rows.
    pub(super) fn new(source: &Source<'_>) -> Option<Self> {
        let trees = &source.trees.trees;
        if trees.len() < MIN_TREES || !BitVectors::pay(trees) {
            return None;
        }
        let (thresholds, slots) = Thresholds::collect(source)?;
        let (bit_vectors, places) = BitVectors::new(source, &slots);
        let two_level = TwoLevel::new(source, &thresholds, &slots, &places);
        let few = match two_level {
            Some(trees) if thresholds.categories.is_empty() => Some(FewRows::TwoLevel(trees)),
            Some(trees) => Outcomes::new(&trees, &thresholds).map(FewRows::Outcomes),
            None => None,
        };
        let few = few.unwrap_or_else(|| FewRows::Walk(Walk::new(source)));
        Some(Self { thresholds, bit_vectors, few })
    }

    /// The other way for few rows to walk the same trees; `None` when they have only one.
    pub(super) fn other_layout(&self, source: &Source<'_>) -> Option<FewRows> {
        (!matches!(self.few, FewRows::Walk(_))).then(|| FewRows::Walk(Walk::new(source)))
    }

    /// Exchanges the present way for another of the same trees.
    pub(super) fn swap_layout(&mut self, other: &mut FewRows) {
        std::mem::swap(&mut self.few, other);
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.thresholds.resident_bytes()
            + self.bit_vectors.resident_bytes()
            + match &self.few {
                FewRows::TwoLevel(two_level) => two_level.resident_bytes(),
                FewRows::Outcomes(outcomes) => outcomes.resident_bytes(),
                FewRows::Walk(walk) => walk.resident_bytes(),
            }
    }

    /// Gives `into` the leaf of every row and tree, for each row in tree order.
    pub(super) fn each_leaf(&self, rows: Rows<'_>, buffers: &mut Buffers, into: &mut impl Accumulate) {
        let (mut rest, mut first) = (rows, 0);
        while rest.len() >= NARROW_FROM {
            let wide = rest.len() >= WIDE_FROM;
            let n = rest.len().min(if wide { 512 } else { 64 });
            let (block, after) = rest.split_at(n);
            if wide {
                self.bit_vectors.each_leaf::<8>(&self.thresholds, block, first, buffers, into);
            } else {
                self.bit_vectors.each_leaf::<1>(&self.thresholds, block, first, buffers, into);
            }
            (rest, first) = (after, first + n);
        }
        if rest.matrix.is_empty() {
            return;
        }
        let mut shown = std::mem::take(&mut buffers.shown);
        self.each_of_few(rest.compared(&mut shown), first, buffers, into);
        buffers.shown = shown;
    }

    fn each_of_few(
        &self,
        (compared, n_columns): (&[f64], usize),
        first: usize,
        buffers: &mut Buffers,
        into: &mut impl Accumulate,
    ) {
        match &self.few {
            FewRows::TwoLevel(two_level) => {
                let values = &self.bit_vectors.leaves;
                for (row, cells) in (first..).zip(compared.chunks(n_columns)) {
                    into.row(row, two_level.one_row(&self.thresholds, values, cells, buffers));
                }
            }
            FewRows::Outcomes(outcomes) => {
                let values = &self.bit_vectors.leaves;
                for (row, cells) in (first..).zip(compared.chunks(n_columns)) {
                    into.row(row, outcomes.one_row(&self.thresholds, values, cells, buffers));
                }
            }
            FewRows::Walk(walk) => walk.each_leaf(compared, n_columns, first, buffers, into),
        }
    }
}
