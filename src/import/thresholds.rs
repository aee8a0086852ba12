//! Every threshold's two sides, asked of the kernels and of the plain walk: what `import` and `verify` check.

use super::error::ImportError;
use crate::model::Model;
use crate::model::artifact;
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::ir::Width;
use crate::model::neutral::{Comparison, Forest, Neutral, Node, Predictor, Side, Split, Test, Visit};
use crate::model::schema::Kind;

/// Splits that all rows pass at most: bounds the time, to about a second.
const MAX_VISITS: usize = 1 << 25;

/// Rows that are asked together.
const TOGETHER: usize = 512;

/// How far a check came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// Sides of splits that some row took.
    pub sides: usize,
    /// All sides of all splits.
    pub of: usize,
}

/// Asks a model for rows beside and on its thresholds, and compares every bit of the raw scores with the plain walk's.
/// `None` where there is nothing to ask: an artifact of our own, or no trees on plain columns.
///
/// # Errors
/// The first row that is answered otherwise.
pub fn check_thresholds(bytes: &[u8], model: &Model) -> Result<Option<Reached>, ImportError> {
    let opened = artifact::open(bytes)?;
    let Some(section) = opened.section("neutral") else { return Ok(None) };
    let neutral = Neutral::from_section(section)?;
    let are_plain = model.schema().features().iter().all(|feature| feature.kind == Kind::Numeric && feature.unbounded);
    let Predictor::Forest(forest) = &neutral.predictor else { return Ok(None) };
    if !neutral.steps.is_identity() || !are_plain {
        return Ok(None);
    }
    let mut check = Check::new(&neutral, forest, model);
    for tree in 0..forest.trees.len() {
        check.tree(tree)?;
    }
    check.ask()?;
    let sides = check.taken.iter().filter(|taken| **taken).count();
    Ok(Some(Reached { sides, of: check.n_sides }))
}

/// A check under way.
struct Check<'a> {
    neutral: &'a Neutral,
    forest: &'a Forest,
    model: &'a Model,
    /// Cells of the rows that are asked next.
    rows: Vec<f64>,
    /// Of each tree, the number of its root's first side.
    starts: Vec<usize>,
    taken: Vec<bool>,
    n_sides: usize,
    n_visits: usize,
}

/// A node to come, and the least and the greatest cell with which a row comes to it, by column.
struct Open {
    node: usize,
    bounds: Vec<(u16, f64, f64)>,
}

impl<'a> Check<'a> {
    fn new(neutral: &'a Neutral, forest: &'a Forest, model: &'a Model) -> Self {
        let (mut starts, mut n_nodes, mut n_sides) = (Vec::new(), 0, 0);
        for tree in &forest.trees {
            starts.push(2 * n_nodes);
            n_nodes += tree.nodes.len();
            n_sides += 2 * tree.nodes.iter().filter(|node| matches!(node, Node::Split(_))).count();
        }
        let taken = vec![false; 2 * n_nodes];
        Self { neutral, forest, model, rows: Vec::new(), starts, taken, n_sides, n_visits: 0 }
    }

    /// Makes rows for the sides of a tree's splits that no row has taken yet.
    fn tree(&mut self, tree: usize) -> Result<(), ImportError> {
        let mut open = vec![Open { node: 0, bounds: Vec::new() }];
        while let Some(Open { node, bounds }) = open.pop() {
            let Node::Split(split) = &self.forest.trees[tree].nodes[node] else { continue };
            if self.n_visits >= MAX_VISITS {
                return Ok(());
            }
            for (side, child) in [(Side::Left, split.left), (Side::Right, split.right)] {
                let Some(within) = narrowed(&bounds, split, self.cells(split, side), side) else { continue };
                let is_taken = self.taken[self.starts[tree] + 2 * node + usize::from(side == Side::Right)];
                if !is_taken {
                    self.push(&within, split.column, side);
                    if self.rows.len() >= TOGETHER * self.model.schema().n_features() {
                        self.ask()?;
                    }
                }
                self.n_visits += within.len();
                open.push(Open { node: child as usize, bounds: within });
            }
        }
        Ok(())
    }

    /// The greatest cell that a split leads to the left, or the least that it leads to the right.
    #[expect(clippy::cast_possible_truncation, reason = "to the neighbouring numbers of 32 bits")]
    fn cells(&self, split: &Split, side: Side) -> f64 {
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

    /// Appends a row within bounds, at the end that a side of a split on `column` is named by; other cells are 0.
    fn push(&mut self, bounds: &[(u16, f64, f64)], column: u16, side: Side) {
        let from = self.rows.len();
        self.rows.resize(from + self.model.schema().n_features(), 0.0);
        for (of, least, greatest) in bounds {
            let cell = match (*of == column, side) {
                (true, Side::Left) => *greatest,
                (true, Side::Right) => *least,
                (false, _) => 0.0_f64.clamp(*least, *greatest),
            };
            self.rows[from + usize::from(*of)] = cell;
        }
    }

    /// Asks for the rows that were made.
    fn ask(&mut self) -> Result<(), ImportError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let batch = Batch::from_rows(self.model.schema(), std::mem::take(&mut self.rows))?;
        let got = self.model.raw(&batch, 0..batch.n_rows(), &mut Scratch::default()).unwrap_or_default();
        for (row, raw) in batch.rows().zip(got.chunks_exact(self.neutral.predictor.n_outputs())) {
            let (taken, starts, n_visits) = (&mut self.taken, &self.starts, &mut self.n_visits);
            let walked = self.neutral.walk(row, &mut |Visit { tree, node, side }| {
                taken[starts[tree] + 2 * node + usize::from(side == Side::Right)] = true;
                *n_visits += 1;
            });
            let differs = walked.raw.iter().zip(raw).any(|(a, b)| a.to_bits() != b.to_bits());
            if differs {
                let problem =
                    format_args!("the row {row:?} has the raw scores {raw:?}, a plain walk gives {:?}", walked.raw);
                return Err(ImportError::new(problem));
            }
        }
        Ok(())
    }
}

/// The bounds below a split, on the side that `cell` is named by; `None` where no cell is left.
fn narrowed(bounds: &[(u16, f64, f64)], split: &Split, cell: f64, side: Side) -> Option<Vec<(u16, f64, f64)>> {
    let mut within = bounds.to_vec();
    if !within.iter().any(|(column, ..)| *column == split.column) {
        within.push((split.column, f64::NEG_INFINITY, f64::INFINITY));
    }
    let (_, least, greatest) = within.iter_mut().find(|(column, ..)| *column == split.column)?;
    match (split.test, side) {
        (Test::Set { .. }, _) if (*least..=*greatest).contains(&cell) => (*least, *greatest) = (cell, cell),
        (Test::Set { .. }, _) => return None,
        (Test::Threshold(_), Side::Left) => *greatest = greatest.min(cell),
        (Test::Threshold(_), Side::Right) => *least = least.max(cell),
    }
    (*least <= *greatest).then_some(within)
}
