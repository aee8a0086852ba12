//! What a tree is to tell apart: the purity of a node's rows on either side of a boundary, and what a leaf answers.

/// Sums over the rows of one node, before and behind a boundary. Scores only rank the splits of one node.
pub trait Criterion {
    /// What a node answers.
    type Value;

    /// Takes a node's rows, each with how often it counts, above 0.
    fn begin(&mut self, rows: impl Iterator<Item = (u32, u32)>);

    /// True when the node's rows are of one class, or have one value.
    fn is_pure(&self) -> bool;

    /// What the node answers; of a leaf with all that leaves keep.
    fn value(&self, is_leaf: bool) -> Self::Value;

    /// How impure the node's rows are.
    fn impurity(&self) -> f64;

    /// The node's rows; a row counts as often as it was drawn.
    fn n_rows(&self) -> u64;

    /// Puts the boundary before the first row.
    fn restart(&mut self);

    /// Moves a row before the boundary.
    fn pass(&mut self, row: u32, times: u32);

    /// How many rows are before the boundary and behind it.
    fn sides(&self) -> [u64; 2];

    /// The higher, the purer both sides are.
    fn score(&self) -> f64;

    /// The impurity that is left with a boundary of this score: that of the sides, weighted by their rows.
    fn impurity_left(&self, score: f64) -> f64;
}

/// Classes: the impurity is Gini's, 1 − Σ p², p being the classes' shares; the score is Σ nᵢ²/n of both sides.
#[derive(Debug)]
pub struct Gini<'a> {
    /// A class position for each row of the table.
    classes: &'a [u32],
    /// Rows of each class in the node.
    counts: Vec<u64>,
    /// The same before and behind the boundary.
    sides: Vec<[u64; 2]>,
    /// Σ nᵢ² before and behind it.
    squares: [u64; 2],
    n_sides: [u64; 2],
    n_rows: u64,
}

/// What a node of classes answers.
#[derive(Debug, Default)]
pub struct ClassCounts {
    /// The commonest class of its rows; ties: the first class.
    pub class: usize,
    /// Of a leaf, the classes that it has rows of, ascending, and how many; of a split nothing.
    pub rows: Vec<(u32, u32)>,
}

impl<'a> Gini<'a> {
    /// Of rows with a class position below `n_classes` each.
    pub fn new(classes: &'a [u32], n_classes: usize) -> Self {
        let (counts, sides) = (vec![0; n_classes], vec![[0; 2]; n_classes]);
        Self { classes, counts, sides, squares: [0; 2], n_sides: [0; 2], n_rows: 0 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53, their squares are rounded")]
impl Criterion for Gini<'_> {
    type Value = ClassCounts;

    fn begin(&mut self, rows: impl Iterator<Item = (u32, u32)>) {
        self.counts.fill(0);
        for (row, times) in rows {
            self.counts[self.classes[row as usize] as usize] += u64::from(times);
        }
        self.n_rows = self.counts.iter().sum();
    }

    fn is_pure(&self) -> bool {
        self.counts.iter().filter(|count| **count > 0).count() < 2
    }

    fn value(&self, is_leaf: bool) -> ClassCounts {
        let most = self.counts.iter().max().copied().unwrap_or_default();
        let known = (0..).zip(&self.counts).filter(|(_, n)| is_leaf && **n > 0);
        ClassCounts {
            class: self.counts.iter().position(|count| *count == most).unwrap_or_default(),
            rows: known.map(|(class, n)| (class, u32::try_from(*n).unwrap_or(u32::MAX))).collect(),
        }
    }

    fn impurity(&self) -> f64 {
        let share = |count: &u64| *count as f64 / self.n_rows as f64;
        1.0 - self.counts.iter().map(|count| share(count) * share(count)).sum::<f64>()
    }

    fn n_rows(&self) -> u64 {
        self.n_rows
    }

    fn restart(&mut self) {
        (self.squares, self.n_sides) = ([0, 0], [0, self.n_rows]);
        for (sides, count) in self.sides.iter_mut().zip(&self.counts) {
            *sides = [0, *count];
            self.squares[1] += count * count;
        }
    }

    fn pass(&mut self, row: u32, times: u32) {
        let times = u64::from(times);
        let [before, behind] = &mut self.sides[self.classes[row as usize] as usize];
        self.squares[0] += times * (2 * *before + times);
        self.squares[1] -= times * (2 * *behind - times);
        (*before, *behind) = (*before + times, *behind - times);
        self.n_sides = [self.n_sides[0] + times, self.n_sides[1] - times];
    }

    fn sides(&self) -> [u64; 2] {
        self.n_sides
    }

    fn score(&self) -> f64 {
        self.squares[0] as f64 / self.n_sides[0] as f64 + self.squares[1] as f64 / self.n_sides[1] as f64
    }

    fn impurity_left(&self, score: f64) -> f64 {
        1.0 - score / self.n_rows as f64
    }
}

/// Numbers: the impurity is the variance; the score is (Σ y)²/n of both sides. A node answers the mean of its rows.
#[derive(Debug)]
pub struct Variance<'a> {
    /// The value of each row of the table, less `mean`: sums of squares lose nothing to an offset.
    values: &'a [f64],
    mean: f64,
    /// Σ y of the node, and before the boundary.
    sums: [f64; 2],
    /// Σ y² of the node.
    squares: f64,
    least: f64,
    greatest: f64,
    n_rows: u64,
    n_before: u64,
}

impl<'a> Variance<'a> {
    /// Of rows with a value each, from which `mean` was taken.
    pub fn new(values: &'a [f64], mean: f64) -> Self {
        let (least, greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { values, mean, sums: [0.0; 2], squares: 0.0, least, greatest, n_rows: 0, n_before: 0 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
impl Criterion for Variance<'_> {
    type Value = f64;

    fn begin(&mut self, rows: impl Iterator<Item = (u32, u32)>) {
        *self = Self::new(self.values, self.mean);
        for (row, times) in rows {
            let value = self.values[row as usize];
            self.sums[0] += f64::from(times) * value;
            self.squares += f64::from(times) * value * value;
            (self.least, self.greatest) = (self.least.min(value), self.greatest.max(value));
            self.n_rows += u64::from(times);
        }
    }

    fn is_pure(&self) -> bool {
        self.least >= self.greatest
    }

    fn value(&self, _is_leaf: bool) -> f64 {
        // Rounding takes a mean no further than its values.
        self.mean + (self.sums[0] / self.n_rows as f64).clamp(self.least, self.greatest)
    }

    fn impurity(&self) -> f64 {
        self.impurity_left(self.sums[0] * self.sums[0] / self.n_rows as f64)
    }

    fn n_rows(&self) -> u64 {
        self.n_rows
    }

    fn restart(&mut self) {
        (self.sums[1], self.n_before) = (0.0, 0);
    }

    fn pass(&mut self, row: u32, times: u32) {
        self.sums[1] += f64::from(times) * self.values[row as usize];
        self.n_before += u64::from(times);
    }

    fn sides(&self) -> [u64; 2] {
        [self.n_before, self.n_rows - self.n_before]
    }

    fn score(&self) -> f64 {
        let [n_before, n_behind] = self.sides();
        let (before, behind) = (self.sums[1], self.sums[0] - self.sums[1]);
        before * before / n_before as f64 + behind * behind / n_behind as f64
    }

    fn impurity_left(&self, score: f64) -> f64 {
        ((self.squares - score) / self.n_rows as f64).max(0.0)
    }
}
