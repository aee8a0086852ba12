//! A table made ready for fitting: the schema, the training rows, the test rows, the folds.

use crate::model::schema::{FeatureKind, Schema, Target};
use crate::table::TableFile;
use crate::train::data::cross_validation::Folds;
use crate::train::data::dataset::{self, Dataset};
use crate::train::data::leaks;
use crate::train::data::split;
use crate::train::data::split_data::{self, SplitData};
use crate::train::data::target::Observed;
use crate::train::error::TrainError;
use crate::train::options::{Monotone, MonotoneFeature, TaskChoice};
use crate::train::spec::TrainSpec;

/// What all fits of a run read.
pub(crate) struct TrainingData {
    pub(crate) split: SplitData,
    /// The cross-validation's folds of the training rows.
    pub(crate) folds: Folds,
    /// The constraint of each feature, in schema order; empty where there is none.
    pub(crate) monotone: Vec<Option<Monotone>>,
    /// The file as the user named it.
    pub(crate) file: String,
    /// Rows in it.
    pub(crate) n_rows: usize,
    /// Rows set aside.
    pub(crate) n_test: usize,
    /// A sentence for each column that may tell the target; they are among the warnings too.
    pub(crate) leaks: Vec<String>,
}

impl TrainingData {
    /// Reads a table as the specification says and sets rows aside.
    pub(crate) fn read(spec: &TrainSpec, table: &TableFile) -> Result<Self, TrainError> {
        let dataset = dataset::read(spec, table)?;
        let n_rows = dataset.observed.len();
        let held = split::holdout(n_rows, dataset.observed.classes(), spec.test_size, spec.seed);
        let n_folds = spec.folds_of(held.train.len());
        check_rows(&dataset.file, held.train.len(), n_folds)?;
        let target = Target { name: spec.target.clone(), unit: None, classes: dataset.classes.clone(), outputs: None };
        let mut split = split_data::make(spec, &dataset, target, &held)?;
        let monotone = constraints(spec, &split.schema)?;
        let Dataset { file, warnings, .. } = dataset;
        split.warnings.splice(0..0, warnings);
        let SplitData { schema, train, .. } = &split;
        let leaks = leaks::possible(schema, &train.batch, &train.observed);
        split.warnings.extend(leaks.iter().cloned());
        let observed = &split.train.observed;
        let folds = match n_folds {
            0 => Folds::none(observed.len()),
            n => Folds::of_rows(n, split::folds(observed.len(), observed.classes(), n, spec.seed)),
        };
        Ok(Self { split, folds, monotone, file, n_rows, n_test: held.test.len(), leaks })
    }

    /// The targets of the training rows.
    pub(crate) fn observed(&self) -> &Observed {
        &self.split.train.observed
    }

    /// A number or a class.
    pub(crate) fn task(&self) -> TaskChoice {
        if self.n_classes() == 0 { TaskChoice::Regression } else { TaskChoice::Classification }
    }

    /// The targets of the training rows that have an out-of-fold score.
    pub(crate) fn scored(&self) -> Observed {
        self.observed().of_rows(&self.folds.scored())
    }

    /// The number of classes; 0 for regression.
    pub(crate) fn n_classes(&self) -> usize {
        self.split.schema.target().classes.len()
    }
}

/// What `--monotone` says of each feature.
fn constraints(spec: &TrainSpec, schema: &Schema) -> Result<Vec<Option<Monotone>>, TrainError> {
    if spec.monotone.is_empty() {
        return Ok(Vec::new());
    }
    if schema.target().classes.len() > 2 {
        let n = schema.target().classes.len();
        return Err(TrainError::Usage(format!("--monotone is for a number or one of two classes, and there are {n}")));
    }
    let mut all = vec![None; schema.n_features()];
    for MonotoneFeature { feature, direction } in &spec.monotone {
        let wrong = |what: &str| TrainError::Usage(format!("{feature:?} (--monotone) {what}"));
        let position = schema.position(feature).ok_or_else(|| wrong("is not one of the features"))?;
        if schema.features()[position].kind == FeatureKind::Categorical {
            return Err(wrong("holds categories, which have no order"));
        }
        if all[position].replace(*direction).is_some() {
            return Err(wrong("is given twice"));
        }
    }
    Ok(all)
}

fn check_rows(file: &str, n_train: usize, n_folds: u32) -> Result<(), TrainError> {
    let needed = (n_folds as usize).max(2);
    if n_train >= needed {
        return Ok(());
    }
    let advice = if n_folds > 2 { ": use fewer --folds or a smaller --test-size" } else { "" };
    Err(TrainError::Data(format!("{file}: {n_train} training rows are too few, {needed} are needed{advice}")))
}
