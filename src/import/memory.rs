//! How much memory reading a model of another library may take, and making an artifact of it.

use super::file_format::FileFormat;
use super::golden::{n_candidates, n_golden};
use super::imported::Imported;
use super::room::CATEGORY;
use super::sklearn;
use crate::model::neutral::{Leaves, Neutral, Operation, Predictor};
use crate::model::schema::Feature;

/// Bytes of memory at most a byte of a file that is read as a stream, without a document's tree.
const STREAMED: usize = 8;

/// Bytes of memory at most an inflated byte of a pickle or an archive: values become nodes, counted as they grow.
const NODES: usize = 64;

/// Bytes that a feature takes while an artifact is made: twice in the schema and the head, there as text in a list that has
/// doubled too, its place by its name, and values to make rows of.
const WRITTEN_FEATURE: usize = 2 * size_of::<Feature>() + 640;

/// Bytes of a node while an artifact is made: 32, its cover 8, and 32 again in the checked form, or 23 as bytes in lists
/// that have doubled and are copied.
const NODE: usize = 112;

/// Bytes of a tree beside its nodes, the same way.
const TREE: usize = 224;

/// Bytes of a number in a list: 8, and 8 again checked, or as bytes in a list that has doubled and is copied.
const NUMBER: usize = 40;

/// Bytes of a member of a set of categories, and of a set beside its members.
const MEMBER: usize = 24;
const SET: usize = 160;

/// Bytes of a column that a step makes: of a list of features and ways to each column, and of a row that is tried.
const COLUMN: usize = 160;

/// Bytes of a cell of a golden row: as a value of one of several types, and as text in a head that has doubled.
const GOLDEN_CELL: usize = 96;

/// Bytes of memory that reading a file of this kind takes at most, beside the file's own, and beside what it asks for
/// while it is read ([`Room`](super::Room)).
pub fn most_memory(kind: FileFormat, bytes: &[u8]) -> usize {
    match kind {
        FileFormat::XgboostJson | FileFormat::XgboostUbjson | FileFormat::LightgbmText => {
            STREAMED.saturating_mul(bytes.len())
        }
        FileFormat::Pickle => NODES.saturating_mul(sklearn::inflated_length(bytes)),
        FileFormat::Zip => NODES.saturating_mul(sklearn::archive_length(bytes)),
        FileFormat::Artifact | FileFormat::XgboostBinary => 0,
    }
}

impl Imported {
    /// Bytes of memory that making an artifact of this takes at most, with its own.
    pub fn most_memory(&self) -> usize {
        let n_features = self.features.len();
        let categories = || self.features.iter().flat_map(|feature| &feature.categories);
        let texts = self.features.iter().map(|feature| feature.name.len()).chain(categories().map(String::len));
        let of_features = n_features * WRITTEN_FEATURE + categories().count() * CATEGORY + texts.sum::<usize>() * 8;
        let of_rows = n_features * (n_candidates(n_features) * size_of::<f64>() + n_golden(n_features) * GOLDEN_CELL);
        of_features + of_rows + of_neutral(&self.neutral)
    }
}

/// Bytes of a model's steps and predictor.
fn of_neutral(neutral: &Neutral) -> usize {
    let numbers_of = |operation: &Operation| match operation {
        Operation::Codes { codes, .. } => codes.len(),
        _ => 0,
    };
    let steps = &neutral.steps.steps;
    let n_numbers: usize = steps.iter().map(|step| numbers_of(&step.operation)).sum();
    let of_steps = (steps.len() + neutral.steps.n_slots()) * COLUMN + n_numbers * NUMBER;
    of_steps
        + match &neutral.predictor {
            Predictor::Linear(linear) => (linear.weights.len() + linear.intercepts.len()) * NUMBER,
            Predictor::Forest(forest) => {
                let n_nodes: usize = forest.trees.iter().map(|tree| tree.nodes.len()).sum();
                let n_members: usize = forest.sets.iter().map(Vec::len).sum();
                let of_leaves = match &forest.leaves {
                    Leaves::Values => 0,
                    Leaves::Vectors(values) => values.len() * NUMBER,
                    Leaves::Linear(leaves) => {
                        let n_terms: usize = leaves.iter().map(|leaf| leaf.terms.len()).sum();
                        (4 * leaves.len() + 2 * n_terms) * NUMBER
                    }
                };
                n_nodes * NODE + forest.trees.len() * TREE + n_members * MEMBER + forest.sets.len() * SET + of_leaves
            }
        }
}
