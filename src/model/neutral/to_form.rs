//! From a source's own rule to the exact form that kernels are compiled from: comparisons become bounds of 64 bits.

use super::forest::{Comparison, Forest, Leaves, Missing, Node, Side, Split, Test, Tree};
use super::form::{Neutral, Predictor};
use super::steps::Steps;
use crate::model::ir::{self, CategorySet, Ensemble, Form, Linear, Trees, Width, bounds};

impl Neutral {
    /// As [`into_form`](Self::into_form), of a copy.
    ///
    /// # Errors
    /// As there.
    pub fn to_form(&self, n_categories: &[usize]) -> Result<Form, String> {
        self.clone().into_form(n_categories).map(|(form, _)| form)
    }

    /// Checks the predictor, and the steps against the features, and gives the predictor's exact form, and the steps.
    /// `n_categories` has the number of categories of each feature, 0 for a numeric one. The predictor becomes its form
    /// where it is in memory: two of them would be two thirds of what loading takes.
    ///
    /// # Errors
    /// One sentence: what is wrong.
    pub fn into_form(self, n_categories: &[usize]) -> Result<(Form, Steps), String> {
        let Self { steps, predictor, .. } = self;
        steps.check(n_categories)?;
        let (given, taken) = (steps.outputs.len(), predictor.n_columns());
        if given != taken {
            return Err(format!("the steps give {given} columns, the predictor takes {taken}"));
        }
        if taken > usize::from(u16::MAX) {
            return Err(format!("{taken} columns are more than {}", u16::MAX));
        }
        let form = match predictor {
            Predictor::Forest(forest) => forest.into_ensemble().and_then(Trees::new).map(Form::Trees),
            Predictor::Linear(linear) => {
                Linear::new(taken, linear.weights, linear.intercepts, linear.link, linear.rule).map(Form::Linear)
            }
        };
        Ok((form?, steps))
    }
}

impl Forest {
    fn into_ensemble(mut self) -> Result<Ensemble, String> {
        let trees = std::mem::take(&mut self.trees);
        let mut sets =
            Sets { source: &self.sets, made: Vec::new(), by_rule: vec![[None; 2]; self.sets.len()], none: [None; 2] };
        // Both kinds of nodes are of a size, so that their lists stay where they are.
        let of_tree = |(i, tree): (usize, Tree)| {
            let of_node = |(at, node)| match node {
                Node::Leaf(number) => Ok(ir::Node::Leaf(number)),
                Node::Split(split) => {
                    let split = self.split(&split, &mut sets);
                    split.map(ir::Node::Split).map_err(|e| format!("node {at} of tree {i}: {e}"))
                }
            };
            let nodes = tree.nodes.into_iter().enumerate().map(of_node).collect::<Result<Vec<_>, String>>()?;
            Ok(ir::Tree { nodes, output: tree.output, weight: tree.weight })
        };
        let trees = trees.into_iter().enumerate().map(of_tree).collect::<Result<Vec<_>, String>>()?;
        let sets = sets.made;
        Ok(Ensemble {
            n_columns: self.n_columns as usize,
            input: self.value,
            trees,
            sets,
            leaves: match self.leaves {
                Leaves::Values => ir::Leaves::Values,
                Leaves::Vectors(values) => ir::Leaves::Vectors(values),
                Leaves::Linear(leaves) => ir::Leaves::Linear(leaves),
            },
            sum: self.sum,
            link: self.link,
            decision: self.decision,
        })
    }

    fn split(&self, split: &Split, sets: &mut Sets<'_>) -> Result<ir::Split, String> {
        let Split { column, test, left, right, missing } = *split;
        let of = |test, children, missing| Ok(ir::Split { test, children, column, missing });
        match test {
            Test::Threshold(threshold) => {
                if threshold.is_nan() {
                    return Err("its threshold is not a number".to_owned());
                }
                let rule = match missing {
                    Missing::To(Side::Left) => ir::Missing::Passes,
                    Missing::To(Side::Right) => ir::Missing::Fails,
                    _ if self.value == Width::F32 => {
                        return Err("zeros are missing only where cells are of 64 bits".to_owned());
                    }
                    Missing::AsZero => ir::Missing::AsZero,
                    Missing::WithZeroTo(Side::Left) => ir::Missing::ZeroPasses,
                    Missing::WithZeroTo(Side::Right) => ir::Missing::ZeroFails,
                };
                match (self.bound(threshold), missing) {
                    (Some(bound), _) => of(ir::Test::AtMost(bound), (left, right), rule),
                    // Nothing is below −∞.
                    (None, Missing::To(side)) => of(ir::Test::In(sets.none(side)?), (left, right), ir::Missing::Fails),
                    (None, _) => Err("nothing is below its threshold".to_owned()),
                }
            }
            Test::Set { set, members } => {
                let Missing::To(side) = missing else {
                    return Err("a set of categories does not take zeros as missing".to_owned());
                };
                let children = if members == Side::Left { (left, right) } else { (right, left) };
                of(ir::Test::In(sets.position(set, side == members)?), children, ir::Missing::Fails)
            }
        }
    }

    /// The bound for which `x <= bound` of 64 bits is the source's comparison with a threshold; `None` where it never
    /// holds.
    fn bound(&self, threshold: f64) -> Option<f64> {
        match (self.value, self.comparison) {
            (Width::F64, Comparison::AtMost) => Some(threshold),
            (Width::F64, Comparison::Below) => (threshold > f64::NEG_INFINITY).then(|| threshold.next_down()),
            (Width::F32, Comparison::AtMost) => Some(bounds::at_most_f32(floor_f32(threshold))),
            (Width::F32, Comparison::Below) => match floor_f32(threshold) {
                floor if f64::from(floor) < threshold => Some(bounds::at_most_f32(floor)),
                floor => bounds::below_f32(floor),
            },
        }
    }
}

/// The largest f32 that is at most this.
#[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn floor_f32(v: f64) -> f32 {
    let near = v as f32;
    if f64::from(near) > v { near.next_down() } else { near }
}

/// The sets of splits: a source's set once for each rule for missing cells.
struct Sets<'a> {
    source: &'a [Vec<u32>],
    made: Vec<CategorySet>,
    by_rule: Vec<[Option<u32>; 2]>,
    /// The empty set.
    none: [Option<u32>; 2],
}

impl Sets<'_> {
    /// The position of a source's set; `missing` says whether missing cells go where members go.
    fn position(&mut self, set: u32, missing: bool) -> Result<u32, String> {
        let n = self.source.len();
        let (members, made) = self
            .source
            .get(set as usize)
            .zip(self.by_rule.get_mut(set as usize))
            .ok_or_else(|| format!("it asks for set {set} of {n}"))?;
        if !members.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err(format!("the members of set {set} are not ascending"));
        }
        push_once(&mut self.made, &mut made[usize::from(missing)], || CategorySet::new(members.clone(), missing))
    }

    /// The position of an empty set that missing cells pass to this side.
    fn none(&mut self, side: Side) -> Result<u32, String> {
        let missing = side == Side::Left;
        push_once(&mut self.made, &mut self.none[usize::from(missing)], || CategorySet::new(Vec::new(), missing))
    }
}

fn push_once(
    sets: &mut Vec<CategorySet>,
    known: &mut Option<u32>,
    make: impl FnOnce() -> CategorySet,
) -> Result<u32, String> {
    if let Some(position) = known {
        return Ok(*position);
    }
    let position = u32::try_from(sets.len()).map_err(|_| "there are too many sets".to_owned())?;
    sets.push(make());
    *known = Some(position);
    Ok(position)
}
