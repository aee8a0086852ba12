//! What reaches each node of trees: the `cover` section has how many training rows do, per tree and node, as
//! postcard's `Vec<Vec<u32>>`; the `node_weights` section the weights that another library's file has, as
//! `Vec<Vec<f64>>`.

use super::batch::Batch;
use super::ir::{Form, Node, Tree, Trees};
use super::neutral::Neutral;
use super::smartcore::PostcardReader;

/// The section for rows in pieces, each a row-major matrix, `[n_rows, n_columns]`.
///
/// # Errors
/// postcard's sentence.
pub fn section(trees: &Trees, pieces: impl Iterator<Item = Vec<f64>>) -> Result<Vec<u8>, String> {
    let mut counts = Counts::of(trees);
    pieces.for_each(|matrix| counts.add(trees, &matrix));
    counts.to_section()
}

/// The section of what a fit has counted: how many training rows reach each node of each tree.
///
/// # Errors
/// postcard's sentence.
pub fn counted_section(counts: &[Vec<u32>]) -> Result<Vec<u8>, String> {
    postcard::to_allocvec(counts).map_err(|e| e.to_string())
}

/// How many rows reached each node of each tree.
struct Counts(Vec<Vec<u32>>);

impl Counts {
    fn of(trees: &Trees) -> Self {
        Self(trees.trees.iter().map(|tree| vec![0; tree.nodes.len()]).collect())
    }

    /// Counts the rows of a row-major matrix, tree by tree.
    fn add(&mut self, trees: &Trees, matrix: &[f64]) {
        for (tree, counts) in trees.trees.iter().zip(&mut self.0) {
            for row in matrix.chunks_exact(trees.n_columns) {
                trees.walk(tree, row, |at| counts[at] += 1);
            }
        }
    }

    fn to_section(&self) -> Result<Vec<u8>, String> {
        counted_section(&self.0)
    }
}

/// The same for rows of a model in the neutral form, whose features have this many categories each; `None` for a model
/// without trees.
///
/// # Errors
/// One sentence: what is wrong with the model.
pub fn of_neutral(neutral: &Neutral, n_categories: &[usize], rows: &Batch) -> Result<Option<Vec<u8>>, String> {
    let Form::Trees(trees) = neutral.to_form(n_categories)? else { return Ok(None) };
    let mut counts = Counts::of(&trees);
    let (mut buffer, mut columns) = (Vec::new(), vec![0.0; trees.n_columns]);
    for row in rows.rows() {
        neutral.steps.encode(row, &mut buffer, &mut columns);
        counts.add(&trees, &columns);
    }
    counts.to_section().map(Some)
}

/// What reaches each node of each tree: rows, or their weights; 0 or above.
pub type Cover = Vec<Vec<f64>>;

/// A section that was checked against its trees, as its bytes: numbers would take up to eight times as many.
#[derive(Debug)]
pub struct CheckedCover {
    section: Vec<u8>,
    are_weights: bool,
}

impl CheckedCover {
    /// Of a section of counts: one for every node, a split's the sum of its children's.
    ///
    /// # Errors
    /// One sentence: what does not agree.
    pub fn of_counts(section: &[u8], trees: &Trees) -> Result<Self, String> {
        each_tree_of_counts(section, trees, |_| {})?;
        Ok(Self { section: section.to_vec(), are_weights: false })
    }

    /// Of a section of weights: one for every node, 0 or above.
    ///
    /// # Errors
    /// One sentence: what does not agree.
    pub fn of_weights(section: &[u8], trees: &Trees) -> Result<Self, String> {
        read_weights(section, trees)?;
        Ok(Self { section: section.to_vec(), are_weights: true })
    }

    /// The numbers; `trees` are those that it was checked against.
    ///
    /// # Panics
    /// With other trees.
    pub fn numbers(&self, trees: &Trees) -> Cover {
        let read = if self.are_weights { read_weights(&self.section, trees) } else { read(&self.section, trees) };
        read.expect("it was checked against these trees")
    }

    /// Bytes that it occupies.
    pub fn resident_bytes(&self) -> usize {
        self.section.len()
    }
}

fn read(section: &[u8], trees: &Trees) -> Result<Cover, String> {
    let mut cover = Cover::with_capacity(trees.trees.len());
    each_tree_of_counts(section, trees, |counts| cover.push(counts.iter().map(|count| f64::from(*count)).collect()))?;
    Ok(cover)
}

/// Gives `take` the counts of each tree, in order, checked.
fn each_tree_of_counts(section: &[u8], trees: &Trees, mut take: impl FnMut(&[u32])) -> Result<(), String> {
    let reader = &mut PostcardReader::of(section, "cover");
    let n = reader.length(1, "trees")?;
    if n != trees.trees.len() {
        return Err(format!("cover counts {n} trees, the estimator has {}", trees.trees.len()));
    }
    let mut counts = Vec::new();
    for (i, tree) in trees.trees.iter().enumerate() {
        counts.clear();
        for _ in 0..reader.length(1, "nodes")? {
            counts.push(reader.u32()?);
        }
        check_tree(i, tree, &counts)?;
        take(&counts);
    }
    reader.end()
}

fn read_weights(section: &[u8], trees: &Trees) -> Result<Cover, String> {
    let reader = &mut PostcardReader::of(section, WEIGHTS);
    let n = reader.length(1, "trees")?;
    if n != trees.trees.len() {
        return Err(format!("{WEIGHTS} has {n} trees, the estimator has {}", trees.trees.len()));
    }
    let mut cover = Cover::with_capacity(n);
    for (i, tree) in trees.trees.iter().enumerate() {
        let n = reader.length(8, "nodes")?;
        if n != tree.nodes.len() {
            return Err(format!("{WEIGHTS} has {n} nodes of tree {i}, it has {}", tree.nodes.len()));
        }
        let of_tree = (0..n).map(|_| reader.f64()).collect::<Result<Vec<f64>, String>>()?;
        if let Some(weight) = of_tree.iter().find(|weight| !(**weight >= 0.0 && weight.is_finite())) {
            return Err(format!("{WEIGHTS}: a node of tree {i} has the weight {weight}"));
        }
        cover.push(of_tree);
    }
    reader.end()?;
    Ok(cover)
}

/// The section of the weights that another library's file has, of its trees in order.
///
/// # Errors
/// postcard's sentence.
pub fn weights_section(weights: &Cover) -> Result<Vec<u8>, String> {
    postcard::to_allocvec(weights).map_err(|e| e.to_string())
}

/// The name of the section of weights.
pub const WEIGHTS: &str = "node_weights";

fn check_tree(i: usize, tree: &Tree, counts: &[u32]) -> Result<(), String> {
    if counts.len() != tree.nodes.len() {
        return Err(format!("cover counts {} nodes of tree {i}, it has {}", counts.len(), tree.nodes.len()));
    }
    for (at, node) in tree.nodes.iter().enumerate() {
        let Node::Split(split) = node else { continue };
        let below = [split.children.0, split.children.1].map(|child| u64::from(counts[child as usize]));
        if below[0] + below[1] != u64::from(counts[at]) {
            return Err(format!("cover of node {at} of tree {i} is not the sum of its children's"));
        }
    }
    Ok(())
}
