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

use super::quadrature::Quadrature;
use super::trees::{Ask, Laid, LaidTrees, NONE, Visit};
use crate::model::compiled::widest;
use crate::model::ir::{CategorySet, Width};

/// What a tree asks cells of: the category sets of all splits, and how cells are rounded to categories.
#[derive(Debug, Clone)]
pub(super) struct Categories {
    pub(super) sets: Vec<CategorySet>,
    pub(super) input: Width,
}

/// Where the tree's walk is: of each node from the root to the last one, one entry a depth.
#[derive(Debug, Default)]
pub(super) struct Path {
    steps: Vec<Step>,
    /// At each point the product of factors, times the point's weight: `[depth, points]`.
    products: Vec<f64>,
    /// At each point what the leaves below add: `[depth, points]`.
    sums: Vec<f64>,
    /// At each point 1 / (z + t (1 − z)), where the row goes this way: `[depth, points]`.
    inverses: Vec<f64>,
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
            0 => self.run_with::<2>(path, add),
            1 => self.run_with::<4>(path, add),
            2 => self.run_with::<8>(path, add),
            3 => self.run_with::<16>(path, add),
            4 => self.run_with::<32>(path, add),
            _ => self.run_with::<64>(path, add),
        }
    }

    fn run_with<const Q: usize>(self, path: &mut Path, add: &mut impl FnMut(u16, f64)) {
        let depth = self.tree.depth + 1;
        let Path { steps, products, sums, inverses } = path;
        if steps.len() < depth {
            steps.resize(depth, Step::default());
        }
        for numbers in [&mut *products, &mut *sums, &mut *inverses] {
            if numbers.len() < depth * Q {
                numbers.resize(depth * Q, 0.0);
            }
        }
        let Quadrature { points, weights } = &self.trees.quadratures[self.tree.points];
        let mut at = At {
            known: [0.0; Q],
            unknown: [0.0; Q],
            unknown_inverse: [0.0; Q],
            steps,
            products: products.as_chunks_mut::<Q>().0,
            sums: sums.as_chunks_mut::<Q>().0,
            inverses: inverses.as_chunks_mut::<Q>().0,
        };
        at.known.copy_from_slice(points);
        at.unknown = at.known.map(|t| 1.0 - t);
        at.unknown_inverse = at.unknown.map(|u| 1.0 / u);
        at.products[0].copy_from_slice(weights);
        widest(
            #[inline(always)]
            || self.visit(&mut at, add),
        );
    }

    /// Visits all nodes.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
    fn visit<const Q: usize>(self, at: &mut At<'_, Q>, add: &mut impl FnMut(u16, f64)) {
        let (nodes, scale) = (&*self.tree.nodes, self.tree.scale);
        let (mut next, mut last) = (0, 0);
        while let Some(node) = nodes.get(next) {
            let depth = usize::from(node.depth);
            while last >= depth.max(1) {
                let contribution = at.leave(last) * scale;
                last -= 1;
                add(nodes[at.steps[last].at].column, contribution);
            }
            let end = if depth == 0 { nodes.len() } else { at.end_of(depth, next, nodes) };
            if depth > 0 && !at.enter(node, next) {
                next = end;
                continue;
            }
            let step = &mut at.steps[depth];
            (step.at, step.end) = (next, end);
            if node.ask == Ask::Nothing {
                let value = self.trees.values.of(node.number, self.output);
                at.sums[depth] = at.products[depth].map(|product| product * value);
            } else {
                step.passes = self.passes(node);
                at.sums[depth] = [0.0; Q];
            }
            last = depth;
            next += 1;
        }
        for depth in (1..=last).rev() {
            let contribution = at.leave(depth) * scale;
            add(nodes[at.steps[depth - 1].at].column, contribution);
        }
    }

    /// True where the row passes a node's test.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
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

/// A path with the points of one quadrature.
struct At<'p, const Q: usize> {
    /// t, the probability that a column is known.
    known: [f64; Q],
    /// 1 − t
    unknown: [f64; Q],
    /// 1 / (1 − t)
    unknown_inverse: [f64; Q],
    steps: &'p mut [Step],
    products: &'p mut [[f64; Q]],
    sums: &'p mut [[f64; Q]],
    inverses: &'p mut [[f64; Q]],
}

impl<const Q: usize> At<'_, Q> {
    /// The position behind the last node below the one at `place`, whose depth is above 0.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
    fn end_of(&self, depth: usize, place: usize, nodes: &[Visit]) -> usize {
        let parent = self.steps[depth - 1];
        if place == parent.at + 1 { nodes[parent.at].otherwise as usize } else { parent.end }
    }

    /// Goes down to a node below the root; false where no row, known or not, comes there.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
    fn enter(&mut self, node: &Visit, place: usize) -> bool {
        let depth = usize::from(node.depth);
        let parent = self.steps[depth - 1];
        let passes = parent.passes == (place == parent.at + 1);
        let before = self.products[depth - 1];
        let above = (node.same != NONE).then(|| self.steps[usize::from(node.same)]);
        let share = above.map_or(1.0, |above| above.share) * node.share;
        let goes = passes && above.is_none_or(|above| above.goes);
        if !goes && share < NEGLIGIBLE {
            return false;
        }
        let product = &mut self.products[depth];
        if above.is_some_and(|above| !above.goes) {
            *product = before.map(|product| product * node.share);
        } else {
            if goes {
                for q in 0..Q {
                    let factor = self.known[q] + share * self.unknown[q];
                    product[q] = before[q] * factor;
                    self.inverses[depth][q] = 1.0 / factor;
                }
            } else {
                for q in 0..Q {
                    product[q] = before[q] * (share * self.unknown[q]);
                }
            }
            if above.is_some() {
                let inverse = &self.inverses[usize::from(node.same)];
                for q in 0..Q {
                    product[q] *= inverse[q];
                }
            }
        }
        let step = &mut self.steps[depth];
        (step.share, step.goes, step.same) = (share, goes, node.same);
        true
    }

    /// Goes up from a node below the root: what it adds to the contribution of the column that its parent asks for.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
    fn leave(&mut self, depth: usize) -> f64 {
        let Step { share, goes, same, .. } = self.steps[depth];
        let sums = self.sums[depth];
        let above = (same != NONE).then(|| self.steps[usize::from(same)]);
        let mut contribution = 0.0;
        if goes {
            contribution = (1.0 - share) * dot(&sums, &self.inverses[depth]);
        } else if above.is_none_or(|above| above.goes) {
            contribution = -dot(&sums, &self.unknown_inverse);
        }
        if let Some(above) = above.filter(|above| above.goes) {
            // What is below is counted by this split, not by that one.
            contribution -= (1.0 - above.share) * dot(&sums, &self.inverses[usize::from(same)]);
        }
        self.sums[depth - 1].iter_mut().zip(&sums).for_each(|(above, below)| *above += below);
        contribution
    }
}

/// Σ a · b, added in halves: the same bits on every CPU.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
fn dot<const Q: usize>(a: &[f64; Q], b: &[f64; Q]) -> f64 {
    let mut terms = [0.0; Q];
    for q in 0..Q {
        terms[q] = a[q] * b[q];
    }
    let mut half = Q / 2;
    while half > 0 {
        for q in 0..half {
            terms[q] += terms[q + half];
        }
        half /= 2;
    }
    terms[0]
}
