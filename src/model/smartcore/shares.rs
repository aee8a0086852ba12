//! The `shares` section: what the leaves of trees of classes know beside their votes. Per tree and leaf, in node order,
//! the classes that it has rows of and how many, as postcard's `Vec<Vec<Vec<(u32, u32)>>>`. Read leaf by leaf beside
//! the estimator, with which it must agree.

use super::postcard::PostcardReader;
use crate::model::ir::Shares;

/// A reader of the section's leaves.
#[derive(Debug)]
pub(super) struct LeafShares<'a> {
    reader: PostcardReader<'a>,
    n_classes: u16,
    /// Leaves of the present tree that are still to come.
    left: usize,
    /// First a leaf of each class alone, which most leaves are; then the others.
    shares: Shares,
    /// The present leaf's classes and rows.
    rows: Vec<(u16, u32)>,
}

impl<'a> LeafShares<'a> {
    /// The shares of an estimator with this many trees and classes.
    ///
    /// # Errors
    /// One sentence: the section is of another number of trees.
    pub(super) fn of(section: &'a [u8], n_trees: usize, n_classes: usize) -> Result<Self, String> {
        let mut reader = PostcardReader::of(section, "shares");
        let n = reader.length(1, "trees")?;
        if n != n_trees {
            return reader.fault(format_args!("shares of {n} trees, the estimator has {n_trees}"));
        }
        let n_classes = u16::try_from(n_classes).map_err(|_| format!("{n_classes} classes are too many"))?;
        Ok(Self { reader, n_classes, left: 0, shares: Shares::of_one_class(n_classes), rows: Vec::new() })
    }

    /// Goes on to the next tree.
    pub(super) fn begin_tree(&mut self) -> Result<(), String> {
        self.left = self.reader.length(1, "leaves")?;
        Ok(())
    }

    /// All leaves of the tree were read.
    pub(super) fn end_tree(&self) -> Result<(), String> {
        match self.left {
            0 => Ok(()),
            more => self.reader.fault(format_args!("shares of {more} leaves more than a tree has")),
        }
    }

    /// Reads a leaf that `n_rows` rows reached and that votes for `class`; its position among the shares.
    #[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 leaves")]
    pub(super) fn leaf(&mut self, class: u32, n_rows: u64) -> Result<f64, String> {
        if self.left == 0 {
            return self.reader.fault("a tree has more leaves than shares");
        }
        self.left -= 1;
        self.read_rows()?;
        let mut most = (0, 0);
        for (class, n) in &self.rows {
            if *n > most.1 {
                most = (u32::from(*class), *n);
            }
        }
        let all: u64 = self.rows.iter().map(|(_, n)| u64::from(*n)).sum();
        if all == 0 || all != n_rows {
            return self.reader.fault(format_args!("shares of {all} rows, {n_rows} reached the leaf"));
        }
        if most.0 != class {
            return self
                .reader
                .fault(format_args!("most rows of a leaf are of class {}, it votes for {class}", most.0));
        }
        if let [(class, _)] = self.rows.as_slice() {
            return Ok(f64::from(*class));
        }
        self.shares.push(&self.rows)?;
        Ok((self.shares.n_leaves() - 1) as f64)
    }

    fn read_rows(&mut self) -> Result<(), String> {
        self.rows.clear();
        let n_classes = self.n_classes;
        for _ in 0..self.reader.length(2, "classes of a leaf")? {
            let (class, n) = (self.reader.u32()?, self.reader.u32()?);
            let Some(known) = u16::try_from(class).ok().filter(|class| *class < n_classes) else {
                return self.reader.fault(format_args!("a leaf has rows of class {class} of {n_classes}"));
            };
            if self.rows.last().is_some_and(|(before, _)| *before >= known) {
                return self.reader.fault("the classes of a leaf do not ascend");
            }
            if n == 0 {
                return self.reader.fault(format_args!("a leaf has 0 rows of class {class}"));
            }
            self.rows.push((known, n));
        }
        Ok(())
    }

    /// The shares, when all trees were read.
    pub(super) fn end(self) -> Result<Shares, String> {
        self.reader.end()?;
        Ok(self.shares)
    }
}
