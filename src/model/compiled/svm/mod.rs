//! Support vector machines, from our own form of smartcore's `SVR` and `SVC` (`model::support`), bit-identical to
//! smartcore's in-memory `predict` on the machine that trained.
//!
//! Stands apart because rows meet support vectors in blocks: the kernel is computed once for a support vector and a
//! row, whatever the number of machines that share the vector, eight vectors side by side and four rows at a time; then
//! every machine adds its terms in smartcore's order. Nothing is vectorized across what is summed, so that no sum
//! differs by a bit; `exp`, `powf` and `tanh` are the platform's, as smartcore's are. One exception: a polynomial of a
//! whole degree is multiplied out, several times faster than `powf`, and agrees with it within 1e-12 × Σ|terms|.

#![expect(clippy::inline_always, reason = "for `widest`")]

mod row_tiles;

use super::simd::widest;
use crate::model::smartcore::Kernel;
use crate::model::smartcore::postcard::{Fault, Reader};
use crate::model::smartcore::trees::columns;
use row_tiles::{LANES, Tiles};

/// Rows that meet the support vectors together.
const ROWS_TOGETHER: usize = 4;

/// One decision function.
#[derive(Debug, Clone)]
struct Machine {
    /// Support vectors, in the order of summation.
    vectors: Vec<u32>,
    weights: Vec<f64>,
    intercept: f64,
}

/// Decision functions that share support vectors and a kernel.
#[derive(Debug, Clone)]
pub(super) struct Machines {
    kernel: Kernel,
    vectors: Tiles,
    sums: Vec<Machine>,
}

impl Machines {
    /// `SupportMachines` of as many machines.
    pub(super) fn decode(reader: &mut Reader<'_>, n_columns: usize, n_machines: usize) -> Result<Self, Fault> {
        let kernel = kernel(reader)?;
        columns(reader, n_columns)?;
        let cells = reader.length(8, "cells of support vectors")?;
        if cells % n_columns != 0 {
            return reader.fault(format_args!("{cells} cells do not make support vectors of {n_columns} columns"));
        }
        let mut vectors = Tiles::new(n_columns);
        for _ in 0..cells / n_columns {
            vectors.read_row(reader, "cell of a support vector")?;
        }
        // A machine is two empty lists and an f64 at least.
        let told = reader.length(10, "machines")?;
        if told != n_machines {
            return reader.fault(format_args!("{told} machines, the header's classes make {n_machines}"));
        }
        let machines = (0..told).map(|_| machine(reader, vectors.n_rows())).collect::<Result<_, Fault>>()?;
        Ok(Self { kernel, vectors, sums: machines })
    }

    pub(super) fn n_machines(&self) -> usize {
        self.sums.len()
    }

    pub(super) fn resident_bytes(&self) -> usize {
        let of_machines: usize = self.sums.iter().map(|m| m.vectors.len() * 12 + size_of::<Machine>()).sum();
        self.vectors.resident_bytes() + of_machines
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

    /// Σ|terms| of [`Machines::sums`]: what another CPU's `exp`, `powf` or `tanh` may move them by is a share of this.
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
        let n_columns = self.vectors.n_columns();
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
        if let [machine] = self.sums.as_slice() {
            machine.sum(values, &mut sums, start, term);
            for sum in sums {
                add(0, sum);
            }
            return;
        }
        // Rows come one after the other: with several machines their sums are found a row at a time.
        for row in 0..ROWS {
            for (i, machine) in self.sums.iter().enumerate() {
                add(i, machine.sum_of(row, values, start, term));
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
        let n_columns = self.vectors.n_columns();
        for tile in self.vectors.iter() {
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

impl Machine {
    /// intercept + Σ weight · kernel for one row of several.
    #[inline]
    fn sum_of<const ROWS: usize>(
        &self,
        row: usize,
        values: &[[f64; ROWS]],
        start: &impl Fn(f64) -> f64,
        term: &impl Fn(f64, f64) -> f64,
    ) -> f64 {
        let mut sum = start(self.intercept);
        for (vector, weight) in self.vectors.iter().zip(&self.weights) {
            sum += term(*weight, values[*vector as usize][row]);
        }
        sum
    }

    /// intercept + Σ weight · kernel for several rows at once.
    #[inline]
    fn sum<const ROWS: usize>(
        &self,
        values: &[[f64; ROWS]],
        sums: &mut [f64; ROWS],
        start: &impl Fn(f64) -> f64,
        term: &impl Fn(f64, f64) -> f64,
    ) {
        *sums = [start(self.intercept); ROWS];
        for (vector, weight) in self.vectors.iter().zip(&self.weights) {
            for (sum, value) in sums.iter_mut().zip(&values[*vector as usize]) {
                *sum += term(*weight, *value);
            }
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

fn kernel(reader: &mut Reader<'_>) -> Result<Kernel, Fault> {
    let positive = |what: &str, reader: &mut Reader<'_>| match reader.finite(what)? {
        value if value > 0.0 => Ok(value),
        value => reader.fault(format_args!("the kernel's {what} is {value}, not above 0")),
    };
    match reader.u32()? {
        0 => Ok(Kernel::Linear),
        1 => Ok(Kernel::Rbf { gamma: positive("gamma", reader)? }),
        2 => {
            let (degree, gamma) = (positive("degree", reader)?, positive("gamma", reader)?);
            Ok(Kernel::Polynomial { degree, gamma, coef0: reader.finite("coef0")? })
        }
        3 => Ok(Kernel::Sigmoid { gamma: positive("gamma", reader)?, coef0: reader.finite("coef0")? }),
        other => reader.fault(format_args!("there is no kernel {other}")),
    }
}

fn machine(reader: &mut Reader<'_>, n_vectors: usize) -> Result<Machine, Fault> {
    let n = reader.length(1, "support vectors")?;
    let mut vectors = Vec::with_capacity(n);
    for _ in 0..n {
        let vector = reader.u32()?;
        if vector as usize >= n_vectors {
            return reader.fault(format_args!("a machine has support vector {vector} of {n_vectors}"));
        }
        vectors.push(vector);
    }
    let weights = reader.finites("weight")?;
    if weights.len() != n {
        return reader.fault(format_args!("{n} support vectors have {} weights", weights.len()));
    }
    Ok(Machine { vectors, weights, intercept: reader.finite("intercept")? })
}
