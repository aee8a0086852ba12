//! Support vector machines, bit-identical to smartcore's in-memory `predict` on the machine that trained.
//!
//! Rows meet support vectors in blocks: the kernel is computed once for a support vector and a
//! row, whatever the number of machines that share the vector, eight vectors side by side and four rows at a time; then
//! every machine adds its terms in smartcore's order. Nothing is vectorized across what is summed, so that no sum
//! differs by a bit; `exp`, `powf` and `tanh` are the platform's, as smartcore's are. One exception: a polynomial of a
//! whole degree is multiplied out, several times faster than `powf`, and agrees with it within 1e-12 × Σ|terms|.

#![expect(clippy::inline_always, reason = "for `widest`")]

use super::simd::widest;
use crate::model::ir::{Kernel, Machine, Svm};

/// Rows of a tile: four 128-bit sums of two lanes, enough to hide the latency of an addition.
const LANES: usize = 8;

/// Rows that meet the support vectors together.
const ROWS_TOGETHER: usize = 4;

/// Decision functions that share support vectors and a kernel.
#[derive(Debug, Clone)]
pub(super) struct KernelSums {
    kernel: Kernel,
    vectors: RowTiles,
    machines: Vec<Machine>,
}

impl KernelSums {
    pub(super) fn new(svm: &Svm) -> Self {
        let vectors = RowTiles::new(&svm.vectors, svm.n_columns);
        Self { kernel: svm.kernel, vectors, machines: svm.machines.clone() }
    }

    /// Support vectors, all machines together.
    pub(super) fn n_vectors(&self) -> usize {
        self.vectors.cells.len() / self.vectors.n_columns.max(1)
    }

    pub(super) fn n_machines(&self) -> usize {
        self.machines.len()
    }

    /// True when answers are the same on every CPU: nothing but products and sums.
    pub(super) fn is_portable(&self) -> bool {
        match self.kernel {
            Kernel::Linear => true,
            Kernel::Polynomial { degree, .. } => whole(degree).is_some(),
            Kernel::Rbf { .. } | Kernel::Sigmoid { .. } => false,
        }
    }

    /// Every machine's intercept + Σ weight · kernel: calls `add` with (machine, sum), rows in order and for each row
    /// the machines in order. `buffer` holds kernel values.
    pub(super) fn sums(&self, matrix: &[f64], buffer: &mut Vec<f64>, add: impl FnMut(usize, f64)) {
        self.each(matrix, buffer, |intercept| intercept, |weight, kernel| weight * kernel, add);
    }

    /// Σ|terms| of [`KernelSums::sums`]: what another CPU's `exp`, `powf` or `tanh` may move them by is a share of
    /// this.
    pub(super) fn magnitudes(&self, matrix: &[f64], buffer: &mut Vec<f64>, add: impl FnMut(usize, f64)) {
        self.each(matrix, buffer, f64::abs, |weight, kernel| (weight * kernel).abs(), add);
    }

    #[inline]
    fn each(
        &self,
        matrix: &[f64],
        buffer: &mut Vec<f64>,
        start: impl Fn(f64) -> f64,
        term: impl Fn(f64, f64) -> f64,
        mut add: impl FnMut(usize, f64),
    ) {
        let n_columns = self.vectors.n_columns;
        let mut block = matrix.chunks_exact(ROWS_TOGETHER * n_columns);
        for rows in &mut block {
            self.block::<ROWS_TOGETHER>(rows, buffer, &start, &term, &mut add);
        }
        for row in block.remainder().chunks_exact(n_columns) {
            self.block::<1>(row, buffer, &start, &term, &mut add);
        }
    }

    /// `ROWS` rows.
    fn block<const ROWS: usize>(
        &self,
        rows: &[f64],
        buffer: &mut Vec<f64>,
        start: &impl Fn(f64) -> f64,
        term: &impl Fn(f64, f64) -> f64,
        add: &mut impl FnMut(usize, f64),
    ) {
        widest(
            #[inline(always)]
            || self.kernels::<ROWS>(rows, buffer),
        );
        let values = buffer.as_chunks::<ROWS>().0;
        let mut sums = [0.0; ROWS];
        if let [machine] = self.machines.as_slice() {
            sum_rows(machine, values, &mut sums, start, term);
            for sum in sums {
                add(0, sum);
            }
            return;
        }
        // `add` takes rows in order, and of each row the machines in order.
        for row in 0..ROWS {
            for (i, machine) in self.machines.iter().enumerate() {
                add(i, sum_row(machine, row, values, start, term));
            }
        }
    }

    /// The kernel of every support vector and row, `[n_vectors, ROWS]`, into `buffer`.
    #[inline(always)]
    fn kernels<const ROWS: usize>(&self, rows: &[f64], buffer: &mut Vec<f64>) {
        buffer.clear();
        match self.kernel {
            Kernel::Linear => self.each_tile::<ROWS>(rows, buffer, product, |dots| dots),
            Kernel::Rbf { gamma } => {
                // smartcore negates γ first.
                let minus_gamma = -gamma;
                self.each_tile::<ROWS>(rows, buffer, squared_difference, |squares| {
                    squares.map(|square| (minus_gamma * square).exp())
                });
            }
            Kernel::Polynomial { degree, gamma, coef0 } => match whole(degree) {
                Some(degree) => self.each_tile::<ROWS>(rows, buffer, product, |dots| {
                    multiplied_out(dots.map(|dot| gamma * dot + coef0), degree)
                }),
                None => self.each_tile::<ROWS>(rows, buffer, product, |dots| {
                    dots.map(|dot| (gamma * dot + coef0).powf(degree))
                }),
            },
            Kernel::Sigmoid { gamma, coef0 } => {
                self.each_tile::<ROWS>(rows, buffer, product, |dots| dots.map(|dot| (gamma * dot + coef0).tanh()));
            }
        }
    }

    /// Sums `combine` over the columns, from the first to the last, and puts the sum through `shape`.
    #[inline(always)]
    fn each_tile<const ROWS: usize>(
        &self,
        rows: &[f64],
        buffer: &mut Vec<f64>,
        combine: impl Fn(f64, f64) -> f64,
        shape: impl Fn([f64; LANES]) -> [f64; LANES],
    ) {
        let n_columns = self.vectors.n_columns;
        for tile in self.vectors.cells.chunks_exact(n_columns * LANES) {
            // The sum of an iterator of f64 starts at −0.
            let mut sums = [[-0.0; LANES]; ROWS];
            for (row, sums) in rows.chunks_exact(n_columns).zip(&mut sums) {
                for (x, cells) in row.iter().zip(tile.as_chunks::<LANES>().0) {
                    for (sum, cell) in sums.iter_mut().zip(cells) {
                        *sum += combine(*x, *cell);
                    }
                }
            }
            let values = sums.map(&shape);
            for lane in 0..LANES {
                buffer.extend(values.iter().map(|of_row| of_row[lane]));
            }
        }
    }
}

/// intercept + Σ weight · kernel for one row of several.
#[inline]
fn sum_row<const ROWS: usize>(
    machine: &Machine,
    row: usize,
    values: &[[f64; ROWS]],
    start: &impl Fn(f64) -> f64,
    term: &impl Fn(f64, f64) -> f64,
) -> f64 {
    let mut sum = start(machine.intercept);
    for (vector, weight) in machine.vectors.iter().zip(&machine.weights) {
        sum += term(*weight, values[*vector as usize][row]);
    }
    sum
}

/// intercept + Σ weight · kernel for several rows at once.
#[inline]
fn sum_rows<const ROWS: usize>(
    machine: &Machine,
    values: &[[f64; ROWS]],
    sums: &mut [f64; ROWS],
    start: &impl Fn(f64) -> f64,
    term: &impl Fn(f64, f64) -> f64,
) {
    *sums = [start(machine.intercept); ROWS];
    for (vector, weight) in machine.vectors.iter().zip(&machine.weights) {
        for (sum, value) in sums.iter_mut().zip(&values[*vector as usize]) {
            *sum += term(*weight, *value);
        }
    }
}

#[inline(always)]
fn product(x: f64, v: f64) -> f64 {
    x * v
}

#[inline(always)]
fn squared_difference(x: f64, v: f64) -> f64 {
    (x - v) * (x - v)
}

/// A degree that is worth multiplying out.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a small whole number")]
fn whole(degree: f64) -> Option<u32> {
    (degree.fract() == 0.0 && (1.0..=1024.0).contains(&degree)).then_some(degree as u32)
}

/// Every lane to the power of `degree`, by squaring.
#[inline(always)]
fn multiplied_out(mut base: [f64; LANES], mut degree: u32) -> [f64; LANES] {
    let mut power = [1.0; LANES];
    loop {
        if degree % 2 == 1 {
            power.iter_mut().zip(&base).for_each(|(p, b)| *p *= b);
        }
        degree /= 2;
        if degree == 0 {
            return power;
        }
        for b in &mut base {
            *b *= *b;
        }
    }
}

/// Finite values, `[n_tiles, n_columns, LANES]`: eight rows side by side, column by column; the last tile is filled up
/// with zeros. Every lane adds in smartcore's order, and the compiler may still use vector instructions.
#[derive(Debug, Clone)]
struct RowTiles {
    cells: Vec<f64>,
    n_columns: usize,
}

impl RowTiles {
    /// Lays out row-major `rows` of `n_columns` cells.
    fn new(rows: &[f64], n_columns: usize) -> Self {
        let n_tiles = (rows.len() / n_columns).div_ceil(LANES);
        let mut cells = vec![0.0; n_tiles * n_columns * LANES];
        for (r, row) in rows.chunks_exact(n_columns).enumerate() {
            let tile = &mut cells[r / LANES * n_columns * LANES..];
            for (column, cell) in row.iter().enumerate() {
                tile[column * LANES + r % LANES] = *cell;
            }
        }
        Self { cells, n_columns }
    }
}
