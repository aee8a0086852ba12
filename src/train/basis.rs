//! What a table gives before anything is fitted: the schema, the rows to learn from, those set aside, the folds.

use super::dataset::{self, Dataset};
use super::encode::{self, Encoded};
use super::error::TrainError;
use super::fitting::Recipe;
use super::options::Hyperparameters;
use super::report::DataReport;
use super::runs::Runner;
use super::search::Ground;
use super::spec::TrainSpec;
use super::target::Observed;
use super::{Progress, split};
use crate::model::schema::Target;
use crate::table::TableFile;

/// The ground that all fits of a run stand on.
pub(super) struct Basis {
    pub(super) encoded: Encoded,
    /// The fold that holds each training row out.
    fold: Vec<u32>,
    file: String,
    n_rows: usize,
    n_test: usize,
}

impl Basis {
    /// Reads a table as the specification says and sets rows aside.
    pub(super) fn read(spec: &TrainSpec, table: &TableFile) -> Result<Self, TrainError> {
        let dataset = dataset::read(spec, table)?;
        let n_rows = dataset.observed.len();
        let split = split::holdout(n_rows, dataset.observed.classes(), spec.test_size, spec.seed);
        check_rows(spec, &dataset.file, split.train.len())?;
        let target = Target { name: spec.target.clone(), unit: None, classes: dataset.classes.clone() };
        let mut encoded = encode::encode(&dataset, target, &split)?;
        let Dataset { file, warnings, .. } = dataset;
        encoded.warnings.splice(0..0, warnings);
        let observed = &encoded.train.observed;
        let fold = split::folds(observed.len(), observed.classes(), spec.folds.max(1), spec.seed);
        Ok(Self { encoded, fold, file, n_rows, n_test: split.test.len() })
    }

    /// How a candidate is fitted.
    pub(super) fn recipe<'a>(&'a self, spec: &TrainSpec, parameters: &'a Hyperparameters) -> Recipe<'a> {
        Recipe {
            file: &self.file,
            schema: &self.encoded.schema,
            algorithm: spec.algorithm,
            parameters,
            scale: spec.scales(),
            seed: spec.seed,
        }
    }

    pub(super) fn runner<'a>(&'a self, spec: &TrainSpec, progress: &'a dyn Progress) -> Runner<'a> {
        Runner { train: &self.encoded.train, fold: &self.fold, threads: spec.threads, progress }
    }

    /// The fold of every training row.
    pub(super) fn fold(&self) -> Vec<u32> {
        self.fold.clone()
    }

    pub(super) fn observed(&self) -> &Observed {
        &self.encoded.train.observed
    }

    /// The number of classes; 0 for regression.
    pub(super) fn n_classes(&self) -> usize {
        self.encoded.schema.target().classes.len()
    }

    /// What a search's draws depend on.
    pub(super) fn ground(&self, spec: &TrainSpec) -> Ground {
        let n_train = self.observed().len();
        Ground {
            n_rows: n_train - n_train.div_ceil(spec.folds.max(2) as usize),
            n_columns: self.encoded.schema.features().iter().map(|f| f.categories.len().max(1)).sum(),
            spread: spread(self.observed()),
        }
    }

    /// What the report tells of the table; the sealed report knows the columns.
    pub(super) fn data(&self, sealed: DataReport) -> DataReport {
        DataReport {
            file: self.file.clone(),
            rows: self.n_rows,
            training_rows: self.observed().len(),
            test_rows: self.n_test,
            ..sealed
        }
    }
}

fn check_rows(spec: &TrainSpec, file: &str, n_train: usize) -> Result<(), TrainError> {
    let needed = (spec.folds as usize).max(2);
    if n_train >= needed {
        return Ok(());
    }
    let advice = if spec.folds > 2 { ": use fewer --folds or a smaller --test-size" } else { "" };
    Err(TrainError::Data(format!("{file}: {n_train} training rows are too few, {needed} are needed{advice}")))
}

/// Population standard deviation of the target; 1 for classes.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn spread(observed: &Observed) -> f64 {
    let Observed::Values(y) = observed else { return 1.0 };
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    (y.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt()
}
