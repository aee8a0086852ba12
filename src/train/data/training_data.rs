//! A table made ready for fitting: the schema, the training rows, the test rows, the folds.

use crate::model::schema::{FeatureKind, Schema, Target};
use crate::train::data::chronological;
use crate::train::data::cross_validation::Folds;
use crate::train::data::dataset::{self, Dataset, TrainTables};
use crate::train::data::grouped;
use crate::train::data::leaks;
use crate::train::data::notes;
use crate::train::data::row_keys::RowKeys;
use crate::train::data::split::{self, HoldoutSplit};
use crate::train::data::split_data::{self, LabeledBatch, SplitData};
use crate::train::data::target::Observed;
use crate::train::error::TrainError;
use crate::train::evaluate::progress::Progress;
use crate::train::evaluate::scoring::Scoring;
use crate::train::options::{Loss, Monotone, MonotoneFeature, TaskChoice};
use crate::train::spec::TrainSpec;

/// What all fits of a run read.
pub(crate) struct TrainingData {
    pub(crate) split: SplitData,
    /// The cross-validation's folds of the training rows.
    pub(crate) folds: Folds,
    /// The constraint of each feature, in schema order; empty where there is none.
    pub(crate) monotone: Vec<Option<Monotone>>,
    /// What `--loss` asks for.
    loss: Loss,
    /// The file as the user named it.
    pub(crate) file: String,
    /// The file of the rows that are set aside, where that is another.
    pub(crate) test_file: Option<String>,
    /// Rows in `file`.
    pub(crate) n_rows: usize,
    /// Rows set aside.
    pub(crate) n_test: usize,
    /// What is told before the fit: a sentence for each column that may tell the target, or may be better left out. They
    /// are among the warnings too.
    told: Vec<String>,
    /// How columns were read, where that is not plain.
    pub(crate) notes: Vec<String>,
}

impl TrainingData {
    /// Reads a table as the specification says and sets rows aside, tells what is to be known before a fit, and checks
    /// the options that the task decides on.
    pub(crate) fn read(spec: &TrainSpec, tables: TrainTables<'_>, progress: &dyn Progress) -> Result<Self, TrainError> {
        let data = Self::of(spec, tables)?;
        data.told.iter().for_each(|sentence| progress.warn(sentence));
        spec.check_task(data.split.schema.task())?;
        spec.options.check_task(data.task())?;
        Ok(data)
    }

    fn of(spec: &TrainSpec, tables: TrainTables<'_>) -> Result<Self, TrainError> {
        let mut dataset = dataset::read(spec, &tables)?;
        // The text of an owned table is freed: beside the cells it would double what is held.
        drop(tables);
        let held = holdout(spec, &dataset)?;
        let n_folds = spec.folds_of(held.train.len());
        check_rows(&dataset.file, held.train.len(), n_folds)?;
        let target = Target { name: spec.target.clone(), unit: None, classes: dataset.classes.clone(), outputs: None };
        let (odd_columns, notes) = (notes::odd_columns(&dataset), notes::on_kinds(spec, &dataset));
        let inputs = std::mem::take(&mut dataset.inputs);
        let mut split = split_data::make(spec, &dataset, inputs, target, &held)?;
        let monotone = constraints(spec, &split.schema)?;
        let folds = folds(spec, &dataset, &held.train, n_folds)?;
        check_classes(&dataset, &held.train, &folds)?;
        split.odd_columns.extend(odd_columns);
        let n_rows = dataset.test.as_ref().map_or(dataset.observed.len(), |(_, from)| *from);
        let test_file = dataset.test.map(|(file, _)| file);
        let (file, warnings) = (dataset.file, dataset.warnings);
        split.warnings.splice(0..0, warnings);
        let mut told = split.odd_columns.clone();
        let SplitData { schema, train, .. } = &split;
        told.extend(leaks::possible(schema, &train.batch, &train.observed));
        split.warnings.extend(told.iter().cloned());
        let (loss, n_test) = (spec.options.loss(), held.test.len());
        Ok(Self { split, folds, monotone, loss, file, test_file, n_rows, n_test, told, notes })
    }

    /// The targets of the training rows.
    pub(crate) fn observed(&self) -> &Observed {
        &self.split.train.observed
    }

    /// Those training rows, where they are some and not all.
    pub(crate) fn scored_rows(&self) -> Result<Option<LabeledBatch>, TrainError> {
        let rows = self.folds.scored();
        if rows.is_empty() || rows.len() == self.observed().len() {
            return Ok(None);
        }
        self.split.train.part(&self.split.schema, &rows).map(Some)
    }

    /// Which figures are computed, and which ranks.
    pub(crate) fn scoring(&self) -> Scoring {
        Scoring { n_classes: self.n_classes(), loss: self.loss }
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

/// Sets rows aside: those of another file, or of whole groups, or the latest, or at random.
fn holdout(spec: &TrainSpec, dataset: &Dataset) -> Result<HoldoutSplit, TrainError> {
    let (n_rows, share, seed) = (dataset.observed.len(), spec.test_size, spec.seed);
    if let Some((_, from)) = dataset.test {
        return Ok(HoldoutSplit { train: (0..from).collect(), test: (from..n_rows).collect() });
    }
    match &dataset.keys {
        RowKeys::None => Ok(split::holdout(n_rows, dataset.observed.classes(), share, seed)),
        RowKeys::Groups(groups) => Ok(grouped::holdout(groups, dataset.observed.classes(), share, seed)),
        RowKeys::Times(times) => chronological::holdout(times, share).ok_or_else(|| {
            let (file, column) = (&dataset.file, spec.time.as_deref().unwrap_or_default());
            TrainError::Data(format!(
                "{file}: all rows have one time in {column:?} (--time): none are later than others"
            ))
        }),
    }
}

/// Draws the folds of the training rows in the same way.
fn folds(spec: &TrainSpec, dataset: &Dataset, train: &[usize], n_folds: u32) -> Result<Folds, TrainError> {
    if n_folds == 0 {
        return Ok(Folds::none(train.len()));
    }
    let keys_of = |keys: &[u32]| -> Vec<u32> { train.iter().map(|row| keys[*row]).collect() };
    let few = |n: usize, what: &str, more: &str| {
        let file = &dataset.file;
        let advice = "use fewer --folds, or --folds 0 for none";
        TrainError::Data(format!(
            "{file}: the training rows are of {n} {what}, too few for {n_folds} folds{more}: {advice}"
        ))
    };
    match &dataset.keys {
        RowKeys::None => {
            let observed = dataset.observed.of_rows(train);
            Ok(Folds::of_rows(n_folds, split::folds(train.len(), observed.classes(), n_folds, spec.seed)))
        }
        RowKeys::Groups(groups) => {
            let (groups, observed) = (keys_of(groups), dataset.observed.of_rows(train));
            match grouped::count(&groups) {
                n if n < n_folds as usize => Err(few(n, "groups (--group)", "")),
                _ => Ok(Folds::of_rows(n_folds, grouped::folds(&groups, observed.classes(), n_folds, spec.seed))),
            }
        }
        RowKeys::Times(times) => {
            let times = keys_of(times);
            let folds = chronological::folds(&times, n_folds).map(|fold| Folds::forward(n_folds, fold));
            let before = " and rows before the first of them";
            folds.ok_or_else(|| few(grouped::count(&times), "times (--time)", before))
        }
    }
}

/// Refuses a split where a fit has no row of some class; drawn at random every fit has one.
fn check_classes(dataset: &Dataset, train: &[usize], folds: &Folds) -> Result<(), TrainError> {
    let observed = dataset.observed.of_rows(train);
    let Some(classes) = observed.classes() else { return Ok(()) };
    let absent_of = |rows: &mut dyn Iterator<Item = usize>| {
        let mut sizes = vec![0; dataset.classes.len()];
        rows.for_each(|row| sizes[classes[row] as usize] += 1);
        sizes.iter().position(|n| *n == 0).map(|class| &dataset.classes[class])
    };
    let file = &dataset.file;
    if let Some(class) = absent_of(&mut (0..classes.len())) {
        return Err(TrainError::Data(format!(
            "{file}: no training row is of class {class:?}, all its rows are set aside: remove them, or set other rows aside"
        )));
    }
    let fitted_without = |fold: u32| Some((fold, absent_of(&mut folds.split(fold).1.into_iter())?));
    match (0..folds.n()).find_map(fitted_without) {
        None => Ok(()),
        Some((fold, class)) => Err(TrainError::Data(format!(
            "{file}: fold {} of {} would be fitted on no row of class {class:?}: use fewer --folds, or --folds 0 for none, or \
             remove the class",
            fold + 1,
            folds.n()
        ))),
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
        match schema.features()[position].kind {
            FeatureKind::Categorical => return Err(wrong("holds categories, which have no order")),
            FeatureKind::Date(_) => return Err(wrong("holds dates, which become several columns")),
            FeatureKind::Numeric => {}
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
