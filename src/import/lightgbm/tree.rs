//! One tree: its lists, read side by side, become nodes.
//!
//! `LightGBM` numbers splits in the order in which it made them, so that a split's children come after it: nodes keep
//! that order, splits first, then leaves. What is not so is refused, circles too.

use super::block::{Block, needed};
use super::numbers::{Numbers, number};
use super::sets::Sets;
use crate::import::error::ImportError;
use crate::model::neutral::{Missing, Node, Side, Split, Test};

/// Bits of a split's `decision_type`.
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;

/// Reads a tree's nodes: leaves hold their values. Adds its sets of categories to `sets`.
///
/// # Errors
/// A list is missing, too short or too long, a number is none, or out of range, or a node has not one parent.
pub(super) fn nodes(block: &Block<'_>, n_columns: usize, sets: &mut Sets) -> Result<Vec<Node>, ImportError> {
    let n_leaves: usize = number(needed(block.num_leaves, "num_leaves")?)?;
    let n_sets: usize = number(needed(block.num_cat, "num_cat")?)?;
    let leaf_value = needed(block.leaf_value, "leaf_value")?;
    if n_leaves == 0 {
        return Err(ImportError::new("`num_leaves` is 0"));
    }
    let n_splits = n_leaves - 1;
    if n_splits == 0 {
        let mut values = Numbers::of("leaf_value", leaf_value);
        let value = finite(&mut values)?;
        return values.end().map(|()| vec![Node::Leaf(value)]);
    }
    let mut lists = SplitLists::of(block)?;
    if lists.most_splits < n_splits || leaf_value.len().div_ceil(2) < n_leaves {
        return Err(ImportError::new(format_args!("`num_leaves` is {n_leaves}, more than its lists have numbers")));
    }
    let own_sets = OwnSets { first: sets.len(), len: n_sets };
    if n_sets > 0 {
        let boundaries = needed(block.cat_boundaries, "cat_boundaries")?;
        sets.read(n_sets, boundaries, needed(block.cat_threshold, "cat_threshold")?)?;
    }
    let mut nodes = Vec::with_capacity(n_splits + n_leaves);
    let mut has_parent = HasParent::none(n_splits + n_leaves);
    for at in 0..n_splits {
        let (column, (test, missing)) = (lists.column(n_columns)?, lists.test(&own_sets)?);
        let [left, right] = lists.children(at, n_splits, &mut has_parent)?;
        nodes.push(Node::Split(Split { column, test, left, right, missing }));
    }
    lists.end()?;
    let mut values = Numbers::of("leaf_value", leaf_value);
    for _ in 0..n_leaves {
        nodes.push(Node::Leaf(finite(&mut values)?));
    }
    values.end()?;
    Ok(nodes)
}

/// The category sets of one tree, among those of all trees.
struct OwnSets {
    first: usize,
    len: usize,
}

/// The lists of a tree's splits, read side by side.
struct SplitLists<'a> {
    feature: Numbers<'a>,
    threshold: Numbers<'a>,
    decision: Numbers<'a>,
    left: Numbers<'a>,
    right: Numbers<'a>,
    /// An upper bound of the splits: a number and the blank behind it take two bytes of each list.
    most_splits: usize,
}

impl<'a> SplitLists<'a> {
    /// The lists of a tree's lines.
    ///
    /// # Errors
    /// One is missing.
    fn of(block: &Block<'a>) -> Result<Self, ImportError> {
        let lists = [
            ("split_feature", needed(block.split_feature, "split_feature")?),
            ("threshold", needed(block.threshold, "threshold")?),
            ("decision_type", needed(block.decision_type, "decision_type")?),
            ("left_child", needed(block.left_child, "left_child")?),
            ("right_child", needed(block.right_child, "right_child")?),
        ];
        let most_splits = lists.iter().map(|(_, list)| list.len() / 2 + 1).min().unwrap_or(0);
        let [feature, threshold, decision, left, right] = lists.map(|(key, list)| Numbers::of(key, list));
        Ok(Self { feature, threshold, decision, left, right, most_splits })
    }

    /// The next split's column.
    fn column(&mut self, n_columns: usize) -> Result<u16, ImportError> {
        let column = self.feature.next::<u16>()?;
        if usize::from(column) < n_columns {
            return Ok(column);
        }
        Err(self.feature.wrong(format!("column {column} of {n_columns}")))
    }

    /// The next split's test, and where it leads missing cells.
    fn test(&mut self, own_sets: &OwnSets) -> Result<(Test, Missing), ImportError> {
        let decision_type = self.decision.next::<u8>()?;
        if decision_type & CATEGORICAL == 0 {
            let missing = missing(decision_type).map_err(|error| self.decision.wrong(error))?;
            let value = self.threshold.next::<f64>()?;
            if value.is_nan() {
                return Err(self.threshold.wrong("it is not a number".to_owned()));
            }
            return Ok((Test::Threshold(beside_zero(value)), missing));
        }
        let position = self.threshold.next::<f64>()?;
        let set = position_of(position, own_sets.len).and_then(|at| u32::try_from(own_sets.first + at).ok());
        let out_of_range = || self.threshold.wrong(format!("category set {position} of {}", own_sets.len));
        // A missing category is led to the right, whatever the split's rule for missing numbers is.
        Ok((Test::Set { set: set.ok_or_else(out_of_range)?, members: Side::Left }, Missing::To(Side::Right)))
    }

    /// The positions of the next split's children; the split is at `at`.
    fn children(&mut self, at: usize, n_splits: usize, has_parent: &mut HasParent) -> Result<[u32; 2], ImportError> {
        let [left, right] = [&mut self.left, &mut self.right].map(|list| {
            let child = child(list.next()?, at, n_splits).map_err(|error| list.wrong(error))?;
            has_parent.add(child).map_err(|error| list.wrong(error))?;
            u32::try_from(child).map_err(|_| list.wrong("it is too large".to_owned()))
        });
        Ok([left?, right?])
    }

    /// Checks that nothing is left of any list.
    fn end(self) -> Result<(), ImportError> {
        [self.feature, self.threshold, self.decision, self.left, self.right].into_iter().try_for_each(Numbers::end)
    }
}

/// The next number of a list, which must be finite.
pub(super) fn finite(list: &mut Numbers<'_>) -> Result<f64, ImportError> {
    let value = list.next::<f64>()?;
    if value.is_finite() { Ok(value) } else { Err(list.wrong(format!("{value} is not finite"))) }
}

/// A threshold for cells as they are. `LightGBM`'s own functions for rows (`LGBM_BoosterPredictForMat` and the like)
/// make 0 of a cell up to 1e-35 away from it before they ask a tree: a threshold as near is moved to the end of what is
/// 0. Fits put some there, exactly at ±1e-35, beside the bin of zeros.
fn beside_zero(threshold: f64) -> f64 {
    const ZERO: f64 = 1e-35_f32 as f64;
    match threshold {
        t if (0.0..=ZERO).contains(&t) => ZERO,
        t if (-ZERO..0.0).contains(&t) => (-ZERO).next_down(),
        t => t,
    }
}

/// Where a split by a threshold leads missing cells.
fn missing(decision_type: u8) -> Result<Missing, String> {
    let default = Side::left_if(decision_type & DEFAULT_LEFT != 0);
    match decision_type >> 2 {
        0 => Ok(Missing::AsZero),
        1 => Ok(Missing::WithZeroTo(default)),
        2 => Ok(Missing::To(default)),
        _ => Err(format!("{decision_type} has bits that are not known")),
    }
}

/// A set's position in its tree.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number in range")]
fn position_of(position: f64, n_sets: usize) -> Option<usize> {
    let is_whole = position >= 0.0 && position.fract() == 0.0 && position < f64::from(u32::MAX);
    Some(position as usize).filter(|at| is_whole && *at < n_sets)
}

/// The position among the nodes of a split's child: a split, or ~leaf.
fn child(child: i32, at: usize, n_splits: usize) -> Result<usize, String> {
    match usize::try_from(child) {
        Ok(split) if split >= n_splits => Err(format!("split {split} of {n_splits}")),
        Ok(split) if split <= at => Err(format!("split {split} is not after split {at}, whose child it is")),
        Ok(split) => Ok(split),
        Err(_) => {
            let leaf = usize::try_from(!child).unwrap_or(usize::MAX);
            if leaf > n_splits { Err(format!("leaf {leaf} of {}", n_splits + 1)) } else { Ok(n_splits + leaf) }
        }
    }
}

/// Which nodes have a parent. As many are children as there are nodes but the root: where none has two, each has one.
struct HasParent(Vec<u64>);

impl HasParent {
    fn none(n_nodes: usize) -> Self {
        Self(vec![0; n_nodes.div_ceil(64)])
    }

    fn add(&mut self, node: usize) -> Result<(), String> {
        let (word, bit) = (&mut self.0[node / 64], 1 << (node % 64));
        if *word & bit != 0 {
            return Err("it is the child of two splits".to_owned());
        }
        *word |= bit;
        Ok(())
    }
}
