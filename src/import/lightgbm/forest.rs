//! All trees of a text.

use super::block::{Block, needed};
use super::header::{Header, ends_trees};
use super::lines::{Line, Lines};
use super::numbers::Numbers;
use super::sets::Sets;
use super::tree::{finite, nodes};
use crate::import::error::ImportError;
use crate::model::ir::LinearLeaf;
use crate::model::neutral::{Leaves, Node, Tree};

/// What the trees are.
#[derive(Debug)]
pub(super) struct Grown {
    /// In the order of summation.
    pub(super) trees: Vec<Tree>,
    /// The sets of categories of all of them.
    pub(super) sets: Vec<Vec<u32>>,
    /// What leaves hold.
    pub(super) leaves: Leaves,
    /// Rounds in the text, perhaps more than were read.
    pub(super) n_rounds: usize,
    /// True where the head says the size of each tree and is right.
    pub(super) sizes_agree: bool,
}

/// Reads the trees, from the first one's line on, to the line that ends them. Those after `last_round` rounds are
/// passed over.
///
/// # Errors
/// One cannot be read, there are none, or not as many as the head says, or not one per output in the last round.
pub(super) fn trees<'a>(
    lines: &mut Lines<'a>,
    mut line: Line<'a>,
    header: &Header<'a>,
    n_bytes: usize,
    last_round: Option<usize>,
) -> Result<Grown, ImportError> {
    let mut sizes = header.tree_sizes.map(|sizes| Numbers::of("tree_sizes", sizes));
    let mut sizes_agree = true;
    let mut sets = Sets::of_text(n_bytes);
    let mut growing = Growing::default();
    let last_tree = last_round.map_or(usize::MAX, |rounds| rounds.saturating_mul(header.n_outputs));
    let mut n_trees = 0;
    while !ends_trees(&line) {
        let (block, next) = Block::read(lines).map_err(|error| error.within(format_args!("Tree={n_trees}")))?;
        if n_trees < last_tree {
            let tree = growing.read(&block, header, &mut sets, n_trees % header.n_outputs);
            tree.map_err(|error| error.within(format_args!("Tree={n_trees} (line {})", line.number)))?;
        }
        if let Some(sizes) = &mut sizes {
            let size = sizes.next::<usize>().map_err(|error| error.within("the head"))?;
            sizes_agree &= size == next.offset - line.offset;
        }
        n_trees += 1;
        line = next;
    }
    if let Some(sizes) = sizes {
        sizes.end().map_err(|error| error.within("the head"))?;
    }
    if n_trees == 0 {
        return Err(ImportError::new("the model has no trees"));
    }
    if n_trees % header.n_outputs != 0 {
        let n = header.n_outputs;
        return Err(ImportError::new(format_args!("{n_trees} trees are not {n} a round: some are missing")));
    }
    let Growing { trees, linear } = growing;
    let leaves = linear.map_or(Leaves::Values, Leaves::Linear);
    Ok(Grown { trees, sets: sets.into_sets(), leaves, n_rounds: n_trees / header.n_outputs, sizes_agree })
}

/// Trees that were read so far.
#[derive(Default)]
struct Growing {
    trees: Vec<Tree>,
    /// From the first tree with linear leaves on.
    linear: Option<Vec<LinearLeaf>>,
}

impl Growing {
    fn read(
        &mut self,
        block: &Block<'_>,
        header: &Header<'_>,
        sets: &mut Sets,
        output: usize,
    ) -> Result<(), ImportError> {
        let n_columns = header.names.len();
        let mut nodes = nodes(block, n_columns, sets)?;
        match block.is_linear {
            None | Some("0") => {
                if let Some(leaves) = &mut self.linear {
                    constant(&mut nodes, leaves);
                }
            }
            Some("1") => {
                if self.linear.is_none() {
                    let mut leaves = Vec::new();
                    self.trees.iter_mut().for_each(|tree| constant(&mut tree.nodes, &mut leaves));
                    self.linear = Some(leaves);
                }
                linear(block, n_columns, &mut nodes, self.linear.get_or_insert_default())?;
            }
            Some(other) => return Err(ImportError::new(format_args!("`is_linear` is {other:?}, expected 0 or 1"))),
        }
        let output = u16::try_from(output).map_err(|_| ImportError::new("there are too many outputs"))?;
        self.trees.push(Tree { nodes, output, weight: 1.0, cover: cover(block) });
        Ok(())
    }
}

/// How many rows of the fit reached each node, splits first; empty where the text does not say so.
fn cover(block: &Block<'_>) -> Vec<f64> {
    let counts = |list: Option<&str>| list.unwrap_or_default().split_ascii_whitespace().map(str::parse).collect();
    let (splits, leaves): (Result<Vec<f64>, _>, Result<Vec<f64>, _>) =
        (counts(block.internal_count), counts(block.leaf_count));
    match (splits, leaves) {
        (Ok(splits), Ok(leaves)) if !leaves.is_empty() => [splits, leaves].concat(),
        _ => Vec::new(),
    }
}

/// The position of a function as a leaf's number.
#[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 leaves")]
fn position(leaves: &[LinearLeaf]) -> f64 {
    leaves.len() as f64
}

/// Makes functions of a tree's values: constants.
fn constant(nodes: &mut [Node], leaves: &mut Vec<LinearLeaf>) {
    for node in nodes {
        if let Node::Leaf(number) = node {
            let value = std::mem::replace(number, position(leaves));
            leaves.push(LinearLeaf { constant: value, terms: Vec::new(), otherwise: value });
        }
    }
}

/// Reads a tree's functions; a leaf's value is its answer where a cell that its function reads is missing.
fn linear(
    block: &Block<'_>,
    n_columns: usize,
    nodes: &mut [Node],
    leaves: &mut Vec<LinearLeaf>,
) -> Result<(), ImportError> {
    let list = |key, list| needed(list, key).map(|list| Numbers::of(key, list));
    let mut constants = list("leaf_const", block.leaf_const)?;
    let mut counts = list("num_features", block.num_features)?;
    let mut columns = list("leaf_features", block.leaf_features)?;
    let mut weights = list("leaf_coeff", block.leaf_coeff)?;
    for node in nodes {
        let Node::Leaf(leaf) = node else { continue };
        let mut terms = Vec::new();
        for _ in 0..counts.next::<u16>()? {
            let column = columns.next::<u16>()?;
            if usize::from(column) >= n_columns {
                return Err(columns.wrong(format!("column {column} of {n_columns}")));
            }
            terms.push((column, finite(&mut weights)?));
        }
        terms.shrink_to_fit();
        let otherwise = std::mem::replace(leaf, position(leaves));
        leaves.push(LinearLeaf { constant: finite(&mut constants)?, terms, otherwise });
    }
    [constants, counts, columns, weights].into_iter().try_for_each(Numbers::end)
}
