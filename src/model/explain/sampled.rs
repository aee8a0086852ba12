//! Contributions to any model's scores, sampled: permutations of the features (Štrumbelj and Kononenko 2014), against
//! the golden rows.
//!
//! For each golden row two orders of the features are walked through, one drawn and its reverse: beginning with the
//! golden row, one feature after the other takes the explained row's cell, and what the score changes by is the
//! feature's contribution. Each walk's changes add up to the difference of the two rows' scores, so that baseline and
//! contributions add up to the score whatever was drawn. The orders come from a fixed seed: a row's contributions do
//! not depend on when or beside which rows it is explained.

use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::pipeline::Pipeline;
use crate::model::prediction::{PredictError, Prediction};
use crate::model::schema::Schema;

/// The orders to walk through, and the rows to begin with.
#[derive(Debug)]
pub(super) struct Sampled {
    /// Golden rows, row-major `[n_rows, n_features]`.
    background: Vec<f64>,
    n_features: usize,
    /// One order of the features a golden row; it is walked from both ends.
    orders: Vec<Vec<u32>>,
    n_scores: usize,
}

impl Sampled {
    /// Of a model, with its golden rows; and the mean of their scores, the baseline.
    ///
    /// # Errors
    /// A golden row has no finite answer.
    pub(super) fn new(
        pipeline: &Pipeline,
        schema: &Schema,
        golden: &Batch,
        n_scores: usize,
    ) -> Result<(Self, Vec<f64>), PredictError> {
        let n_features = schema.n_features();
        let mut draw = Draw(0x5EED);
        let orders = golden.rows().map(|_| draw.order(n_features)).collect();
        let sampled = Self { background: golden.values().to_vec(), n_features, orders, n_scores };
        let scores = sampled.scores(pipeline, golden, &mut Scratch::default())?;
        #[expect(clippy::cast_precision_loss, reason = "there are at most 64 golden rows")]
        let n_rows = golden.n_rows() as f64;
        let mean = |score: usize| scores.iter().skip(score).step_by(n_scores).sum::<f64>() / n_rows;
        Ok((sampled, (0..n_scores).map(mean).collect()))
    }

    /// Adds a row's contributions to `out`, `[n_scores, n_features]`; false once `is_cancelled` says so.
    pub(super) fn explain(
        &self,
        pipeline: &Pipeline,
        schema: &Schema,
        row: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
        is_cancelled: &dyn Fn() -> bool,
    ) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "there are at most 64 golden rows")]
        let weight = 0.5 / self.orders.len() as f64;
        let backgrounds = self.background.chunks_exact(self.n_features);
        for (background, order) in backgrounds.zip(&self.orders) {
            for is_reversed in [false, true] {
                if is_cancelled() {
                    return false;
                }
                let order: Vec<usize> = if is_reversed {
                    order.iter().rev().map(|feature| *feature as usize).collect()
                } else {
                    order.iter().map(|feature| *feature as usize).collect()
                };
                let mut now = background.to_vec();
                let mut cells = now.clone();
                for feature in &order {
                    now[*feature] = row[*feature];
                    cells.extend_from_slice(&now);
                }
                // Its cells come from rows that fit.
                let Ok(walked) = Batch::from_rows(schema, cells) else { return false };
                let Ok(scores) = self.scores(pipeline, &walked, scratch) else { return false };
                for (step, feature) in order.iter().enumerate() {
                    for score in 0..self.n_scores {
                        let at = |step: usize| scores[step * self.n_scores + score];
                        out[score * self.n_features + feature] += weight * (at(step + 1) - at(step));
                    }
                }
            }
        }
        true
    }

    /// What is explained of each row, row-major `[n_rows, n_scores]`: its number; of a class its probability, or 1 where
    /// it is the answer of a method that has none.
    fn scores(&self, pipeline: &Pipeline, batch: &Batch, scratch: &mut Scratch) -> Result<Vec<f64>, PredictError> {
        let prediction = pipeline.predict_before_postprocessing(batch, scratch)?;
        Ok(match prediction {
            Prediction::Regression { values, .. } => values,
            Prediction::Classification { probability: Some(probability), classes } => {
                let n_classes = probability.len() / classes.len().max(1);
                let first = n_classes - self.n_scores;
                probability.chunks_exact(n_classes).flat_map(|of_row| of_row[first..].iter().copied()).collect()
            }
            Prediction::Classification { classes, probability: None } => {
                let is = |class: u32, score: usize| {
                    let of_score = if self.n_scores == 1 { 1 } else { score };
                    f64::from(u8::from(class as usize == of_score))
                };
                classes.iter().flat_map(|class| (0..self.n_scores).map(|score| is(*class, score))).collect()
            }
        })
    }

    /// Bytes that it occupies.
    pub(super) fn resident_bytes(&self) -> usize {
        size_of_val(self.background.as_slice()) + self.orders.len() * self.n_features * size_of::<u32>()
    }
}

/// `SplitMix64` (Steele, Lea and Flood 2014).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// An order of `0..n`: Fisher and Yates' shuffle. A remainder favours some by less than n / 2⁶⁴.
    fn order(&mut self, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..u32::try_from(n).unwrap_or(u32::MAX)).collect();
        for i in (1..order.len()).rev() {
            let other = self.next() % (i as u64 + 1);
            order.swap(i, usize::try_from(other).unwrap_or(0));
        }
        order
    }
}
