//! Whole blocks of rows through a tree by set algebra: no row is walked.
//!
//! A set of rows is a mask, a bit per row. For each distinct threshold of the forest the mask of the rows at or below
//! it is made once per block. Let `from(i)` be the rows whose leaf is the `i`-th from the left or one further right. A
//! split between the leaves `i − 1` and `i`, the root of a subtree that spans the leaves `low` to `high − 1`, gives
//! `from(i) = from(high) | from(low) & !at_or_below`: one operation for all rows of a block. The bits of a row's leaf
//! number in Gray code, where neighbours differ in one bit, are then the parities of the sets whose `i` ends in that
//! bit: again one operation for each split. So a tree costs a few operations on 64-byte masks for each split and 512
//! rows, and one table look-up for each row. The idea is that of `QuickScorer` (Lucchese 2015) and `RapidScorer` (Ye
//! 2018).
//!
//! ```text
//!        x ≤ 3?                 from(0) = all rows
//!       /      \                from(2) = none | from(0) & !(x ≤ 3)        low 0, high 3, boundary 2
//!     y ≤ 1?    leaf 2          from(1) = from(2) | from(0) & !(y ≤ 1)     low 0, high 2, boundary 1
//!    /     \                    from(3) = none
//!  leaf 0  leaf 1
//! ```

#![expect(clippy::inline_always, reason = "for `on_masks`")]

use fearless_simd::Simd;

use super::super::simd::{OnMasks, on_masks, or_except, xor};
use super::accumulate::{Accumulate, TABLE, TREES, look_up};
use super::buffers::{Buffers, lines};
use super::marks::{mark, mark_sets};
use super::thresholds::Thresholds;
use super::views::{Rows, Source};
use crate::model::ir::{Node, Tree};

/// The largest number of leaves of a tree. Beyond it, walking is as fast: a split costs about two nanoseconds a block,
/// a walk through 4,096 leaves fifteen a row.
const MAX_LEAVES: usize = 1 << 12;

/// A forest's trees for blocks of rows.
#[derive(Debug, Clone)]
pub(super) struct BitVectors {
    splits: Vec<MaskStep>,
    /// Leaf values, tree after tree, each tree's padded to a power of two and placed by Gray code;
    /// zeros between them.
    pub(super) leaves: Vec<f64>,
    trees: Vec<TreeRange>,
    most_leaves: usize,
}

/// A split: `from(boundary)` from the sets at both ends of its subtree. Parents come before their children.
#[derive(Debug, Clone, Copy)]
struct MaskStep {
    /// That of its threshold.
    slot: u16,
    boundary: u16,
    low: u16,
    high: u16,
}

/// Where a tree ends in `splits` and begins in `leaves`.
#[derive(Debug, Clone, Copy)]
struct TreeRange {
    splits_end: usize,
    leaves: usize,
}

impl BitVectors {
    /// False for trees so large that walking is as fast.
    pub(super) fn pay(trees: &[Tree]) -> bool {
        trees.iter().all(|tree| tree.nodes.len().div_ceil(2) <= MAX_LEAVES)
    }

    /// `slots` are those of all splits, tree after tree in node order. Returns also the places of all leaves among
    /// [`Self::leaves`], in the same order.
    pub(super) fn new(source: &Source<'_>, slots: &[u16]) -> (Self, Vec<usize>) {
        let trees = &source.trees.trees;
        let (splits, trees_done) = (Vec::with_capacity(slots.len()), Vec::with_capacity(trees.len()));
        let mut new = Self { splits, leaves: Vec::new(), trees: trees_done, most_leaves: 0 };
        let (mut slots, mut places) = (slots.iter(), Vec::with_capacity(slots.len() + trees.len()));
        let (mut n_leaves, mut low) = (Vec::new(), Vec::new());
        for tree in trees {
            new.push(source, tree, &mut slots, &mut places, &mut n_leaves, &mut low);
        }
        // So that a table of `TABLE` leaves can be taken anywhere.
        new.leaves.resize(new.leaves.len() + TABLE, 0.0);
        new.leaves.shrink_to_fit();
        (new, places)
    }

    /// Appends a tree, and its leaves' places to `places`; `n_leaves` and `low` are buffers.
    fn push(
        &mut self,
        source: &Source<'_>,
        tree: &Tree,
        slots: &mut std::slice::Iter<'_, u16>,
        places: &mut Vec<usize>,
        n_leaves: &mut Vec<u16>,
        low: &mut Vec<u16>,
    ) {
        // Leaves under each node, children before parents.
        n_leaves.clear();
        n_leaves.resize(tree.nodes.len(), 1);
        for (at, node) in tree.nodes.iter().enumerate().rev() {
            if let Node::Split(split) = node {
                let (left, right) = split.children;
                n_leaves[at] = n_leaves[left as usize] + n_leaves[right as usize];
            }
        }
        let leaves = self.leaves.len();
        self.leaves.resize(leaves + usize::from(n_leaves[0]).next_power_of_two(), 0.0);
        self.most_leaves = self.most_leaves.max(usize::from(n_leaves[0]));
        // The first leaf under each node, parents before children.
        low.clear();
        low.resize(tree.nodes.len(), 0);
        for (at, node) in tree.nodes.iter().enumerate() {
            let first = low[at];
            let (left, right) = match node {
                Node::Split(split) => split.children,
                Node::Leaf(number) => {
                    let place = leaves + usize::from(first ^ (first >> 1));
                    self.leaves[place] = source.leaf(tree, *number);
                    places.push(place);
                    continue;
                }
            };
            let boundary = first + n_leaves[left as usize];
            low[left as usize] = first;
            low[right as usize] = boundary;
            let slot = slots.next().copied().unwrap_or_default();
            self.splits.push(MaskStep { slot, boundary, low: first, high: first + n_leaves[at] });
        }
        self.trees.push(TreeRange { splits_end: self.splits.len(), leaves });
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.splits.len() * size_of::<MaskStep>() + self.leaves.len() * 8 + self.trees.len() * size_of::<TreeRange>()
    }

    /// Gives `into` the leaves of a block of at most `64 * W` rows, which are numbered from `first`.
    pub(super) fn each_leaf<const W: usize>(
        &self,
        thresholds: &Thresholds,
        rows: Rows<'_>,
        first: usize,
        buffers: &mut Buffers,
        into: &mut impl Accumulate,
    ) {
        let slots = lines::<W>(&mut buffers.slots, usize::from(thresholds.n_slots));
        mark(thresholds, rows, slots);
        mark_sets(thresholds, rows, &mut buffers.members, slots);
        let sets = lines::<W>(&mut buffers.sets, self.most_leaves + 1);
        let n_rows = rows.len();
        buffers.codes.resize(buffers.codes.len().max(TREES * 64 * W), 0);
        buffers.leaves.resize(buffers.leaves.len().max(n_rows), 0.0);
        let values = &mut buffers.leaves[..n_rows];
        let mut from = 0;
        for (i, trees) in self.trees.chunks(TREES).enumerate() {
            // Trees of few leaves are added up together: their sums are read and written once.
            let mut tables = [&[0.0; TABLE]; TREES];
            let mut n_small = 0;
            for (j, tree) in trees.iter().enumerate() {
                let splits = &self.splits[from..tree.splits_end];
                from = tree.splits_end;
                on_masks(Part { splits, slots, sets });
                let sets = &sets[..=splits.len()];
                let leaves = &self.leaves[tree.leaves..];
                let codes = &mut buffers.codes[n_small * 64 * W..];
                if let Some(table) = leaves.first_chunk::<TABLE>().filter(|_| sets.len() <= TABLE) {
                    on_masks(Encode { sets, from: 0, codes: &mut codes[..64 * W] });
                    (tables[n_small], n_small) = (table, n_small + 1);
                    continue;
                }
                // In the order of the trees.
                let done = i * TREES + j - n_small;
                small_trees::<W>(&buffers.codes, &tables[..n_small], (done, first), values, into);
                n_small = 0;
                let (low, high) = buffers.codes[..2 * 64 * W].split_at_mut(64 * W);
                on_masks(Encode { sets, from: 0, codes: low });
                on_masks(Encode { sets, from: u8::BITS, codes: high });
                for (value, (low, high)) in values.iter_mut().zip(low.iter().zip(&*high)) {
                    *value = leaves[usize::from(*low) | usize::from(*high) << u8::BITS];
                }
                into.rows(i * TREES + j, first, values);
            }
            let done = i * TREES + trees.len() - n_small;
            small_trees::<W>(&buffers.codes, &tables[..n_small], (done, first), values, into);
        }
    }
}

/// Gives `into` the leaves of trees from `tree` on, by the codes of each for `64 * W` rows.
#[inline]
fn small_trees<const W: usize>(
    codes: &[u8],
    tables: &[&[f64; TABLE]],
    (tree, first): (usize, usize),
    values: &mut [f64],
    into: &mut impl Accumulate,
) {
    let codes: [&[u8]; TREES] = std::array::from_fn(|i| &codes[i * 64 * W..][..64 * W]);
    if let Ok(tables) = <&[&[f64; TABLE]; TREES]>::try_from(tables) {
        return into.four(tree, first, tables, codes, values);
    }
    for (i, (table, codes)) in tables.iter().zip(codes).enumerate() {
        look_up(table, codes, values);
        into.rows(tree + i, first, values);
    }
}

/// Fills `sets[i]` with the rows whose leaf is `i` or one further right.
struct Part<'a, const W: usize> {
    splits: &'a [MaskStep],
    slots: &'a [[u64; W]],
    sets: &'a mut [[u64; W]],
}

impl<const W: usize> OnMasks for Part<'_, W> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { splits, slots, sets } = self;
        sets[0] = [u64::MAX; W];
        sets[splits.len() + 1] = [0; W];
        for split in splits {
            let at_or_below = &slots[usize::from(split.slot)];
            let (low, high) = (&sets[usize::from(split.low)], &sets[usize::from(split.high)]);
            sets[usize::from(split.boundary)] = or_except(simd, high, low, at_or_below);
        }
    }
}

/// Writes eight bits, from bit `from` on, of the Gray code of each row's leaf.
struct Encode<'a, const W: usize> {
    sets: &'a [[u64; W]],
    from: u32,
    codes: &'a mut [u8],
}

impl<const W: usize> OnMasks for Encode<'_, W> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut planes: [[u64; W]; 8] = [[0; W]; 8];
        for (plane, bit) in planes.iter_mut().zip(self.from as usize..) {
            let sets = self.sets.iter().skip(1 << bit).step_by(2 << bit);
            *plane = sets.fold([0; W], |plane, set| xor(simd, &plane, set));
        }
        swap(&mut planes, 4, 0x0f0f_0f0f_0f0f_0f0f);
        swap(&mut planes, 2, 0x3333_3333_3333_3333);
        swap(&mut planes, 1, 0x5555_5555_5555_5555);
        for (codes, word) in self.codes.chunks_exact_mut(8).zip(planes.as_flattened()) {
            codes.copy_from_slice(&word.to_le_bytes());
        }
    }
}

/// One of three steps that turn eight planes of bits into bytes: exchanges bits between planes `by` apart, as in the
/// transposition of 8×8 bits.
#[inline(always)]
fn swap<const W: usize>(planes: &mut [[u64; W]; 8], by: usize, mask: u64) {
    for low in (0..8).filter(|plane| plane & by == 0) {
        let (one, other) = (planes[low], planes[low + by]);
        let differ: [u64; W] = std::array::from_fn(|w| ((one[w] >> by) ^ other[w]) & mask);
        planes[low + by] = std::array::from_fn(|w| other[w] ^ differ[w]);
        planes[low] = std::array::from_fn(|w| one[w] ^ (differ[w] << by));
    }
}
