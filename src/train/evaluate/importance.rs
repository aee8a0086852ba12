//! Permutation importance: the features' cells are shuffled among rows, one feature at a time, and the figure that
//! ranks is computed anew. Raw cells are shuffled, so that the columns that a category is encoded into move together.
//!
//! Rows and shuffles are drawn from the seed alone, and the work is bounded by counts rather than by time: the
//! artifact's bytes depend neither on threads nor on the machine.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::artifact::{FeatureImportance, Importance};
use crate::model::batch::Batch;
use crate::model::prediction::Prediction;
use crate::model::schema::Schema;
use crate::train::data::target::Observed;
use crate::train::evaluate::parallel::{self, ParallelJobs};
use crate::train::evaluate::scoring::Scoring;
use crate::train::moments::{mean, variance};
use crate::train::random::SplitMix64;

/// The random stream of sample and shuffles.
const STREAM: u64 = 5;

/// Shuffles of each feature.
const REPEATS: u32 = 5;

/// Rows that are shuffled at most: of 2,000 the standard error of an accuracy is 1 % at most.
const MOST_ROWS: usize = 2_000;

/// Steps of prediction at most, as [`Predictor::steps_per_row`](crate::model::compiled::Predictor::steps_per_row)
/// counts them: 1 to 3 s of one core.
const MOST_STEPS: usize = 4_000_000_000;

/// With fewer rows than this, unless there are no more, shuffles say little: then importance is not measured.
const LEAST_ROWS: usize = 50;

/// What is measured, and how.
pub(crate) struct ImportanceTask<'a> {
    /// Answers for a batch; `None` where one is not finite.
    pub(crate) predict: &'a (dyn Fn(&Batch) -> Option<Prediction> + Sync),
    /// Steps of predicting one row.
    pub(crate) steps_per_row: usize,
    pub(crate) schema: &'a Schema,
    pub(crate) scoring: Scoring,
    /// The rows: `holdout`, `training` or `data`.
    pub(crate) on: &'static str,
    pub(crate) batch: &'a Batch,
    pub(crate) observed: &'a Observed,
    pub(crate) seed: u64,
    pub(crate) threads: NonZeroUsize,
}

impl ImportanceTask<'_> {
    /// The importance of every feature.
    ///
    /// # Errors
    /// Why it is not measured, as a clause.
    pub(crate) fn measure(&self) -> Result<Importance, String> {
        let (n_features, of_rows) = (self.batch.n_features(), self.batch.n_rows());
        let affordable = MOST_STEPS / (n_features * REPEATS as usize).saturating_mul(self.steps_per_row.max(1)).max(1);
        let n_rows = of_rows.min(MOST_ROWS).min(affordable);
        if n_rows < of_rows.min(LEAST_ROWS) {
            return Err(format!(
                "{REPEATS} shuffles of {n_features} features would take too long on {} rows",
                of_rows.min(LEAST_ROWS)
            ));
        }
        let mut random = SplitMix64::new(self.seed, STREAM);
        let mut sample: Vec<usize> = (0..of_rows).collect();
        if n_rows < of_rows {
            random.shuffle(&mut sample);
            sample.truncate(n_rows);
            sample.sort_unstable();
        }
        let cells = sample.iter().flat_map(|row| self.batch.row(*row).iter().copied()).collect();
        let batch = Batch::from_rows(self.schema, cells)?;
        let observed = self.observed.of_rows(&sample);
        let orders: Vec<Vec<usize>> = (0..REPEATS)
            .map(|_| {
                let mut order: Vec<usize> = (0..n_rows).collect();
                random.shuffle(&mut order);
                order
            })
            .collect();
        let figure = |batch: &Batch| {
            let answers = (self.predict)(batch).ok_or("an answer for shuffled rows is not a finite number")?;
            self.scoring
                .ranking_figure(&observed, &answers)
                .ok_or("the figure that ranks is not defined for these rows")
        };
        let unshuffled = figure(&batch)?;
        let in_order: Vec<usize> = (0..n_rows).collect();
        let shuffles =
            Shuffles { batch: &batch, orders: &orders, in_order: &in_order, figure: &figure, copies: Mutex::default() };
        let measured = parallel::run(self.threads, n_features, &shuffles);
        let sign = self.scoring.ranking().sign;
        let mut features = Vec::with_capacity(n_features);
        for (feature, figures) in self.schema.features().iter().zip(measured) {
            // Adding 0 makes 0 of −0.
            let worse: Vec<f64> = figures?.iter().map(|shuffled| sign * (unshuffled - shuffled) + 0.0).collect();
            let (mean, sd) = (mean(&worse), variance(&worse).sqrt());
            features.push(FeatureImportance { feature: feature.name.clone(), mean, sd, contribution: None });
        }
        // Stable: ties stay in schema order.
        features.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        Ok(Importance {
            figure: self.scoring.ranking().name.to_owned(),
            unshuffled,
            on: self.on.to_owned(),
            rows: n_rows as u64,
            of_rows: of_rows as u64,
            repeats: REPEATS,
            seed: self.seed,
            features,
            contribution_rows: None,
        })
    }
}

/// A figure of a batch, or why there is none.
type Figure<'a> = &'a (dyn Fn(&Batch) -> Result<f64, &'static str> + Sync);

/// Features to shuffle, a job each.
struct Shuffles<'a> {
    batch: &'a Batch,
    /// For each repeat the row that each row's cell is taken from.
    orders: &'a [Vec<usize>],
    /// The same without a shuffle.
    in_order: &'a [usize],
    figure: Figure<'a>,
    /// Copies of the rows that no thread works on: one a thread at most, each as the rows are.
    copies: Mutex<Vec<Batch>>,
}

impl Shuffles<'_> {
    fn copies(&self) -> MutexGuard<'_, Vec<Batch>> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ParallelJobs for Shuffles<'_> {
    type Context = ();
    type Part = Result<Vec<f64>, &'static str>;
    type Output = Self::Part;

    fn n_parts(&self, _: usize) -> usize {
        1
    }

    fn prepare(&self, _: usize) {}

    fn part(&self, feature: usize, _: usize, (): &()) -> Self::Part {
        let copy = self.copies().pop();
        let mut shuffled = copy.unwrap_or_else(|| self.batch.clone());
        let figure = |order: &Vec<usize>| {
            shuffled.take_column(feature, self.batch, order);
            (self.figure)(&shuffled)
        };
        let figures = self.orders.iter().map(figure).collect();
        shuffled.take_column(feature, self.batch, self.in_order);
        self.copies().push(shuffled);
        figures
    }

    fn finish(&self, _: usize, (): &(), mut parts: Vec<Self::Part>) -> Self::Output {
        parts.pop().unwrap_or(Ok(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::{Feature, Target, Task};

    #[test]
    fn few_rows_are_shuffled_where_a_row_takes_long_and_none_where_too_long() {
        let features = (0..3).map(|at| Feature::imported(format!("c{at}"), false)).collect();
        let target = Target { name: "y".to_owned(), unit: None, classes: Vec::new(), outputs: None };
        let schema = Schema::new(features, target, Task::Regression).unwrap();
        let batch = Batch::from_rows(&schema, (0..300).map(f64::from).collect()).unwrap();
        let observed = Observed::Values((0..100).map(f64::from).collect());
        let measure = |steps_per_row, factor: f64| {
            let task = ImportanceTask {
                predict: &|batch| {
                    let values: Vec<f64> = batch.rows().map(|row| row[0] * factor).collect();
                    let is_finite = values.iter().all(|value| value.is_finite());
                    is_finite.then_some(Prediction::Regression { values, n_outputs: 1 })
                },
                steps_per_row,
                schema: &schema,
                scoring: Scoring::of_classes(0),
                on: "data",
                batch: &batch,
                observed: &observed,
                seed: 1,
                threads: NonZeroUsize::MIN,
            };
            task.measure()
        };
        let all = measure(10, 1.0 / 3.0).unwrap();
        assert_eq!((all.rows, all.of_rows, all.features[0].feature.as_str()), (100, 100, "c0"));
        assert!(all.features[0].mean > 10.0 && all.features[1].mean == 0.0 && all.features[2].sd == 0.0, "{all:?}");
        // 4·10⁹ / (3 features · 5 shuffles · 3,333,333 steps).
        assert_eq!(measure(3_333_333, 1.0 / 3.0).unwrap().rows, 80);
        let refused = measure(10_000_000, 1.0 / 3.0).unwrap_err();
        assert_eq!(refused, "5 shuffles of 3 features would take too long on 50 rows");
        assert_eq!(measure(10, f64::INFINITY).unwrap_err(), "an answer for shuffled rows is not a finite number");
    }
}
