//! A cheap lower bound of distances that rules out most rows, and never one that is among the nearest.
//!
//! It works on an f32 copy of the training rows. With columns centred and scaled by a power of two, q and t become q'
//! and t' in f32, and ‖q' − t'‖² = ‖q'‖² + ‖t'‖² − 2⟨q', t'⟩ takes one multiplication and one addition a column, 32
//! rows side by side. Let u = 2⁻²³, twice the unit roundoff of f32.
//!
//! - Rounding moved q by at most u‖q'‖ and t by at most u T, T being the largest ‖t'‖: together by
//!   δ = u (‖q'‖ + T) + tiny, so that the scaled distance is at least ‖q' − t'‖ − δ.
//! - The f32 sum of p products and ‖t'‖² is off by at most ε = (p + 3) u (T² + 2 ‖q'‖ T) + tiny.
//!
//! So a row with ‖t'‖² − 2⟨q', t'⟩ ≥ (b + δ)² + ε − ‖q'‖², where b is the scaled distance to beat, is not nearer than
//! that. `tiny` covers what is lost below the smallest normal f32, and a factor of 1 + 2⁻⁴⁰ on b the rounding of f64.

/// Rows of a tile: eight 128-bit sums.
pub(super) const LANES: usize = 32;

/// Twice the unit roundoff of f32.
const U: f64 = f32::EPSILON as f64;

/// Far above what p ≤ 65,535 terms lose below the smallest normal f32, far below any distance in scaled units.
const TINY: f64 = 1e-30;

/// Scaled cells of a query at most: their squares stay far inside f32.
const LARGEST_CELL: f64 = 1e12;

/// The training rows as the prefilter sees them.
#[derive(Debug, Clone)]
pub(super) struct Prefilter {
    /// t', `[n_tiles, n_columns, LANES]`.
    cells: Vec<f32>,
    /// ‖t'‖², `[n_tiles, LANES]`; +∞ beyond the last row.
    norms: Vec<f32>,
    centres: Vec<f64>,
    scale: f64,
    /// T.
    largest: f64,
    /// False when the cells' sizes forbid scaling: nothing is ruled out then.
    works: bool,
}

/// A query as the prefilter sees it, its cells apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Query {
    /// ‖q'‖²; NaN when nothing can be ruled out for it.
    square: f64,
    delta: f64,
    epsilon: f64,
}

impl Prefilter {
    /// Copies row-major `rows`.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is the purpose")]
    pub(super) fn new(rows: &[f64], n_columns: usize) -> Self {
        let n_tiles = (rows.len() / n_columns).div_ceil(LANES);
        let centres = centres(rows, n_columns);
        let moved = || rows.chunks_exact(n_columns).map(|row| row.iter().zip(&centres).map(|(x, c)| x - c));
        let widest = moved().flatten().map(f64::abs).fold(0.0, f64::max);
        let works = (1e-250..1e250).contains(&widest);
        // The power of two below: scaled cells lie between −2 and 2, and scaling rounds nothing.
        let scale = if works { (-widest.log2().floor()).exp2() } else { 0.0 };
        let mut prefilter = Self {
            cells: vec![0.0; n_tiles * n_columns * LANES],
            norms: vec![f32::INFINITY; n_tiles * LANES],
            centres: centres.clone(),
            scale,
            largest: 0.0,
            works,
        };
        if !works {
            prefilter.norms.fill(0.0);
            return prefilter;
        }
        for (r, row) in moved().enumerate() {
            let tile = &mut prefilter.cells[r / LANES * n_columns * LANES..][..n_columns * LANES];
            let mut norm = 0.0;
            for (x, lanes) in row.zip(tile.chunks_exact_mut(LANES)) {
                let cell = (x * scale) as f32;
                lanes[r % LANES] = cell;
                norm += f64::from(cell) * f64::from(cell);
            }
            prefilter.norms[r] = norm as f32;
            prefilter.largest = prefilter.largest.max(norm.sqrt());
        }
        prefilter
    }

    /// Takes a query in; −2 q' is appended to `cells`.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is the purpose")]
    #[expect(clippy::cast_precision_loss, reason = "there are at most 65,535 columns")]
    pub(super) fn query(&self, row: &[f64], cells: &mut Vec<f32>) -> Query {
        let from = cells.len();
        let mut square = 0.0;
        for (x, centre) in row.iter().zip(&self.centres) {
            let scaled = (x - centre) * self.scale;
            let cell = if scaled.abs() <= LARGEST_CELL { scaled as f32 } else { f32::NAN };
            square += f64::from(cell) * f64::from(cell);
            cells.push(-2.0 * cell);
        }
        if !self.works || square.is_nan() {
            cells[from..].fill(0.0);
            square = f64::NAN;
        }
        let (size, t) = (square.sqrt(), self.largest);
        let epsilon = (row.len() as f64 + 3.0) * U * (t * t + 2.0 * size * t + square * 1e-6) + TINY;
        Query { square, delta: U * (size + t) + TINY, epsilon }
    }

    /// What a sum must reach for its row to be ruled out, given the distance to beat.
    #[expect(clippy::cast_possible_truncation, reason = "rounded up after")]
    pub(super) fn limit(&self, query: &Query, distance: f64) -> f32 {
        let reach = distance * self.scale * (1.0 + 1e-12) + query.delta;
        let limit = reach * reach + query.epsilon - query.square;
        // Nothing is ruled out for a NaN.
        if limit.is_nan() { f32::INFINITY } else { (limit as f32).next_up() }
    }

    /// ‖t'‖² − 2⟨q', t'⟩ for the rows of one tile.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "for `widest`")]
    pub(super) fn sums(&self, tile: usize, query: &[f32]) -> [f32; LANES] {
        let n_columns = query.len();
        let mut sums = [0.0; LANES];
        sums.copy_from_slice(&self.norms[tile * LANES..][..LANES]);
        let cells = &self.cells[tile * n_columns * LANES..][..n_columns * LANES];
        for (q, lanes) in query.iter().zip(cells.as_chunks::<LANES>().0) {
            for (sum, t) in sums.iter_mut().zip(lanes) {
                *sum += q * t;
            }
        }
        sums
    }
}

/// The columns' means.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn centres(rows: &[f64], n_columns: usize) -> Vec<f64> {
    let n = (rows.len() / n_columns) as f64;
    let mut means = vec![0.0; n_columns];
    for row in rows.chunks_exact(n_columns) {
        for (mean, x) in means.iter_mut().zip(row) {
            *mean += x / n;
        }
    }
    means
}
