//! What to train: every choice of a run, already parsed.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::error::TrainError;
use super::options::{
    CalibrationMethod, DEFAULT_SEED, DEFAULT_TEST_SIZE, DateColumn, FOLDS_OF_FEW_ROWS, FOLDS_OF_MANY_ROWS,
    Hyperparameters, MANY_ROWS, MonotoneFeature, Options, TaskChoice, ThresholdChoice, UnknownCategories,
};
use crate::model::algorithm::Algorithm;
use crate::model::check_name;
use crate::model::schema::Task;

/// Everything that a training run is asked for.
#[derive(Debug, Clone)]
pub struct TrainSpec {
    /// The model's own name: 1 to 64 of letters, digits, `.`, `_`, `-`.
    pub name: String,
    /// One sentence for people.
    pub description: Option<String>,
    /// The column to predict.
    pub target: String,
    /// The columns to predict from, in schema order; empty: all but the target and the dropped, in file order.
    pub features: Vec<String>,
    /// Columns to leave out.
    pub drop: Vec<String>,
    /// Columns to read as categories although they hold numbers.
    pub categorical: Vec<String>,
    /// Columns that must hold numbers: text in them is an error.
    pub numeric: Vec<String>,
    /// Columns that must hold dates or times, and in which form; `None`: as their cells are.
    pub date: Vec<DateColumn>,
    /// Features that encode a protected attribute.
    pub sensitive: Vec<String>,
    /// The column that says what each row weighs in the fit; only where boosting on histograms is fitted.
    pub weight: Option<String>,
    /// Directions in which answers may move with a feature; only where boosting on histograms is fitted.
    pub monotone: Vec<MonotoneFeature>,
    /// The column that says which rows go together: no group is on both sides of the split, nor of a fold. It is no
    /// feature.
    pub group: Option<String>,
    /// The column that says when a row was: the latest are set aside, folds are fitted on rows before those that they
    /// hold out. It is no feature unless `features` names it.
    pub time: Option<String>,
    /// True: missing cells are taken in every column, also where the file has none.
    pub allow_missing: bool,
    /// What a category does that the file does not have.
    pub unknown: UnknownCategories,
    /// Categories of fewer training rows go together into one column; `None`: each has its own. Not where boosting on
    /// histograms is fitted.
    pub min_frequency: Option<u32>,
    /// The estimator.
    pub algorithm: Algorithm,
    /// What to predict where the algorithm does both; `None`: a text target is a class, a numeric one a number.
    pub task: Option<TaskChoice>,
    /// How many candidates a search over the hyperparameters that were not given tries, the defaults included: 2 to
    /// 1000; `None`: no search.
    pub tune: Option<u32>,
    /// What a comparison or a search may take, from its start on; a fit that would not end in time is skipped. `None`:
    /// all fits are done.
    pub time_budget: Option<Duration>,
    /// Hyperparameters that were given.
    pub options: Options,
    /// True when trees of classes vote, as smartcore's do, instead of answering with the mean of their leaves' shares.
    pub vote: bool,
    /// Calibrates a classifier's probabilities on its out-of-fold scores.
    pub calibrate: Option<CalibrationMethod>,
    /// When the second of two classes is answered; `None`: above 0.5.
    pub threshold: Option<ThresholdChoice>,
    /// Standard scaling; `None`: as the algorithm needs it.
    pub scale: Option<bool>,
    /// Seeds the split, the folds and the estimator.
    pub seed: u64,
    /// Share of the rows set aside for the holdout figures: 0 (none) to 0.9; not read where they are in a file of their
    /// own.
    pub test_size: f64,
    /// Folds of the cross-validation of the training rows: 0 (none: no calibration either) or 2 to 1000; `None`: 10 up
    /// to 10,000 training rows, 5 above.
    pub folds: Option<u32>,
    /// Seconds since 1970 from `SOURCE_DATE_EPOCH`; becomes the header's `created`.
    pub source_date_epoch: Option<u64>,
    /// Threads to fit with; does not change a byte of the artifact.
    pub threads: NonZeroUsize,
}

impl TrainSpec {
    /// A specification with every default: all features, all cores.
    pub fn new(name: impl Into<String>, target: impl Into<String>, algorithm: Algorithm) -> Self {
        Self {
            name: name.into(),
            description: None,
            target: target.into(),
            features: Vec::new(),
            drop: Vec::new(),
            categorical: Vec::new(),
            numeric: Vec::new(),
            date: Vec::new(),
            sensitive: Vec::new(),
            weight: None,
            monotone: Vec::new(),
            group: None,
            time: None,
            allow_missing: false,
            unknown: UnknownCategories::Error,
            min_frequency: None,
            algorithm,
            task: None,
            tune: None,
            time_budget: None,
            options: Options::default(),
            vote: false,
            calibrate: None,
            threshold: None,
            scale: None,
            seed: DEFAULT_SEED,
            test_size: DEFAULT_TEST_SIZE,
            folds: None,
            source_date_epoch: None,
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }

    /// The same for another algorithm, with those of the options that it has.
    pub(super) fn of_algorithm(&self, algorithm: Algorithm) -> Self {
        Self { algorithm, options: self.options.of_algorithm(algorithm), ..self.clone() }
    }

    /// True when columns are scaled.
    pub fn scales(&self) -> bool {
        self.scale.unwrap_or_else(|| self.algorithm.scales_by_default())
    }

    /// Threads of one fit that has one part, beside those of so many folds: all, where it is the only one.
    pub(super) fn threads_of_a_fit(&self, n_folds: u32) -> NonZeroUsize {
        NonZeroUsize::new(self.threads.get() / (n_folds as usize + 1)).unwrap_or(NonZeroUsize::MIN)
    }

    /// Folds of so many training rows.
    pub(super) fn folds_of(&self, n_train: usize) -> u32 {
        self.folds.unwrap_or(if n_train > MANY_ROWS { FOLDS_OF_MANY_ROWS } else { FOLDS_OF_FEW_ROWS })
    }

    pub(super) fn needs_folds(&self, flag: &str) -> Result<(), TrainError> {
        if self.folds != Some(0) {
            return Ok(());
        }
        Err(TrainError::Usage(format!("{flag} chooses by cross-validation: it needs --folds of at least 2")))
    }

    /// Checks what depends on the task that the data have.
    pub(super) fn check_task(&self, task: Task) -> Result<(), TrainError> {
        if self.vote && !task.is_classification() {
            let target = &self.target;
            return Err(TrainError::Usage(format!("--vote is of trees of classes, and {target:?} is a number")));
        }
        if self.calibrate.is_some() && !task.is_classification() {
            return Err(TrainError::Usage(format!("--calibrate is of classes, and {:?} is a number", self.target)));
        }
        if self.threshold.is_some() && task != Task::Binary {
            let (target, task) = (&self.target, task.as_str());
            return Err(TrainError::Usage(format!("--threshold is of two classes, and {target:?} is {task}")));
        }
        Ok(())
    }

    /// Checks everything that can be checked without the data.
    pub(super) fn check(&self) -> Result<Hyperparameters, TrainError> {
        check_name(&self.name).map_err(TrainError::Usage)?;
        if !(0.0..=0.9).contains(&self.test_size) {
            return Err(TrainError::Usage(format!("--test-size {} is out of range: it is 0 to 0.9", self.test_size)));
        }
        if self.group.is_some() && self.time.is_some() {
            let text = "--group and --time both say how rows are set aside: give one of them";
            return Err(TrainError::Usage(text.to_owned()));
        }
        if let Some(folds) = self.folds.filter(|folds| *folds == 1 || *folds > 1_000) {
            return Err(TrainError::Usage(format!("--folds {folds} is out of range: it is 0 or 2 to 1000")));
        }
        if let Some(n) = self.tune {
            if !(2..=1_000).contains(&n) {
                return Err(TrainError::Usage(format!("--tune {n} is out of range: it is 2 to 1000")));
            }
            self.needs_folds("--tune")?;
        }
        let does = match self.task {
            Some(TaskChoice::Regression) => self.algorithm.does_regression(),
            Some(TaskChoice::Classification) => self.algorithm.does_classification(),
            None => true,
        };
        if !does {
            let wanted = if self.task == Some(TaskChoice::Regression) { "regression" } else { "classification" };
            return Err(TrainError::Usage(format!("{} does not do {wanted}", self.algorithm)));
        }
        let votes =
            self.algorithm.is_trees() && self.algorithm.does_classification() && !self.algorithm.takes_raw_cells();
        if self.vote && !votes {
            return Err(TrainError::Usage(format!(
                "--vote does not apply to {}, but to decision-tree and random-forest",
                self.algorithm
            )));
        }
        if self.calibrate.is_some() && self.folds == Some(0) {
            let text = "--calibrate fits on out-of-fold scores: it needs --folds of at least 2";
            return Err(TrainError::Usage(text.to_owned()));
        }
        match self.threshold {
            None | Some(ThresholdChoice::Value(_)) => {}
            Some(choice) => self.needs_folds(&format!("--threshold {choice}"))?,
        }
        if let Some(n) = self.min_frequency {
            if n < 2 {
                return Err(TrainError::Usage(format!("--min-frequency {n} is out of range: it is at least 2")));
            }
            if self.algorithm.takes_raw_cells() {
                let algorithm = self.algorithm;
                return Err(TrainError::Usage(format!(
                    "--min-frequency does not apply to {algorithm}: it has no one-hot columns"
                )));
            }
        }
        if !self.algorithm.takes_raw_cells() {
            let given = [("--weight", self.weight.is_some()), ("--monotone", !self.monotone.is_empty())];
            if let Some((flag, _)) = given.into_iter().find(|(_, given)| *given) {
                let (own, other) = (Algorithm::HistGradientBoosting, self.algorithm);
                return Err(TrainError::Usage(format!("{flag} does not apply to {other}, but to {own}")));
            }
        } else if self.scale.is_some() {
            let flag = if self.scale == Some(true) { "--scale" } else { "--no-scale" };
            let algorithm = self.algorithm;
            return Err(TrainError::Usage(format!(
                "{flag} does not apply to {algorithm}: it takes columns as they are"
            )));
        }
        let loss = self.options.loss();
        if loss.is_of_quantiles() && !self.monotone.is_empty() {
            return Err(TrainError::Usage(format!(
                "--monotone does not go with --loss {loss}, whose leaves are quantiles of their rows"
            )));
        }
        self.check_kinds()?;
        self.options.resolve(self.algorithm)
    }

    /// Checks that no column is said to be of two kinds.
    fn check_kinds(&self) -> Result<(), TrainError> {
        let dates: Vec<String> = self.date.iter().map(|date| date.column.clone()).collect();
        let flags = [("--categorical", &self.categorical), ("--numeric", &self.numeric), ("--date", &dates)];
        for (i, (flag, names)) in flags.iter().enumerate() {
            for (other, others) in &flags[i + 1..] {
                if let Some(column) = names.iter().find(|name| others.contains(name)) {
                    return Err(TrainError::Usage(format!("{column:?} is in both {flag} and {other}")));
                }
            }
        }
        Ok(())
    }
}
