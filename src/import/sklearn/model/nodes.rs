//! Nodes of a tree in the order of `model::neutral`: children after their parent, each the child of one.

use crate::import::error::ImportError;
use crate::model::neutral::{Missing, Node, Side, Split, Test};

/// A node of the source, with the source's positions of its children.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    Leaf(f64),
    Split { column: usize, test: Test, left: usize, right: usize, missing: Missing },
}

/// Walks a tree of `n` nodes from its root, node 0; nodes that are not reached are left out.
///
/// # Errors
/// A child is not there, or has two parents.
pub(super) fn from_root(
    n: usize,
    mut node: impl FnMut(usize) -> Result<Source, ImportError>,
) -> Result<Vec<Node>, ImportError> {
    let mut is_met = vec![false; n];
    let mut made: Vec<Node> = Vec::with_capacity(n);
    let mut waiting: Vec<(usize, Option<(usize, Side)>)> = vec![(0, None)];
    while let Some((at, parent)) = waiting.pop() {
        match is_met.get_mut(at) {
            Some(met) if !*met => *met = true,
            Some(_) => return Err(wrong(at, format_args!("it has two parents"))),
            None => return Err(wrong(at, format_args!("the tree has {n} nodes"))),
        }
        let position = u32::try_from(made.len()).map_err(|_| wrong(at, format_args!("the tree has too many nodes")))?;
        if let Some((parent, side)) = parent
            && let Some(Node::Split(split)) = made.get_mut(parent)
        {
            match side {
                Side::Left => split.left = position,
                Side::Right => split.right = position,
            }
        }
        match node(at).map_err(|e| e.within(format_args!("node {at}")))? {
            Source::Leaf(number) => made.push(Node::Leaf(number)),
            Source::Split { column, test, left, right, missing } => {
                let here = made.len();
                let column =
                    u16::try_from(column).map_err(|_| wrong(at, format_args!("column {column} is too far")))?;
                made.push(Node::Split(Split { column, test, left: 0, right: 0, missing }));
                waiting.push((right, Some((here, Side::Right))));
                waiting.push((left, Some((here, Side::Left))));
            }
        }
    }
    Ok(made)
}

fn wrong(at: usize, problem: std::fmt::Arguments<'_>) -> ImportError {
    ImportError::new(problem).within(format_args!("node {at}"))
}
