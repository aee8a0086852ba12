//! Forests whose thresholds are few enough to find each cell's rank among them once.

use super::super::trees::Tree;
use super::Buffers;
use super::masks::Masks;
use super::nodes::Nodes;
use super::pairs::Pairs;
use super::sink::Sink;
use super::thresholds::Thresholds;

/// From so many trees on ranks pay: finding a row's costs as much as walking some five trees.
const MIN_TREES: usize = 8;

/// From so many rows on a block of 512 is cheaper than blocks of 64, however empty it is.
const WIDE_FROM: usize = 256;

/// From so many rows on a block of 64 is cheaper than walking.
const NARROW_FROM: usize = 40;

/// Blocks of rows by masks, fewer rows by walking.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    thresholds: Thresholds,
    masks: Masks,
    few: Few,
}

#[derive(Debug, Clone)]
enum Few {
    Pairs(Pairs),
    Nodes(Nodes),
}

impl Ranked {
    /// `None` where walking is faster whatever the number of rows.
    pub(super) fn new(trees: &[Tree], n_columns: usize, scale: f64) -> Option<Self> {
        if trees.len() < MIN_TREES || !Masks::pay(trees) {
            return None;
        }
        let (thresholds, slots) = Thresholds::collect(trees, n_columns)?;
        let (masks, places) = Masks::new(trees, &slots, scale);
        let pairs = Pairs::new(trees, &thresholds, &slots, &places);
        let few = pairs.map_or_else(|| Few::Nodes(Nodes::new(trees, scale)), Few::Pairs);
        Some(Self { thresholds, masks, few })
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.thresholds.resident_bytes()
            + self.masks.resident_bytes()
            + match &self.few {
                Few::Pairs(pairs) => pairs.resident_bytes(),
                Few::Nodes(nodes) => nodes.resident_bytes(),
            }
    }

    /// Gives `sink` the leaf of every row and tree, for each row in tree order.
    pub(super) fn each_leaf(&self, matrix: &[f64], n_columns: usize, buffers: &mut Buffers, sink: &mut impl Sink) {
        let (mut rest, mut first) = (matrix, 0);
        while rest.len() >= NARROW_FROM * n_columns {
            let wide = rest.len() >= WIDE_FROM * n_columns;
            let n = (rest.len() / n_columns).min(if wide { 512 } else { 64 });
            let (rows, after) = rest.split_at(n * n_columns);
            if wide {
                self.masks.each_leaf::<8>(&self.thresholds, rows, n_columns, first, buffers, sink);
            } else {
                self.masks.each_leaf::<1>(&self.thresholds, rows, n_columns, first, buffers, sink);
            }
            (rest, first) = (after, first + n);
        }
        match &self.few {
            Few::Pairs(pairs) => {
                let values = self.masks.leaves();
                for (row, cells) in (first..).zip(rest.chunks_exact(n_columns)) {
                    sink.row(row, pairs.one_row(&self.thresholds, values, cells, buffers));
                }
            }
            Few::Nodes(nodes) => nodes.each_leaf(rest, n_columns, first, buffers, sink),
        }
    }
}
