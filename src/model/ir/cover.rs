//! Cover: how many training rows reach each node of each tree, in the trees' own order.

use super::checked_trees::Trees;
use super::trees::{Node, Tree};

impl Trees {
    /// Counts the rows of a row-major matrix, `[n_rows, n_columns]`, per tree and node.
    pub fn cover(&self, matrix: &[f64]) -> Vec<Vec<u32>> {
        self.trees.iter().map(|tree| self.cover_of(tree, matrix)).collect()
    }

    fn cover_of(&self, tree: &Tree, matrix: &[f64]) -> Vec<u32> {
        let mut counts = vec![0_u32; tree.nodes.len()];
        for row in matrix.chunks_exact(self.n_columns) {
            self.walk(tree, row, |at| counts[at] += 1);
        }
        counts
    }

    /// Checks counts of one tree: one a node, a split's the sum of its children's.
    ///
    /// # Errors
    /// One sentence: what does not agree; `i` is the tree's position in it.
    pub fn check_cover(&self, i: usize, counts: &[u32]) -> Result<(), String> {
        let nodes = &self.trees[i].nodes;
        if counts.len() != nodes.len() {
            return Err(format!("cover counts {} nodes of tree {i}, it has {}", counts.len(), nodes.len()));
        }
        for (at, node) in nodes.iter().enumerate() {
            let Node::Split(split) = node else { continue };
            let below = [split.children.0, split.children.1].map(|child| u64::from(counts[child as usize]));
            if below[0] + below[1] != u64::from(counts[at]) {
                return Err(format!("cover of node {at} of tree {i} is not the sum of its children's"));
            }
        }
        Ok(())
    }
}
