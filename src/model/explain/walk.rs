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
//! The walk keeps the product at each point: a split multiplies it by its factor, and divides by that of the nearest
//! split above by the same column. On the way back the sums of products of the leaves below go up, and at each split
//! the factor of its column is taken out of them once, for all leaves below.
#![expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
#![expect(clippy::needless_range_loop, reason = "closures of iterators are not always inlined")]

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f64x4};

use super::lanes::{LANES, Numbers, dot, load, store};
use super::quadrature::Quadrature;
use super::trees::{Ask, Laid, LaidTrees, NONE, Visit};
use crate::model::ir::{CategorySet, Width};

/// What a tree asks cells of: the category sets of all splits, and how cells are rounded to categories.
#[derive(Debug, Clone)]
pub(super) struct Categories {
    pub(super) sets: Vec<CategorySet>,
    pub(super) input: Width,
}

/// Where the tree's walk is: of each node from the root to the last one, one entry a depth; the lists of numbers have one
/// for each point of the quadrature, four together.
#[derive(Debug, Default)]
pub(super) struct Path {
    steps: Vec<Step>,
    /// The product of factors, times the point's weight.
    products: Vec<[f64; LANES]>,
    /// What the leaves below add.
    sums: Vec<[f64; LANES]>,
    /// 1 / (z + t (1 − z)), where the row goes this way.
    inverses: Vec<[f64; LANES]>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Step {
    /// The share of training rows that go this way at all splits by this column so far.
    share: f64,
    /// True where the row does.
    goes: bool,
    /// True where the row passes the node's own test.
    passes: bool,
    same: u16,
    /// The node's position.
    at: usize,
    /// The position behind the last node below.
    end: usize,
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
    /// Adds each column's contribution with `add`.
    pub(super) fn run(self, path: &mut Path, add: &mut impl FnMut(u16, f64)) {
        // One for each of `POINTS`.
        match self.tree.points {
            0 => self.run_with::<1>(path, add),
            1 => self.run_with::<2>(path, add),
            2 => self.run_with::<4>(path, add),
            3 => self.run_with::<8>(path, add),
            _ => self.run_with::<16>(path, add),
        }
    }

    /// With `B` times [`LANES`] points.
    fn run_with<const B: usize>(self, path: &mut Path, add: &mut impl FnMut(u16, f64)) {
        let depth = self.tree.depth + 1;
        if path.steps.len() < depth {
            path.steps.resize(depth, Step::default());
        }
        for numbers in [&mut path.products, &mut path.sums, &mut path.inverses] {
            if numbers.len() < depth * B {
                numbers.resize(depth * B, [0.0; LANES]);
            }
        }
        dispatch!(Level::new(), simd => At::<_, B>::new(simd, self, path).visit(self, add));
    }

    /// True where the row passes a node's test.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a set's checked position")]
    fn passes(self, node: &Visit) -> bool {
        let cell = self.row[usize::from(node.column)];
        match node.ask {
            Ask::AtMost(missing) => missing.seen(cell) <= node.number,
            Ask::In => self.categories.sets[node.number as usize].holds(cell, self.categories.input),
            Ask::Nothing => false,
        }
    }
}

/// A path on this CPU's vectors, with the points of one quadrature.
struct At<'p, S: Simd, const B: usize> {
    simd: S,
    /// t, the probability that a column is known.
    known: [f64x4<S>; B],
    /// 1 − t
    unknown: [f64x4<S>; B],
    /// 1 / (1 − t)
    unknown_inverse: [f64x4<S>; B],
    steps: &'p mut [Step],
    products: &'p mut [Numbers<B>],
    sums: &'p mut [Numbers<B>],
    inverses: &'p mut [Numbers<B>],
}

/// The way down to a node below the root.
struct Edge<S: Simd, const B: usize> {
    share: f64,
    goes: bool,
    product: [f64x4<S>; B],
    /// Only where the row goes this way.
    inverse: [f64x4<S>; B],
}

impl<'p, S: Simd, const B: usize> At<'p, S, B> {
    #[inline(always)]
    fn new(simd: S, walk: Walk<'_>, path: &'p mut Path) -> Self {
        let Quadrature { points, weights } = &walk.trees.quadratures[walk.tree.points];
        let all = |numbers: &[f64]| numbers.as_chunks::<LANES>().0.as_chunks::<B>().0[0];
        let known = load(simd, &all(points));
        let one = f64x4::splat(simd, 1.0);
        let (mut unknown, mut unknown_inverse) = (known, known);
        for b in 0..B {
            unknown[b] = one - known[b];
            unknown_inverse[b] = one / unknown[b];
        }
        let products = path.products.as_chunks_mut::<B>().0;
        products[0] = all(weights);
        Self {
            simd,
            known,
            unknown,
            unknown_inverse,
            steps: &mut path.steps,
            products,
            sums: path.sums.as_chunks_mut::<B>().0,
            inverses: path.inverses.as_chunks_mut::<B>().0,
        }
    }

    /// Visits all nodes.
    #[inline(always)]
    fn visit(mut self, walk: Walk<'_>, add: &mut impl FnMut(u16, f64)) {
        let (nodes, scale) = (&*walk.tree.nodes, walk.tree.scale);
        // The root.
        let (mut next, mut last) = (1, 0);
        self.sums[0] = [[0.0; LANES]; B];
        self.steps[0] = Step { passes: walk.passes(&nodes[0]), end: nodes.len(), ..Step::default() };
        while let Some(node) = nodes.get(next) {
            let depth = usize::from(node.depth);
            while last >= depth {
                let contribution = self.leave(last) * scale;
                last -= 1;
                add(nodes[self.steps[last].at].column, contribution);
            }
            let parent = self.steps[depth - 1];
            let is_first = next == parent.at + 1;
            let end = if is_first { nodes[parent.at].otherwise as usize } else { parent.end };
            let Some(edge) = self.edge(node, parent.passes == is_first) else {
                next = end;
                continue;
            };
            if node.ask == Ask::Nothing {
                let value = f64x4::splat(self.simd, walk.trees.values.of(node.number, walk.output));
                let mut sums = edge.product;
                for four in &mut sums {
                    *four *= value;
                }
                let contribution = self.contribution(&sums, edge.share, edge.goes, &edge.inverse, node.same);
                add(nodes[parent.at].column, contribution * scale);
                self.raise(depth - 1, &sums);
            } else {
                let passes = walk.passes(node);
                self.steps[depth] = Step { share: edge.share, goes: edge.goes, passes, same: node.same, at: next, end };
                store(&edge.product, &mut self.products[depth]);
                store(&edge.inverse, &mut self.inverses[depth]);
                self.sums[depth] = [[0.0; LANES]; B];
                last = depth;
            }
            next += 1;
        }
        for depth in (1..=last).rev() {
            let contribution = self.leave(depth) * scale;
            add(nodes[self.steps[depth - 1].at].column, contribution);
        }
    }

    /// The way down to a node below the root, which `passes` says whether the row takes; `None` where no row, known or
    /// not, does.
    #[inline(always)]
    fn edge(&self, node: &Visit, passes: bool) -> Option<Edge<S, B>> {
        let mut product = load(self.simd, &self.products[usize::from(node.depth) - 1]);
        let mut inverse = product;
        let above = if node.same == NONE { None } else { Some(self.steps[usize::from(node.same)]) };
        let share = above.map_or(1.0, |above| above.share) * node.share;
        let goes = passes && above.is_none_or(|above| above.goes);
        if !goes && share < NEGLIGIBLE {
            return None;
        }
        if above.is_some_and(|above| !above.goes) {
            let ratio = f64x4::splat(self.simd, node.share);
            for b in 0..B {
                product[b] *= ratio;
            }
            return Some(Edge { share, goes, product, inverse });
        }
        let (shares, one) = (f64x4::splat(self.simd, share), f64x4::splat(self.simd, 1.0));
        if goes {
            for b in 0..B {
                let factor = self.known[b] + shares * self.unknown[b];
                product[b] *= factor;
                inverse[b] = one / factor;
            }
        } else {
            for b in 0..B {
                product[b] *= shares * self.unknown[b];
            }
        }
        if above.is_some() {
            let of_above = load(self.simd, &self.inverses[usize::from(node.same)]);
            for b in 0..B {
                product[b] *= of_above[b];
            }
        }
        Some(Edge { share, goes, product, inverse })
    }

    /// What leaves whose sums these are add to the column that the way down to them asks for.
    #[inline(always)]
    fn contribution(&self, sums: &[f64x4<S>; B], share: f64, goes: bool, inverse: &[f64x4<S>; B], same: u16) -> f64 {
        let above = if same == NONE { None } else { Some(self.steps[usize::from(same)]) };
        if above.is_some_and(|above| !above.goes) {
            return 0.0;
        }
        let own = if goes { (1.0 - share) * dot(sums, inverse) } else { -dot(sums, &self.unknown_inverse) };
        let Some(above) = above else { return own };
        // What is below is counted by this split, not by that one.
        own - (1.0 - above.share) * dot(sums, &load(self.simd, &self.inverses[usize::from(same)]))
    }

    /// Goes up from a node below the root: what it adds to the contribution of the column that its parent asks for.
    #[inline(always)]
    fn leave(&mut self, depth: usize) -> f64 {
        let Step { share, goes, same, .. } = self.steps[depth];
        let sums = load(self.simd, &self.sums[depth]);
        let inverse = load(self.simd, &self.inverses[depth]);
        let contribution = self.contribution(&sums, share, goes, &inverse, same);
        self.raise(depth - 1, &sums);
        contribution
    }

    /// Adds the sums of a child to those of the node at this depth.
    #[inline(always)]
    fn raise(&mut self, depth: usize, sums: &[f64x4<S>; B]) {
        let mut above = load(self.simd, &self.sums[depth]);
        for b in 0..B {
            above[b] += sums[b];
        }
        store(&above, &mut self.sums[depth]);
    }
}
