//! One tree of `XGBoost`: arrays with an element a node, into nodes with an element each.

use std::collections::BTreeSet;

use super::parser::{Keys, Parser};
use super::shared::Shared;
use crate::import::error::ImportError;
use crate::model::neutral::{Missing, Node, Side, Split, Test};

/// The parent of no node, and the child of a leaf.
const NONE: i32 = -1;

/// A tree's arrays.
#[derive(Debug, Default)]
pub(super) struct Arrays {
    left: Vec<i32>,
    right: Vec<i32>,
    columns: Vec<i32>,
    conditions: Vec<f32>,
    /// Sums of the rows' hessians, by which the library weighs them.
    hessians: Vec<f32>,
    default_left: Vec<i32>,
    split_types: Vec<i32>,
    categories: Vec<i32>,
    category_nodes: Vec<i32>,
    category_starts: Vec<i32>,
    category_counts: Vec<i32>,
    /// Vectors of leaves, from 3.2 on.
    leaf_weights: Vec<f32>,
    /// Of all nodes; vectors of leaves up to 3.1.
    base_weights: Vec<f32>,
    base_weights_at: Option<usize>,
    leaf_width: usize,
}

const KEYS: [&str; 15] = [
    "left_children",
    "right_children",
    "split_indices",
    "split_conditions",
    "default_left",
    "split_type",
    "categories",
    "categories_nodes",
    "categories_segments",
    "categories_sizes",
    "leaf_weights",
    "base_weights",
    "sum_hessian",
    "tree_param",
    "id",
];

impl Arrays {
    /// Empties the arrays for the next tree; their room stays.
    fn clear(&mut self) {
        let integers = [
            &mut self.left,
            &mut self.right,
            &mut self.columns,
            &mut self.default_left,
            &mut self.split_types,
            &mut self.categories,
            &mut self.category_nodes,
            &mut self.category_starts,
            &mut self.category_counts,
        ];
        integers.into_iter().for_each(Vec::clear);
        let numbers = [&mut self.conditions, &mut self.hessians, &mut self.leaf_weights, &mut self.base_weights];
        numbers.into_iter().for_each(Vec::clear);
        self.leaf_width = 1;
        self.base_weights_at = None;
    }

    /// Reads a tree's object.
    pub(super) fn read<P: Parser>(&mut self, parser: &mut P) -> Result<(), ImportError> {
        self.clear();
        parser.begin_object()?;
        let mut keys = Keys::default();
        while let Some(key) = parser.next_key()? {
            keys.note(&key, &KEYS)?;
            self.member(&key, parser).map_err(|error| error.within(&key))?;
        }
        match self.base_weights_at {
            // Only these models need them: others are read faster without.
            Some(place) if self.leaf_width > 1 && self.leaf_weights.is_empty() => {
                parser.numbers_at(place, &mut self.base_weights).map_err(|error| error.within("base_weights"))
            }
            _ => Ok(()),
        }
    }

    fn member<P: Parser>(&mut self, key: &str, parser: &mut P) -> Result<(), ImportError> {
        match key {
            "left_children" => parser.numbers(&mut self.left),
            "right_children" => parser.numbers(&mut self.right),
            "split_indices" => parser.numbers(&mut self.columns),
            "split_conditions" => parser.numbers(&mut self.conditions),
            "sum_hessian" => parser.numbers(&mut self.hessians),
            "default_left" => parser.numbers(&mut self.default_left),
            "split_type" => parser.numbers(&mut self.split_types),
            "categories" => parser.numbers(&mut self.categories),
            "categories_nodes" => parser.numbers(&mut self.category_nodes),
            "categories_segments" => parser.numbers(&mut self.category_starts),
            "categories_sizes" => parser.numbers(&mut self.category_counts),
            "leaf_weights" => parser.numbers(&mut self.leaf_weights),
            "base_weights" => {
                self.base_weights_at = Some(parser.place());
                parser.skip()
            }
            "tree_param" => self.parameters(parser),
            _ => parser.skip(),
        }
    }

    fn parameters<P: Parser>(&mut self, parser: &mut P) -> Result<(), ImportError> {
        parser.begin_object()?;
        while let Some(key) = parser.next_key()? {
            if key == "size_leaf_vector" {
                let text = parser.text()?;
                let width =
                    text.parse().map_err(|_| ImportError::new(format_args!("{text:?} is no length")).within(key))?;
                self.leaf_width = std::cmp::max(1, width);
            } else {
                parser.skip()?;
            }
        }
        Ok(())
    }

    /// The nodes that the root leads to, each after its parent, and what reached each. Nodes that `XGBoost` has deleted
    /// are left out.
    pub(super) fn nodes(&self, shared: &mut Shared) -> Result<(Vec<Node>, Vec<f64>), ImportError> {
        let n = self.check_lengths(shared)?;
        let sets = self.sets(n)?;
        shared.tree_start = shared.vectors.len();
        let (mut nodes, mut cover) = (Vec::with_capacity(n), Vec::new());
        let mut seen = vec![false; n];
        // The place of a node in the file, and of the split that leads to it: at first a leaf.
        let mut open = vec![(0, None)];
        while let Some((at, parent)) = open.pop() {
            if std::mem::replace(&mut seen[at], true) {
                return Err(ImportError::new(format_args!("node {at} is the child of two nodes")));
            }
            let place = u32::try_from(nodes.len()).map_err(|_| ImportError::new("there are too many nodes"))?;
            cover.extend(self.hessians.get(at).map(|sum| f64::from(*sum)));
            if let Some((parent, side)) = parent
                && let Node::Split(split) = &mut nodes[parent]
            {
                *(if side == Side::Left { &mut split.left } else { &mut split.right }) = place;
            }
            if self.left[at] == NONE {
                nodes.push(Node::Leaf(self.leaf(at, shared)?));
                continue;
            }
            let [left, right] = self.children(at, n)?;
            let split = self.split(at, &sets, shared).map_err(|error| error.within(format_args!("node {at}")))?;
            open.push((right, Some((nodes.len(), Side::Right))));
            open.push((left, Some((nodes.len(), Side::Left))));
            nodes.push(Node::Split(split));
        }
        Ok((nodes, cover))
    }

    fn check_lengths(&self, shared: &mut Shared) -> Result<usize, ImportError> {
        let n = self.left.len();
        let lengths = [
            ("right_children", self.right.len()),
            ("split_indices", self.columns.len()),
            ("split_conditions", self.conditions.len()),
            ("default_left", self.default_left.len()),
        ];
        if let Some((name, length)) = lengths.into_iter().find(|(_, length)| *length != n) {
            return Err(ImportError::new(format_args!("{name} has {length} elements, left_children {n}")));
        }
        if n == 0 {
            return Err(ImportError::new("left_children has no element: a tree has a root"));
        }
        // Models of 1.0 to 1.2 have no categorical splits.
        if !self.split_types.is_empty() && self.split_types.len() != n {
            return Err(ImportError::new(format_args!(
                "split_type has {} elements, expected {n}",
                self.split_types.len()
            )));
        }
        if shared.leaf_width != 0 && shared.leaf_width != self.leaf_width {
            let (before, now) = (shared.leaf_width, self.leaf_width);
            return Err(ImportError::new(format_args!("its leaves are of {now} numbers, those before of {before}")));
        }
        shared.leaf_width = self.leaf_width;
        Ok(n)
    }

    fn children(&self, at: usize, n: usize) -> Result<[usize; 2], ImportError> {
        let (left, right) = (self.left[at], self.right[at]);
        let is_in = |child: i32| usize::try_from(child).ok().filter(|child| *child < n);
        match (is_in(left), is_in(right)) {
            // The library computes the right child: a file that says otherwise would be answered otherwise.
            (Some(left), Some(right)) if right == left + 1 => Ok([left, right]),
            (Some(_), Some(_)) => Err(ImportError::new(format_args!(
                "node {at} has the children {left} and {right}: XGBoost takes the right one to be {}",
                left + 1
            ))),
            _ => Err(ImportError::new(format_args!(
                "node {at} has the children {left} and {right} in a tree of {n} nodes"
            ))),
        }
    }

    fn split(&self, at: usize, sets: &[Option<(usize, usize)>], shared: &mut Shared) -> Result<Split, ImportError> {
        let column = u16::try_from(self.columns[at])
            .map_err(|_| ImportError::new(format_args!("it splits on column {}", self.columns[at])))?;
        let set_of = |at: usize| sets.get(at).copied().flatten();
        let missing = match self.default_left[at] {
            0 => Missing::To(Side::Right),
            1 => Missing::To(Side::Left),
            other => return Err(ImportError::new(format_args!("default_left is {other}, neither 0 nor 1"))),
        };
        let test = match self.split_types.get(at).copied().unwrap_or(0) {
            0 => Test::Threshold(f64::from(self.conditions[at])),
            1 => {
                let (from, count) =
                    set_of(at).ok_or_else(|| ImportError::new("it is categorical but has no categories"))?;
                // Of UBJSON a category is a byte: those that are told again must not take four more.
                let member = |category: &i32| u32::try_from(*category).ok().filter(|category| *category < 1 << 24);
                let members: Option<BTreeSet<u32>> = self.categories[from..from + count].iter().map(member).collect();
                let members = members.ok_or_else(|| ImportError::new("a category is not from 0 to 2^24 - 1"))?;
                let set =
                    u32::try_from(shared.sets.len()).map_err(|_| ImportError::new("there are too many splits"))?;
                shared.sets.push(members.into_iter().collect());
                Test::Set { set, members: Side::Right }
            }
            other => return Err(ImportError::new(format_args!("split_type {other} is not known"))),
        };
        Ok(Split { column, test, left: 0, right: 0, missing })
    }

    /// Of each node, where its categories begin and how many they are; empty where no node has any.
    fn sets(&self, n: usize) -> Result<Vec<Option<(usize, usize)>>, ImportError> {
        let Self { category_nodes: nodes, category_starts: starts, category_counts: counts, .. } = self;
        if starts.len() != nodes.len() || counts.len() != nodes.len() {
            return Err(ImportError::new(format_args!(
                "categories_nodes has {} elements, categories_segments {}, categories_sizes {}",
                nodes.len(),
                starts.len(),
                counts.len()
            )));
        }
        let (mut sets, mut n_categories) = (vec![None; if nodes.is_empty() { 0 } else { n }], 0_usize);
        for ((node, start), count) in nodes.iter().zip(starts).zip(counts) {
            let place = usize::try_from(*node).ok().and_then(|node| sets.get_mut(node));
            let range = usize::try_from(*start).ok().zip(usize::try_from(*count).ok());
            let range = range.filter(|(from, count)| from.saturating_add(*count) <= self.categories.len());
            n_categories = n_categories.saturating_add(range.map_or(0, |(_, count)| count));
            match (place, range) {
                // Ranges that overlap could make far more of a file than it holds; XGBoost writes none.
                (Some(_), Some(_)) if n_categories > self.categories.len() => {
                    return Err(ImportError::new(format_args!("the categories of node {node} are another's")));
                }
                (Some(place), Some(range)) if place.is_none() => *place = Some(range),
                _ => return Err(ImportError::new(format_args!("the categories of node {node} are not in the list"))),
            }
        }
        Ok(sets)
    }

    /// A leaf's number: its value, or the position of its vector.
    #[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 leaves")]
    fn leaf(&self, at: usize, shared: &mut Shared) -> Result<f64, ImportError> {
        if self.leaf_width == 1 {
            return Ok(f64::from(self.conditions[at]));
        }
        // From 3.2 on the right child is the vector's place; before, all nodes have one.
        let (from, place) = if self.leaf_weights.is_empty() {
            (&self.base_weights, Some(at))
        } else {
            (&self.leaf_weights, usize::try_from(self.right[at]).ok())
        };
        let start = place.and_then(|place| place.checked_mul(self.leaf_width));
        let vector = start.and_then(|start| from.get(start..)?.get(..self.leaf_width));
        let Some(vector) = vector else {
            return Err(ImportError::new(format_args!("the leaf {at} has no vector of {} numbers", self.leaf_width)));
        };
        // As ranges of categories: leaves that share a vector could make far more of a file than it holds.
        if shared.vectors.len() - shared.tree_start + vector.len() > from.len() {
            return Err(ImportError::new(format_args!("the leaf {at} has another's vector")));
        }
        let number = shared.vectors.len() / self.leaf_width;
        shared.vectors.extend(vector.iter().map(|v| f64::from(*v)));
        Ok(number as f64)
    }
}
