//! A row's contributions by one tree: path-dependent `TreeSHAP` (Lundberg et al. 2020), exactly, in time proportional
//! to the tree's nodes.
//!
//! A leaf is reached with the share `∏ oⱼ` of a row whose features are all known and with the share `∏ zⱼ` of the
//! training rows where none is: over the columns j that its path asks for, `oⱼ` is 1 where the row goes the path's way
//! at all splits by j, else 0, and `zⱼ` is the product of the shares of training rows that go that way. The Shapley
//! value of column i for this leaf of value v is
//!
//! `v · (oᵢ − zᵢ) · ∫₀¹ ∏_{j≠i} (zⱼ + t (oⱼ − zⱼ)) dt`
//!
//! (the integral over t of the probability that each other column is known: Owen's multilinear extension, 1972). The
//! integrand is a polynomial of degree d − 1 for d different columns, so ⌈d / 2⌉ Gauss-Legendre points integrate it
//! exactly. Its factors are at least 0: nothing cancels, whatever the depth, where formulas with subset weights lose
//! digits.
//!
//! First, from the root down, each split gets the product of its path's factors at each point: that of its parent, times
//! the factor of the column that the parent asks for, divided by the factor of the nearest way above by the same column.
//! Then, from the last split up, each adds up the terms of the leaves below; at each split the factor of its column is
//! taken out of them once, for all leaves below. No step waits for a branch that depends on the row: what is not gone
//! has the factor `z (1 − t)`. Leaves are terms of their parent, and need no division.
#![expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f64x4};

use super::laid::{Ask, LEAF, Laid, LaidSplit};
use super::lanes::{LANES, Numbers, dot, load, store, sum};
use super::quadrature::Quadrature;
use super::trees::LaidTrees;
use crate::model::ir::{CategorySet, Width};

/// What a tree asks cells of: the category sets of all splits, and how cells are rounded to categories.
#[derive(Debug, Clone)]
pub(super) struct Categories {
    pub(super) sets: Vec<CategorySet>,
    pub(super) input: Width,
}

/// What is known of a tree's splits in a walk, by their positions; lists of numbers have one for each point of the
/// quadrature, four together.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    ways: Vec<Way>,
    /// 1 / (o t + z (1 − t)) for the way to a split.
    inverses: Vec<[f64; LANES]>,
    /// On the way down the product of factors, times the point's weight; then the terms of the leaves below.
    numbers: Vec<[f64; LANES]>,
    /// By column of the tree: parts of its contribution.
    contributions: Vec<[f64; LANES]>,
}

/// The way down to a split from the root, by the column that its parent asks for.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    /// z, the share of training rows that go this way at all splits by this column.
    share: f64,
    /// o, 1 where the row does, else 0.
    goes: f64,
}

/// A share of training rows from which on down a way that the row does not go is left out: it adds less than that.
const NEGLIGIBLE: f64 = 1e-200;

/// One walk: a row through a tree, for one output.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) trees: &'a LaidTrees,
    pub(super) tree: &'a Laid,
    pub(super) categories: &'a Categories,
    pub(super) output: usize,
    /// The row's columns.
    pub(super) row: &'a [f64],
}

impl Walk<'_> {
    /// Gives `add` each column's contribution.
    pub(super) fn run(self, buffers: &mut Buffers, add: &mut impl FnMut(u16, f64)) {
        if self.tree.splits.is_empty() {
            return;
        }
        // One for each of `POINTS`.
        match self.tree.points {
            0 => self.run_with::<1>(buffers),
            1 => self.run_with::<2>(buffers),
            2 => self.run_with::<4>(buffers),
            3 => self.run_with::<8>(buffers),
            _ => self.run_with::<16>(buffers),
        }
        for (column, parts) in self.tree.columns.iter().zip(&buffers.contributions) {
            add(*column, sum(parts));
        }
    }

    /// With `B` times [`LANES`] points.
    fn run_with<const B: usize>(self, buffers: &mut Buffers) {
        let n = self.tree.splits.len();
        if buffers.ways.len() < n {
            buffers.ways.resize(n, Way::default());
        }
        for numbers in [&mut buffers.inverses, &mut buffers.numbers] {
            if numbers.len() < n * B {
                numbers.resize(n * B, [0.0; LANES]);
            }
        }
        buffers.contributions.clear();
        buffers.contributions.resize(self.tree.columns.len(), [0.0; LANES]);
        dispatch!(Level::new(), simd => OnPoints::<_, B>::new(simd, self, buffers).run(self));
    }

    /// True where the row passes a split's test.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a set's checked position")]
    fn passes(self, split: &LaidSplit) -> bool {
        let cell = self.row[usize::from(split.column)];
        match split.ask {
            Ask::AtMost(missing) => missing.seen(cell) <= split.number,
            Ask::In => self.categories.sets[split.number as usize].holds(cell, self.categories.input),
        }
    }
}

/// A walk on this CPU's vectors, with the points of one quadrature.
struct OnPoints<'p, S: Simd, const B: usize> {
    simd: S,
    /// t, the probability that a column is known.
    known: [f64x4<S>; B],
    /// 1 − t
    unknown: [f64x4<S>; B],
    ways: &'p mut [Way],
    inverses: &'p mut [Numbers<B>],
    numbers: &'p mut [Numbers<B>],
    contributions: &'p mut [[f64; LANES]],
}

impl<'p, S: Simd, const B: usize> OnPoints<'p, S, B> {
    #[inline(always)]
    fn new(simd: S, walk: Walk<'_>, buffers: &'p mut Buffers) -> Self {
        let Quadrature { points, weights } = &walk.trees.quadratures[walk.tree.points];
        let all = |numbers: &[f64]| numbers.as_chunks::<LANES>().0.as_chunks::<B>().0[0];
        let (known, weights) = (load(simd, &all(points)), load(simd, &all(weights)));
        let one = f64x4::splat(simd, 1.0);
        let (mut unknown, mut scaled) = (known, weights);
        for b in 0..B {
            unknown[b] = one - known[b];
            scaled[b] = weights[b] * f64x4::splat(simd, walk.tree.scale);
        }
        let n = walk.tree.splits.len();
        let new = Self {
            simd,
            known,
            unknown,
            ways: &mut buffers.ways[..n],
            inverses: &mut buffers.inverses.as_chunks_mut::<B>().0[..n],
            numbers: &mut buffers.numbers.as_chunks_mut::<B>().0[..n],
            contributions: &mut buffers.contributions,
        };
        // To the root all go, asked for nothing.
        new.ways[0] = Way { share: 1.0, goes: 1.0 };
        new.inverses[0] = [[1.0; LANES]; B];
        store(&scaled, &mut new.numbers[0]);
        new
    }

    #[inline(always)]
    fn run(mut self, walk: Walk<'_>) {
        let (inner, outer) = walk.tree.splits.split_at(walk.tree.n_inner);
        for (place, split) in inner.iter().enumerate() {
            self.descend(walk, place, split);
        }
        for (place, split) in (walk.tree.n_inner..).zip(outer) {
            self.descend(walk, place, split);
            self.take_out_above(place, split);
        }
        for (place, split) in inner.iter().enumerate().rev() {
            self.ascend(place, split);
        }
    }

    /// Goes on from a split, whose product is known, to the splits below; its number is then the terms of its leaves.
    #[inline(always)]
    fn descend(&mut self, walk: Walk<'_>, place: usize, split: &LaidSplit) {
        let above = self.ways[split.above as usize];
        // The product without the factor of the split's column.
        let mut base = load(self.simd, &self.numbers[place]);
        let inverse = load(self.simd, &self.inverses[split.above as usize]);
        for b in 0..B {
            base[b] *= inverse[b];
        }
        let passes = f64::from(u8::from(walk.passes(split)));
        let goes = [above.goes * passes, above.goes * (1.0 - passes)];
        let shares = [above.share * split.share, above.share * (1.0 - split.share)];
        let (mut held_known, mut held_unknown) = (0.0, 0.0);
        for side in 0..2 {
            let way = Way { share: shares[side], goes: goes[side] };
            if split.below[side] == LEAF {
                let value = walk.trees.values.of(split.leaves[side], walk.output);
                held_known += way.goes * value;
                held_unknown += way.share * value;
            } else {
                self.enter(split.below[side] as usize, way, &base);
            }
        }
        let (with_known, with_unknown) = (f64x4::splat(self.simd, held_known), f64x4::splat(self.simd, held_unknown));
        let mut all = base[0];
        let mut terms = base;
        for b in 0..B {
            terms[b] *= self.known[b] * with_known + self.unknown[b] * with_unknown;
            if b > 0 {
                all += base[b];
            }
        }
        store(&terms, &mut self.numbers[place]);
        self.contribute(split, all * (with_known - with_unknown));
    }

    /// Notes the way to a split, and the product of its factors: `base` and that of its parent's column.
    #[inline(always)]
    fn enter(&mut self, place: usize, way: Way, base: &[f64x4<S>; B]) {
        if way.goes == 0.0 && way.share < NEGLIGIBLE {
            // Nothing that is below adds anything, whatever the factors.
            self.ways[place] = Way::default();
            self.inverses[place] = [[0.0; LANES]; B];
            self.numbers[place] = [[0.0; LANES]; B];
            return;
        }
        let (goes, share) = (f64x4::splat(self.simd, way.goes), f64x4::splat(self.simd, way.share));
        let one = f64x4::splat(self.simd, 1.0);
        let (mut product, mut inverse) = (*base, *base);
        for b in 0..B {
            let factor = self.known[b] * goes + self.unknown[b] * share;
            product[b] *= factor;
            inverse[b] = one / factor;
        }
        self.ways[place] = way;
        store(&product, &mut self.numbers[place]);
        store(&inverse, &mut self.inverses[place]);
    }

    /// Adds up what is below a split that has splits below.
    #[inline(always)]
    fn ascend(&mut self, place: usize, split: &LaidSplit) {
        let mut terms = load(self.simd, &self.numbers[place]);
        for side in 0..2 {
            if split.below[side] == LEAF {
                continue;
            }
            let below = split.below[side] as usize;
            let of_side = load(self.simd, &self.numbers[below]);
            for b in 0..B {
                terms[b] += of_side[b];
            }
            let without = dot(&of_side, &load(self.simd, &self.inverses[below]));
            let Way { share, goes } = self.ways[below];
            self.contribute(split, without * f64x4::splat(self.simd, goes - share));
        }
        store(&terms, &mut self.numbers[place]);
        self.take_out_above(place, split);
    }

    /// Takes the terms below a split out of what the way above by the same column contributes: they are counted by the
    /// ways that lead on from this split.
    #[inline(always)]
    fn take_out_above(&mut self, place: usize, split: &LaidSplit) {
        let above = split.above as usize;
        let terms = load(self.simd, &self.numbers[place]);
        let without = dot(&terms, &load(self.simd, &self.inverses[above]));
        let Way { share, goes } = self.ways[above];
        self.contribute(split, without * f64x4::splat(self.simd, share - goes));
    }

    /// Adds to the contribution of the column that a split asks for.
    #[inline(always)]
    fn contribute(&mut self, split: &LaidSplit, part: f64x4<S>) {
        let parts = &mut self.contributions[usize::from(split.column_of_tree)];
        let added = f64x4::load_array_ref(self.simd, parts) + part;
        added.store_array(parts);
    }
}
