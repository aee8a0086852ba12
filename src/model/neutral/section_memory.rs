//! How much memory a model in the `neutral` section takes while it is loaded, counted without building it.

use super::bytes::SectionReader;
use super::section_rules as rules;

/// Bytes of a node: 32 in the checked form, and laid out for speed in two ways at the most, measured 90 to 112; and laid
/// out to explain answers 28, and its cover 8.
const NODE: usize = 152;

/// Bytes of a tree beside its nodes: 64 as stored, 40 in the checked form, the allocator's share of its list of nodes; its
/// places in the layouts.
const TREE: usize = 224;

/// Bytes of a set of categories beside its members: as stored, by rule, checked, in two tables; measured 120.
const SET: usize = 192;

/// Bytes of a member of a set.
const MEMBER: usize = 40;

/// Bytes of a step, and of a column that it makes.
const STEP: usize = 96;
const COLUMN: usize = 32;

/// Bytes of a number in a list: in a list that has doubled and is copied, checked, and compiled.
const NUMBER: usize = 40;

/// Bytes of a linear leaf beside its terms, and of a term; measured 118 and 32.
const LINEAR_LEAF: usize = 144;
const TERM: usize = 48;

/// Bytes of memory that loading a section takes at most, beside its own. Of one that cannot be read: what is built
/// before the place that is wrong.
pub(in crate::model) fn most_memory(section: &[u8]) -> usize {
    let mut count = Count { reader: SectionReader::new(section), bytes: 0 };
    // What is wrong is told by those who build it.
    let _ = count.section();
    count.bytes
}

/// What was counted so far.
struct Count<'a> {
    reader: SectionReader<'a>,
    bytes: usize,
}

impl Count<'_> {
    fn add(&mut self, n: usize, each: usize) {
        self.bytes = self.bytes.saturating_add(n.saturating_mul(each));
    }

    /// A list's length, whose elements take `smallest` bytes at least here and `each` in memory.
    fn length(&mut self, smallest: usize, each: usize) -> Result<usize, String> {
        let n = self.reader.length(smallest, "elements")?;
        self.add(n, each);
        Ok(n)
    }

    /// A list of numbers of `size` bytes.
    fn numbers(&mut self, size: usize, each: usize) -> Result<(), String> {
        let n = self.length(size, each)?;
        self.reader.skip(n, size)
    }

    fn section(&mut self) -> Result<(), String> {
        let (_layout, _n_features) = (self.reader.u32()?, self.reader.u32()?);
        for _ in 0..self.length(5, STEP + COLUMN)? {
            self.step()?;
        }
        self.numbers(4, COLUMN)?;
        let (_has_probability, kind) = (self.reader.u8()?, self.reader.u8()?);
        if kind == 0 { self.forest() } else { self.linear() }
    }

    fn step(&mut self) -> Result<(), String> {
        let _input = self.reader.u32()?;
        match self.reader.u8()? {
            0 => {
                self.numbers(8, NUMBER)?;
                self.reader.skip(1, 8)
            }
            1 | 2 => self.reader.skip(1, 8),
            4 => self.numbers(8, NUMBER + COLUMN),
            5..=7 => self.reader.skip(2, 8),
            8 => self.reader.skip(1, 1),
            _ => Ok(()),
        }
    }

    fn linear(&mut self) -> Result<(), String> {
        let _n_columns = self.reader.u32()?;
        self.numbers(8, NUMBER)?;
        self.numbers(8, NUMBER)
    }

    fn forest(&mut self) -> Result<(), String> {
        // Columns, width, comparison, decision.
        self.reader.skip(1, 7)?;
        rules::read_link(&mut self.reader)?;
        let _width = self.reader.u8()?;
        self.numbers(8, NUMBER)?;
        if self.reader.flag()? {
            self.reader.skip(1, 8)?;
        }
        let _raw_is_undivided = self.reader.u8()?;
        for _ in 0..self.length(4, SET)? {
            self.numbers(4, MEMBER)?;
        }
        match self.reader.u8()? {
            1 => self.numbers(8, NUMBER)?,
            2 => {
                for _ in 0..self.length(20, LINEAR_LEAF)? {
                    self.reader.skip(2, 8)?;
                    self.numbers(10, TERM)?;
                }
            }
            _ => {}
        }
        for _ in 0..self.length(14, TREE)? {
            self.reader.skip(1, 10)?;
            for _ in 0..self.length(9, NODE)? {
                // A leaf's number; else a rule, a column, two children, a threshold or a set.
                let rest = match self.reader.u8()? {
                    0 => 8,
                    1 => 19,
                    _ => 15,
                };
                self.reader.skip(1, rest)?;
            }
        }
        Ok(())
    }
}
