//! Models to serve, trained once a run.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::batch::Batch;
use smartserve::serve::registry::{ServedModel, Snapshot};
use smartserve::table::TableFile;
use smartserve::train::{Options, TrainSpec, train};

/// What to train.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) data: &'static str,
    pub(crate) target: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) trees: Option<u64>,
}

/// A row costs tens of microseconds: 10,000 rows are long work.
pub(crate) const SLOW: Recipe =
    Recipe { data: "boston.csv", target: "MEDV", algorithm: Algorithm::RandomForest, trees: Some(400) };

/// A row costs nothing worth mentioning.
pub(crate) const QUICK: Recipe =
    Recipe { data: "boston.csv", target: "MEDV", algorithm: Algorithm::Ridge, trees: None };

/// Three classes.
pub(crate) const CLASSES: Recipe =
    Recipe { data: "iris.csv", target: "species", algorithm: Algorithm::Logistic, trees: None };

/// The artifact of a recipe, trained anew.
pub(crate) fn artifact(recipe: Recipe, name: &str, seed: u64) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(recipe.data);
    let mut options = Options::default();
    recipe.trees.iter().for_each(|trees| options.set("trees", trees).unwrap());
    let spec = TrainSpec {
        options,
        folds: Some(0),
        test_size: 0.0,
        seed,
        threads: NonZeroUsize::new(2).unwrap(),
        ..TrainSpec::new(name, recipe.target, recipe.algorithm)
    };
    train(&spec, &TableFile::open(&path).unwrap(), &()).unwrap().artifact
}

/// The artifact of [`SLOW`].
fn slow_artifact() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| artifact(SLOW, "slow", 1))
}

pub(crate) fn slow() -> Snapshot {
    Arc::new(ServedModel::new("slow", Model::load(slow_artifact()).unwrap(), true))
}

pub(crate) fn quick(name: &str, seed: u64) -> Snapshot {
    Arc::new(ServedModel::new(name, Model::load(&artifact(QUICK, name, seed)).unwrap(), false))
}

pub(crate) fn classes() -> Snapshot {
    Arc::new(ServedModel::new("iris", Model::load(&artifact(CLASSES, "iris", 1)).unwrap(), false))
}

/// `n` rows made of the golden ones.
pub(crate) fn rows(served: &ServedModel, n: usize) -> Batch {
    let golden = served.model.golden_batch();
    let cells = golden.values().iter().copied().cycle().take(n * golden.n_features()).collect();
    Batch::from_rows(served.model.schema(), cells).unwrap()
}
