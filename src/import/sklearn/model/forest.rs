//! Decision trees and forests: the mean of their trees' values, or of their class shares.

use super::fitted::{Answer, Demands, Fitted, classes, trees, word};
use super::tree::{Tree, takes_missing};
use crate::import::error::ImportError;
use crate::import::sklearn::arena::Object;
use crate::model::ir::{Decision, Link, Width};
use crate::model::neutral::{self, Comparison, Forest, Leaves, Predictor, Sum};

/// The version from which the values of a classifier's nodes are shares, not counts.
const SHARES_SINCE: (u32, u32) = (1, 4);

/// A decision tree alone.
pub(super) fn one_tree(object: &Object<'_>, n_columns: usize) -> Result<Fitted, ImportError> {
    let takes_missing = takes_missing(object, (1, 3))?;
    Ensemble::new(object)?.add(object)?.fitted(object, n_columns, takes_missing, None)
}

/// A forest, or extremely randomized trees.
pub(super) fn forest(object: &Object<'_>, n_columns: usize) -> Result<Fitted, ImportError> {
    let since = if object.name().starts_with("Extra") { (1, 6) } else { (1, 4) };
    let takes_missing = takes_missing(object, since)?;
    let arena = object.arena;
    let list = object.need("estimators_")?;
    let estimators = arena.items(list)?.ok_or_else(|| ImportError::new("it is no list").within("estimators_"))?;
    let mut ensemble = Ensemble::new(object)?;
    for (i, id) in estimators.iter().enumerate() {
        let add = Object::at(arena, *id).and_then(|tree| ensemble.add(&tree));
        ensemble = add.map_err(|e| e.within(format_args!("estimators_[{i}]")))?;
    }
    #[expect(clippy::cast_precision_loss, reason = "as numpy divides by a number of trees")]
    let n = estimators.len() as f64;
    ensemble.fitted(object, n_columns, takes_missing, Some(n))
}

/// Trees that are added one by one.
struct Ensemble {
    trees: Vec<neutral::Tree>,
    /// The values of leaves where they are several.
    vectors: Vec<f64>,
    n_leaves: u32,
    n_outputs: usize,
    classes: Option<Vec<String>>,
    has_shares: bool,
}

impl Ensemble {
    fn new(object: &Object<'_>) -> Result<Self, ImportError> {
        let is_classifier = object.name().ends_with("Classifier");
        let has_shares = object.version()? >= SHARES_SINCE;
        let classes = if is_classifier { Some(classes(object)?) } else { None };
        let n_outputs = classes.as_ref().map_or(0, Vec::len);
        Ok(Self { trees: Vec::new(), vectors: Vec::new(), n_leaves: 0, n_outputs, classes, has_shares })
    }

    fn add(mut self, estimator: &Object<'_>) -> Result<Self, ImportError> {
        let tree = Tree::of(estimator)?;
        let (n_outputs, n_values) = match self.classes {
            Some(_) if tree.n_outputs != 1 => {
                let n = tree.n_outputs;
                return Err(ImportError::new(format_args!("it classifies {n} targets at once, which is not read")));
            }
            Some(_) => (tree.n_classes, tree.n_classes),
            None => (tree.n_outputs, tree.n_outputs * tree.n_classes),
        };
        if self.n_outputs == 0 {
            self.n_outputs = n_outputs;
        }
        if n_outputs != self.n_outputs || n_values != n_outputs {
            let expected = self.n_outputs;
            return Err(ImportError::new(format_args!("a tree has {n_values} values a node, expected {expected}")));
        }
        let is_vector = self.classes.is_some() || n_outputs > 1;
        let (nodes, cover) = tree.to_neutral(|tree, at| {
            let values = tree.values(at);
            if !is_vector {
                return Ok(values[0]);
            }
            if self.classes.is_none() {
                self.vectors.extend(values);
            } else if self.has_shares {
                let sum: f64 = values.iter().sum();
                if (sum - 1.0).abs() > 1e-6 {
                    return Err(ImportError::new(format_args!("the class shares of a leaf sum to {sum}")));
                }
                self.vectors.extend(values);
            } else {
                let sum = numpy_sum(values);
                let divisor = if sum == 0.0 { 1.0 } else { sum };
                self.vectors.extend(values.iter().map(|value| value / divisor));
            }
            self.n_leaves =
                self.n_leaves.checked_add(1).ok_or_else(|| ImportError::new("there are too many leaves"))?;
            Ok(f64::from(self.n_leaves - 1))
        })?;
        self.trees.push(neutral::Tree { nodes, output: 0, weight: 1.0, cover });
        Ok(self)
    }

    fn fitted(
        self,
        object: &Object<'_>,
        n_columns: usize,
        takes_missing: bool,
        divisor: Option<f64>,
    ) -> Result<Fitted, ImportError> {
        let is_vector = self.classes.is_some() || self.n_outputs > 1;
        let mut hyperparameters = std::collections::BTreeMap::from([trees(self.trees.len())]);
        hyperparameters.extend(word(object, "criterion")?);
        let has_probability = self.classes.is_some();
        let forest = Forest {
            n_columns: u32::try_from(n_columns).map_err(|_| ImportError::new("it has too many columns"))?,
            value: Width::F32,
            comparison: Comparison::AtMost,
            trees: self.trees,
            sets: Vec::new(),
            leaves: if is_vector { Leaves::Vectors(self.vectors) } else { Leaves::Values },
            sum: Sum { width: Width::F64, start: vec![0.0; self.n_outputs.max(1)], divisor, raw_is_undivided: false },
            link: Link::Identity,
            decision: Decision::Probability,
        };
        Ok(Fitted {
            predictor: Predictor::Forest(forest),
            answer: self.classes.map_or(Answer::Numbers(self.n_outputs), Answer::Class),
            has_probability,
            demands: Demands { takes_missing, takes_any_number: true },
            hyperparameters,
            notes: Vec::new(),
        })
    }
}

/// numpy's sum of a contiguous row: one after the other below 8 numbers, else 8 sums side by side, halves beyond 128.
pub(super) fn numpy_sum(values: &[f64]) -> f64 {
    if values.len() < 8 {
        return values.iter().fold(0.0, |sum, value| sum + value);
    }
    if values.len() > 128 {
        let half = values.len() / 2;
        let (low, high) = values.split_at(half - half % 8);
        return numpy_sum(low) + numpy_sum(high);
    }
    let (eights, rest) = values.as_chunks::<8>();
    let mut sums = eights[0];
    for eight in &eights[1..] {
        sums.iter_mut().zip(eight).for_each(|(sum, value)| *sum += value);
    }
    let pair = |at: usize| sums[at] + sums[at + 1];
    rest.iter().fold((pair(0) + pair(2)) + (pair(4) + pair(6)), |sum, value| sum + value)
}
