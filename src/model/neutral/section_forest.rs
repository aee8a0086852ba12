//! Decision trees in the `neutral` section.

use super::bytes::{SectionReader, Writer};
use super::forest::{Comparison, Forest, Leaves, Missing, Node, Side, Split, Sum, Test, Tree};
use super::section_rules as rules;
use crate::model::ir::LinearLeaf;

const MISSING: [Missing; 5] = [
    Missing::To(Side::Left),
    Missing::To(Side::Right),
    Missing::AsZero,
    Missing::WithZeroTo(Side::Left),
    Missing::WithZeroTo(Side::Right),
];
/// Bytes of a leaf, the shortest node.
const SHORTEST_NODE: usize = 9;
/// Bytes of a tree without nodes, and of a linear leaf without terms.
const SHORTEST_TREE: usize = 14;
const SHORTEST_LINEAR_LEAF: usize = 20;

pub(super) fn write(forest: &Forest, writer: &mut Writer) -> Result<(), String> {
    writer.u32(forest.n_columns);
    rules::write_width(forest.value, writer);
    writer.flag(forest.comparison == Comparison::AtMost);
    rules::write_decision(forest.decision, writer);
    rules::write_link(forest.link, writer);
    rules::write_width(forest.sum.width, writer);
    writer.f64s(&forest.sum.start)?;
    writer.flag(forest.sum.divisor.is_some());
    if let Some(divisor) = forest.sum.divisor {
        writer.f64(divisor);
    }
    writer.flag(forest.sum.raw_is_undivided);
    writer.length(forest.sets.len())?;
    for set in &forest.sets {
        writer.u32s(set)?;
    }
    write_leaves(&forest.leaves, writer)?;
    writer.length(forest.trees.len())?;
    for tree in &forest.trees {
        writer.u16(tree.output);
        writer.f64(tree.weight);
        writer.length(tree.nodes.len())?;
        tree.nodes.iter().for_each(|node| write_node(node, writer));
    }
    Ok(())
}

fn write_leaves(leaves: &Leaves, writer: &mut Writer) -> Result<(), String> {
    match leaves {
        Leaves::Values => writer.u8(0),
        Leaves::Vectors(values) => {
            writer.u8(1);
            writer.f64s(values)?;
        }
        Leaves::Linear(leaves) => {
            writer.u8(2);
            writer.length(leaves.len())?;
            for leaf in leaves {
                writer.f64(leaf.constant);
                writer.f64(leaf.otherwise);
                writer.length(leaf.terms.len())?;
                for (column, coefficient) in &leaf.terms {
                    writer.u16(*column);
                    writer.f64(*coefficient);
                }
            }
        }
    }
    Ok(())
}

fn write_node(node: &Node, writer: &mut Writer) {
    let Split { column, test, left, right, missing } = match node {
        Node::Leaf(number) => {
            writer.u8(0);
            return writer.f64(*number);
        }
        Node::Split(split) => split,
    };
    writer.u8(match test {
        Test::Threshold(_) => 1,
        Test::Set { members: Side::Left, .. } => 2,
        Test::Set { members: Side::Right, .. } => 3,
    });
    writer.u8(match missing {
        Missing::To(Side::Left) => 0,
        Missing::To(Side::Right) => 1,
        Missing::AsZero => 2,
        Missing::WithZeroTo(Side::Left) => 3,
        Missing::WithZeroTo(Side::Right) => 4,
    });
    writer.u16(*column);
    writer.u32(*left);
    writer.u32(*right);
    match test {
        Test::Threshold(threshold) => writer.f64(*threshold),
        Test::Set { set, .. } => writer.u32(*set),
    }
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Result<Forest, String> {
    let n_columns = reader.u32()?;
    let value = rules::read_width(reader)?;
    let comparison = reader.choice("the comparison", &[Comparison::Below, Comparison::AtMost])?;
    let decision = rules::read_decision(reader)?;
    let link = rules::read_link(reader)?;
    let sum = Sum {
        width: rules::read_width(reader)?,
        start: reader.f64s("outputs")?,
        divisor: if reader.flag()? { Some(reader.f64()?) } else { None },
        raw_is_undivided: reader.flag()?,
    };
    let n = reader.length(4, "sets")?;
    let sets = (0..n).map(|_| reader.u32s("members")).collect::<Result<_, _>>()?;
    let leaves = read_leaves(reader)?;
    let n = reader.length(SHORTEST_TREE, "trees")?;
    let mut trees = Vec::with_capacity(n);
    for _ in 0..n {
        let (output, weight) = (reader.u16()?, reader.f64()?);
        let n = reader.length(SHORTEST_NODE, "nodes")?;
        let nodes = (0..n).map(|_| read_node(reader)).collect::<Result<_, _>>()?;
        trees.push(Tree { nodes, output, weight, cover: Vec::new() });
    }
    Ok(Forest { n_columns, value, comparison, trees, sets, leaves, sum, link, decision })
}

fn read_leaves(reader: &mut SectionReader<'_>) -> Result<Leaves, String> {
    match reader.choice("what leaves hold", &[0, 1, 2])? {
        0 => Ok(Leaves::Values),
        1 => reader.f64s("values").map(Leaves::Vectors),
        _ => {
            let n = reader.length(SHORTEST_LINEAR_LEAF, "linear leaves")?;
            (0..n).map(|_| read_linear_leaf(reader)).collect::<Result<_, _>>().map(Leaves::Linear)
        }
    }
}

fn read_linear_leaf(reader: &mut SectionReader<'_>) -> Result<LinearLeaf, String> {
    let (constant, otherwise) = (reader.f64()?, reader.f64()?);
    let n = reader.length(10, "terms")?;
    let terms = (0..n).map(|_| Ok((reader.u16()?, reader.f64()?))).collect::<Result<_, String>>()?;
    Ok(LinearLeaf { constant, terms, otherwise })
}

fn read_node(reader: &mut SectionReader<'_>) -> Result<Node, String> {
    let kind = reader.choice("a node", &[0, 1, 2, 3])?;
    if kind == 0 {
        return reader.f64().map(Node::Leaf);
    }
    let missing = reader.choice("a rule for missing cells", &MISSING)?;
    let (column, left, right) = (reader.u16()?, reader.u32()?, reader.u32()?);
    let test = match kind {
        1 => Test::Threshold(reader.f64()?),
        _ => Test::Set { set: reader.u32()?, members: Side::left_if(kind == 2) },
    };
    Ok(Node::Split(Split { column, test, left, right, missing }))
}
