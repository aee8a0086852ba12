//! Both sides of every split of a forest, and its rule for a missing cell, asked of the kernels and of the plain walk.
//! Rows are of the predictor's own columns: what steps make of features bounds nothing.

use super::error::ImportError;
use super::same_bits::{TOGETHER, compare};
use crate::model::Model;
use crate::model::compiled::Scratch;
use crate::model::ir::Width;
use crate::model::neutral::{Comparison, Forest, Missing, Neutral, Node, Side, Split, Test, Visit};

/// Splits that all rows pass at most: bounds the time, to about a second.
const MAX_VISITS: usize = 1 << 25;

/// Trees that rows walk before the splits that they passed are counted: a few hundredths of [`MAX_VISITS`].
const TREES_BETWEEN: usize = 1 << 18;

/// How many sides of a forest's splits were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sides {
    /// Sides that some row took, golden rows too.
    pub(super) taken: usize,
    /// Those that golden rows took.
    pub(super) by_golden: usize,
    /// All sides.
    pub(super) of: usize,
    /// Splits that some row passed with a missing cell.
    pub(super) missing: usize,
    /// True where the time was over before all had been tried.
    pub(super) ended: bool,
}

/// Asks for rows on both sides of each split, and compares every bit of the raw scores with the plain walk's.
///
/// # Errors
/// The first row that is answered otherwise.
pub(super) fn check(neutral: &Neutral, forest: &Forest, model: &Model) -> Result<Sides, ImportError> {
    let mut check = Check::new(neutral, forest, model);
    for tree in 0..forest.trees.len() {
        check.tree(tree)?;
    }
    check.ask()?;
    let count = |taken: &[bool]| taken.iter().filter(|taken| **taken).count();
    let ended = check.n_visits >= MAX_VISITS;
    // Rows of features, which may come where no row of columns was found.
    let by_golden = check.taken_by(model.golden_batch().rows());
    check.taken.iter_mut().zip(&by_golden).for_each(|(taken, by_golden)| *taken |= by_golden);
    let (taken, missing) = (count(&check.taken), count(&check.missing));
    Ok(Sides { taken, by_golden: count(&by_golden), of: check.n_sides, missing, ended })
}

/// A check under way.
struct Check<'a> {
    neutral: &'a Neutral,
    forest: &'a Forest,
    model: &'a Model,
    n_columns: usize,
    /// Cells of the rows that are asked next.
    rows: Vec<f64>,
    /// The number of each tree's root.
    starts: Vec<usize>,
    /// Of each node its two sides.
    taken: Vec<bool>,
    /// For each node, whether a row passed it with a missing cell.
    missing: Vec<bool>,
    n_sides: usize,
    n_visits: usize,
}

/// A node to come, and with which cells a row comes to it.
struct Open {
    node: usize,
    bounds: Vec<Bound>,
}

/// The cells of a column with which a row comes to a node.
#[derive(Debug, Clone, Copy)]
struct Bound {
    column: u16,
    least: f64,
    greatest: f64,
    /// True where a missing one comes to it too.
    or_missing: bool,
}

impl Bound {
    fn any(column: u16) -> Self {
        Self { column, least: f64::NEG_INFINITY, greatest: f64::INFINITY, or_missing: true }
    }
}

impl<'a> Check<'a> {
    fn new(neutral: &'a Neutral, forest: &'a Forest, model: &'a Model) -> Self {
        let (mut starts, mut n_nodes, mut n_sides) = (Vec::new(), 0, 0);
        for tree in &forest.trees {
            starts.push(n_nodes);
            n_nodes += tree.nodes.len();
            n_sides += 2 * tree.nodes.iter().filter(|node| matches!(node, Node::Split(_))).count();
        }
        let (taken, missing) = (vec![false; 2 * n_nodes], vec![false; n_nodes]);
        let (rows, n_columns) = (Vec::new(), forest.n_columns as usize);
        Self { neutral, forest, model, n_columns, rows, starts, taken, missing, n_sides, n_visits: 0 }
    }

    /// For each node, which of its sides these rows of features take.
    fn taken_by<'r>(&self, rows: impl Iterator<Item = &'r [f64]>) -> Vec<bool> {
        let mut taken = vec![false; self.taken.len()];
        for row in rows {
            self.neutral.walk(row, &mut |Visit { tree, node, side }| {
                taken[2 * (self.starts[tree] + node) + usize::from(side == Side::Right)] = true;
            });
        }
        taken
    }

    /// Makes rows for the sides of a tree's splits that no row has taken yet.
    fn tree(&mut self, tree: usize) -> Result<(), ImportError> {
        let mut open = vec![Open { node: 0, bounds: Vec::new() }];
        while let Some(Open { node, bounds }) = open.pop() {
            let Node::Split(split) = &self.forest.trees[tree].nodes[node] else { continue };
            if self.n_visits >= MAX_VISITS {
                return Ok(());
            }
            let number = self.starts[tree] + node;
            let bound = bounds.iter().find(|bound| bound.column == split.column).copied();
            if bound.unwrap_or_else(|| Bound::any(split.column)).or_missing && !self.missing[number] {
                self.push(&bounds, split.column, f64::NAN)?;
            }
            for (side, child) in [(Side::Left, split.left), (Side::Right, split.right)] {
                let Some((within, cell)) = self.narrowed(&bounds, split, side) else { continue };
                if !self.taken[2 * number + usize::from(side == Side::Right)] {
                    self.push(&within, split.column, cell)?;
                }
                self.n_visits += within.len();
                open.push(Open { node: child as usize, bounds: within });
            }
        }
        Ok(())
    }

    /// The bounds below a split on one side, and a cell at their end; `None` where no cell is left.
    fn narrowed(&self, bounds: &[Bound], split: &Split, side: Side) -> Option<(Vec<Bound>, f64)> {
        let cell = self.cell(split, side);
        let mut within = bounds.to_vec();
        if !within.iter().any(|bound| bound.column == split.column) {
            within.push(Bound::any(split.column));
        }
        let bound = within.iter_mut().find(|bound| bound.column == split.column)?;
        match (split.test, side) {
            (Test::Set { .. }, _) if (bound.least..=bound.greatest).contains(&cell) => {
                (bound.least, bound.greatest) = (cell, cell);
            }
            (Test::Set { .. }, _) => return None,
            (Test::Threshold(_), Side::Left) => bound.greatest = bound.greatest.min(cell),
            (Test::Threshold(_), Side::Right) => bound.least = bound.least.max(cell),
        }
        bound.or_missing &= self.side_of_missing(split) == side;
        let end = if side == Side::Left { bound.greatest } else { bound.least };
        (bound.least <= bound.greatest).then_some((within, end))
    }

    fn side_of_missing(&self, split: &Split) -> Side {
        match (split.missing, split.test, self.forest.comparison) {
            (Missing::To(side) | Missing::WithZeroTo(side), ..) => side,
            (Missing::AsZero, Test::Threshold(threshold), Comparison::Below) => Side::left_if(0.0 < threshold),
            (Missing::AsZero, Test::Threshold(threshold), Comparison::AtMost) => Side::left_if(0.0 <= threshold),
            (Missing::AsZero, Test::Set { members, .. }, _) => members.other(),
        }
    }

    /// The greatest cell that a split leads to the left, or the least that it leads to the right; of a set a member, or
    /// one beyond all members.
    #[expect(clippy::cast_possible_truncation, reason = "to the neighbouring numbers of 32 bits")]
    fn cell(&self, split: &Split, side: Side) -> f64 {
        let threshold = match split.test {
            Test::Threshold(threshold) => threshold,
            Test::Set { set, members } => {
                let set = &self.forest.sets[set as usize];
                let member = set.first().map_or(0.0, |member| f64::from(*member));
                let other = set.last().map_or(0.0, |member| f64::from(*member) + 1.0);
                return if side == members { member } else { other };
            }
        };
        let near = threshold as f32;
        let (below, above) = match self.forest.value {
            Width::F64 => (threshold.next_down(), threshold.next_up()),
            Width::F32 if f64::from(near) < threshold => (f64::from(near), f64::from(near.next_up())),
            Width::F32 if f64::from(near) > threshold => (f64::from(near.next_down()), f64::from(near)),
            Width::F32 => (f64::from(near.next_down()), f64::from(near.next_up())),
        };
        match (self.forest.comparison, side) {
            (Comparison::Below, Side::Left) => below,
            (Comparison::AtMost, Side::Right) => above,
            _ => threshold,
        }
    }

    /// Appends a row within bounds with this cell in a column, and asks when there are enough; other cells are 0.
    fn push(&mut self, bounds: &[Bound], column: u16, cell: f64) -> Result<(), ImportError> {
        let from = self.rows.len();
        self.rows.resize(from + self.n_columns, 0.0);
        for bound in bounds {
            self.rows[from + usize::from(bound.column)] = 0.0_f64.clamp(bound.least, bound.greatest);
        }
        self.rows[from + usize::from(column)] = cell;
        self.n_visits += self.n_columns / 8;
        let n_walked = self.rows.len() / self.n_columns * self.forest.trees.len();
        if self.rows.len() >= TOGETHER || n_walked >= TREES_BETWEEN { self.ask() } else { Ok(()) }
    }

    /// Asks for the rows that were made.
    fn ask(&mut self) -> Result<(), ImportError> {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let Self { neutral, forest, model, n_columns, starts, taken, missing, n_visits, .. } = self;
        let got = model.raw_of_columns(&rows, &mut Scratch::default());
        let walk = |row: &[f64]| {
            let visit = &mut |Visit { tree, node, side }| {
                let number = starts[tree] + node;
                taken[2 * number + usize::from(side == Side::Right)] = true;
                if let Node::Split(split) = &forest.trees[tree].nodes[node] {
                    missing[number] |= row[usize::from(split.column)].is_nan();
                }
                *n_visits += 1;
            };
            neutral.walk_columns(row, visit).raw
        };
        compare(rows.chunks_exact((*n_columns).max(1)), got.as_deref(), neutral.predictor.n_outputs(), walk)
    }
}
