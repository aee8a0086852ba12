//! Fitted trees in the neutral form: bins back to f64 thresholds and categories, leaves back to the target's unit.

use super::bins::{BinnedRows, Cuts};
use super::columns::BoostedColumns;
use super::grow::{Tree, TreeNode};
use super::objective::Objective;
use super::split::Rule;
use super::target::ScaledTarget;
use crate::model::ir::{Decision, Sum, Width};
use crate::model::neutral::{
    Comparison, Forest, Leaves, Missing, Neutral, Node, Predictor, Side, Split, Test, Tree as NeutralTree,
};

/// The model of these trees, round by round and in each by outputs.
pub(super) fn model(
    columns: &BoostedColumns,
    data: &BinnedRows,
    trees: &[Tree],
    objective: Objective,
    target: &ScaledTarget,
) -> Neutral {
    let mut sets = Vec::new();
    let outputs = (0..u16::try_from(objective.n_outputs()).unwrap_or(u16::MAX)).cycle();
    let trees = trees.iter().zip(outputs).map(|(tree, output)| NeutralTree {
        nodes: tree.nodes.iter().map(|node| convert_node(node, data, target.factor, &mut sets)).collect(),
        output,
        weight: 1.0,
        cover: Vec::new(),
    });
    let forest = Forest {
        n_columns: u32::try_from(columns.len()).unwrap_or(u32::MAX),
        value: Width::F64,
        comparison: Comparison::AtMost,
        trees: trees.collect(),
        sets,
        leaves: Leaves::Values,
        sum: Sum { width: Width::F64, start: target.start.clone(), divisor: None, raw_is_undivided: false },
        link: target.link,
        decision: Decision::Probability,
    };
    Neutral { steps: columns.steps.clone(), predictor: Predictor::Forest(forest), has_probability: true }
}

fn convert_node(node: &TreeNode, data: &BinnedRows, factor: f64, sets: &mut Vec<Vec<u32>>) -> Node {
    let (split, left, right) = match node {
        TreeNode::Leaf { value, .. } => return Node::Leaf(value * factor),
        TreeNode::Split { split, left, right } => (split, *left, *right),
    };
    let test = match (&data.columns[split.column].cuts, split.rule) {
        (Cuts::Thresholds(thresholds), Rule::UpTo(bin)) => {
            // Beyond the last: all numbers go to the left, missing cells to the right.
            Test::Threshold(thresholds.get(usize::from(bin)).copied().unwrap_or(f64::INFINITY))
        }
        (Cuts::Thresholds(_), Rule::In(_) | Rule::InWide(_)) => Test::Threshold(f64::INFINITY),
        (Cuts::Categories(bins), rule) => {
            let members = (0_u32..).zip(bins).filter(|(_, bin)| rule.leads_left(**bin));
            sets.push(members.map(|(category, _)| category).collect());
            Test::Set { set: u32::try_from(sets.len() - 1).unwrap_or(u32::MAX), members: Side::Left }
        }
    };
    let column = u16::try_from(split.column).unwrap_or(u16::MAX);
    Node::Split(Split { column, test, left, right, missing: Missing::To(Side::left_if(split.missing_left)) })
}
