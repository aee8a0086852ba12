//! Few rows through a forest with few distinct thresholds: two levels a step.
//!
//! A row's ranks are found once; then a table says of every threshold of the forest whether the row is beyond it, and
//! a node need only name its threshold. A node of 8 bytes holds a split and both of its children, and leads to one of
//! the four grandchildren, which are adjacent.

use super::super::trees::Tree;
use super::Buffers;
use super::lanes::{Lane, Reach, walk};
use super::thresholds::{COLUMNS_TOGETHER, Thresholds};

/// All that 16 bits can name: an index that needs no check.
pub(super) const NAMES: usize = 1 << 16;

/// The slots of a split and of its true and its false child, and the way to the first grandchild. In a leaf all slots
/// are that which no row is beyond, and the way is 0.
type Pair = [u16; 4];

/// Trees of pairs, one after the other, each breadth-first.
#[derive(Debug, Clone)]
pub(super) struct Pairs {
    nodes: Vec<Pair>,
    /// Leaf values by node.
    values: Vec<f64>,
    roots: Vec<u32>,
    reach: Reach,
    /// The slot that no row is beyond.
    never: u16,
}

impl Pairs {
    /// `None` when a tree is too wide for 16 bits. `slots` are those of all splits, tree after tree in node order.
    #[expect(clippy::cast_possible_truncation, reason = "the caller checked that all nodes fit 32 bits")]
    pub(super) fn new(trees: &[Tree], slots: &[u16], never: u16, scale: f64) -> Option<Self> {
        let mut new = Self { nodes: Vec::new(), values: Vec::new(), roots: Vec::new(), reach: Reach::default(), never };
        let mut slots = slots.iter();
        let mut order: Vec<(u32, u32)> = Vec::new();
        let mut ways = Vec::new();
        let mut slot_of = Vec::new();
        for tree in trees {
            slot_of.clear();
            slot_of.extend(tree.iter().map(|node| node.children.and_then(|_| slots.next().copied()).unwrap_or(never)));
            new.roots.push(new.nodes.len() as u32);
            order.clear();
            order.push((0, 0));
            let mut done = 0;
            while let Some(&(at, round)) = order.get(done) {
                let (left, right) = tree[at as usize].children.unwrap_or((at, at));
                let mut way = 0;
                if left == at {
                    ways.push(round);
                } else {
                    way = u16::try_from(order.len() - done).ok()?;
                    for child in [left, right] {
                        // A leaf one level early is its own children.
                        let (left, right) = tree[child as usize].children.unwrap_or((child, child));
                        order.extend([(left, round + 1), (right, round + 1)]);
                    }
                }
                new.nodes.push([slot_of[at as usize], slot_of[left as usize], slot_of[right as usize], way]);
                new.values.push(scale * tree[at as usize].value);
                done += 1;
            }
        }
        new.reach = Reach::of(ways.into_iter());
        Some(new)
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.nodes.len() * (size_of::<Pair>() + 8) + self.roots.len() * 4
    }

    /// The leaf of each tree for a row.
    pub(super) fn one_row<'b>(&self, thresholds: &Thresholds, row: &[f64], buffers: &'b mut Buffers) -> &'b [f64] {
        let mut beyond = buffers.beyond.take().unwrap_or_else(|| Box::new([false; NAMES]));
        self.mark(thresholds, row, &mut beyond);
        let (lanes, arrived, leaves) = buffers.lanes(self.roots.len());
        for ((lane, root), id) in lanes.iter_mut().zip(&self.roots).zip(0..) {
            *lane = Lane { at: *root, id };
        }
        let nodes = self.nodes.as_slice();
        let step = |lane: Lane| {
            let node = &nodes[lane.at as usize];
            let first = beyond[usize::from(node[0])];
            let second = beyond[usize::from(node[1 + usize::from(first)])];
            lane.at + u32::from(node[3]) + 2 * u32::from(first) + u32::from(second)
        };
        walk(lanes, arrived, self.reach, step, |at| nodes[at as usize][3] == 0);
        for (leaf, at) in leaves.iter_mut().zip(&*arrived) {
            *leaf = self.values[*at as usize];
        }
        buffers.beyond = Some(beyond);
        &buffers.leaves[..self.roots.len()]
    }

    /// Says of every slot whether the row is beyond its threshold.
    fn mark(&self, thresholds: &Thresholds, row: &[f64], beyond: &mut [bool; NAMES]) {
        for columns in thresholds.columns().chunks(COLUMNS_TOGETHER) {
            for (column, rank) in columns.iter().zip(thresholds.ranks_in_row(columns, row)) {
                let (is, is_not) = beyond[column.slot..=column.slot + column.len].split_at_mut(rank);
                is.fill(true);
                is_not.fill(false);
            }
        }
        beyond[usize::from(self.never)] = false;
    }
}
