//! The `cover` section: per tree and node how many training rows reach it, as postcard's `Vec<Vec<u32>>`.

use super::ir::Trees;
use super::smartcore::Reader;

/// The section for a row-major matrix, `[n_rows, n_columns]`.
///
/// # Errors
/// postcard's sentence.
pub fn section(trees: &Trees, matrix: &[f64]) -> Result<Vec<u8>, String> {
    postcard::to_allocvec(&trees.cover(matrix)).map_err(|e| e.to_string())
}

/// Checks a section against the trees it counts: a count for every node, a split's the sum of its children's.
///
/// # Errors
/// One sentence: what does not agree.
pub fn check(section: &[u8], trees: &Trees) -> Result<(), String> {
    let reader = &mut Reader::new(section);
    let n = reader.length(1, "trees")?;
    if n != trees.trees.len() {
        return Err(format!("cover counts {n} trees, the estimator has {}", trees.trees.len()));
    }
    let mut counts = Vec::new();
    for i in 0..n {
        counts.clear();
        for _ in 0..reader.length(1, "nodes")? {
            counts.push(reader.u32()?);
        }
        trees.check_cover(i, &counts)?;
    }
    reader.end()
}
