//! The hyperparameters that `--tune` searches, and the candidates that it draws.

use crate::model::artifact::Setting;
use crate::train::data::target::Observed;
use crate::train::data::training_data::TrainingData;
use crate::train::moments::variance;
use crate::train::options::draw::DataShape;
use crate::train::options::{Hyperparameters, OPTIONS, OptionInfo, SearchRange};
use crate::train::random::SplitMix64;
use crate::train::spec::TrainSpec;

/// The random stream of candidates.
const STREAM: u64 = 3;
/// Most draws for one candidate until it differs from those before it; then the search has fewer candidates.
const ATTEMPTS: usize = 50;

/// The options that are searched, by flag name, in the order they are drawn.
pub(crate) struct SearchSpace(Vec<(&'static str, &'static SearchRange)>);

impl SearchSpace {
    /// Every option that can be searched, that the algorithm with `base` has and that was not given.
    pub(crate) fn new(spec: &TrainSpec, base: &Hyperparameters) -> Self {
        let is_free =
            |option: &&OptionInfo| base.0.contains_key(option.name) && !spec.options.0.contains_key(option.name);
        let searched = in_draw_order().filter(is_free);
        Self(searched.filter_map(|option| Some((option.name, option.search_for(spec.algorithm)?))).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The options' names with what is drawn, in words.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().map(|(name, search)| (*name, search.range))
    }

    /// Up to `n` different candidates: first `base`, then draws.
    pub(crate) fn candidates(
        &self,
        spec: &TrainSpec,
        data: &TrainingData,
        base: &Hyperparameters,
        n: usize,
    ) -> Vec<Hyperparameters> {
        let shape = shape(data);
        let mut random = SplitMix64::new(spec.seed, STREAM);
        let mut all = vec![base.clone()];
        while all.len() < n {
            let mut draws = (0..ATTEMPTS).map(|_| {
                let drawn: Vec<(&'static str, Setting)> =
                    self.0.iter().map(|(name, search)| (*name, (search.draw)(&shape, &mut random))).collect();
                base.with(drawn)
            });
            match draws.find(|candidate| !all.contains(candidate)) {
                Some(new) => all.push(new),
                None => break,
            }
        }
        all
    }
}

/// The table's options, but `trees` behind `max-features`: what a seed draws depends on the order.
fn in_draw_order() -> impl Iterator<Item = &'static OptionInfo> {
    let [trees, max_depth, min_samples_leaf, max_features, others @ ..] = &OPTIONS;
    [max_depth, min_samples_leaf, max_features, trees].into_iter().chain(others)
}

/// The shape of the rows that a fold's fit reads.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn shape(data: &TrainingData) -> DataShape {
    let n_train = data.observed().len();
    let n_columns: usize = data.split.schema.features().iter().map(|f| f.categories.len().max(1)).sum();
    DataShape {
        n_rows: (n_train - n_train.div_ceil(data.folds.n().max(2) as usize)) as f64,
        n_columns: u32::try_from(n_columns).unwrap_or(u32::MAX),
        spread: match data.observed() {
            Observed::Values(y) => variance(y).sqrt(),
            Observed::Classes(_) => 1.0,
        },
    }
}
