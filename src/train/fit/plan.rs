//! Fits one model, from rows of features to the pipeline that would be served. Folds and the final fit use the same
//! path: preprocessing is fitted on the given rows alone.

use std::borrow::Cow;

use crate::model::algorithm::Algorithm;
use crate::model::batch::Batch;
use crate::model::compiled::Predictor;
use crate::model::ir::Form;
use crate::model::pipeline::{Encoder, Pipeline};
use crate::model::preprocessing::Preprocessing;
use crate::model::schema::Schema;
use crate::model::smartcore::{self, Parts, Shape};
use crate::text::panics::catch_panic;
use crate::train::data::target::Observed;
use crate::train::data::training_data::TrainingData;
use crate::train::error::TrainError;
use crate::train::fit::boosting::{self, BinnedRows, Boosted, BoostedColumns, BoostingTask, CellView, Rounds};
use crate::train::fit::estimators;
use crate::train::fit::svm;
use crate::train::fit::task::{FitTask, FittedBytes};
use crate::train::fit::trees::forests::{self, ForestInput};
use crate::train::options::{Hyperparameters, Monotone};
use crate::train::spec::TrainSpec;

/// A section's name, its bytes, and whether a reader must know it.
pub(crate) type Section = (&'static str, Vec<u8>, bool);

/// How a candidate is fitted, on whatever rows.
#[derive(Clone, Copy)]
pub(crate) struct FitPlan<'a> {
    pub(crate) spec: &'a TrainSpec,
    pub(crate) data: &'a TrainingData,
    pub(crate) parameters: &'a Hyperparameters,
}

/// A fitted pipeline and its sections.
#[derive(Debug)]
pub(crate) struct FittedModel {
    pub(crate) pipeline: Pipeline,
    /// The steps before the estimator; a neutral form has them in its section.
    pub(crate) preprocessing: Option<Preprocessing>,
    /// What the artifact holds of it; a reader must know each.
    pub(crate) sections: Vec<Section>,
    pub(crate) form: Form,
    /// How many of the rows that it was fitted on reach each node of each tree, where the fit counted them.
    pub(crate) cover: Option<Vec<Vec<u32>>>,
    /// How many rounds of boosting were kept, where it is boosted with early stopping.
    pub(crate) rounds: Option<Rounds>,
}

/// Rows to fit on.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// For smartcore and forests of ours.
    Encoded(Box<EncodedRows>),
    /// For boosting on histograms.
    Binned(Box<BinnedFit>),
}

/// Encoded rows to fit on.
#[derive(Debug)]
pub(crate) struct EncodedRows {
    preprocessing: Preprocessing,
    n_columns: usize,
    /// Row-major `[n_rows, n_columns]`.
    matrix: Vec<f64>,
    /// The same for all blocks of a forest.
    shared: Option<ForestInput>,
    observed: Observed,
}

/// Binned rows to fit on.
#[derive(Debug)]
pub(crate) struct BinnedFit {
    columns: BoostedColumns,
    monotone: Vec<Option<Monotone>>,
    rows: BinnedRows,
    observed: Observed,
    weights: Option<Vec<f64>>,
}

/// The result of a part of a fit.
#[derive(Debug)]
pub(crate) enum FitPart {
    /// All of it, in the neutral form.
    Boosted(Box<Boosted>),
    /// All of it.
    Whole(FittedBytes),
    /// A block of a forest's trees.
    Trees(FittedBytes),
    /// The support vectors between a pair of classes.
    PairwiseSvm(Parts),
}

impl<'a> FitPlan<'a> {
    /// The schema as the algorithm takes cells.
    pub(crate) fn schema(&self) -> &'a Schema {
        self.data.split.schema_of(self.spec.algorithm)
    }

    /// Fits preprocessing, or bins, on some training rows, all without `rows`, and encodes them.
    pub(crate) fn prepare(&self, rows: Option<&[usize]>) -> Result<Prepared, TrainError> {
        let train = &self.data.split.train;
        let observed = rows.map_or_else(|| train.observed.clone(), |rows| train.observed.of_rows(rows));
        if self.spec.algorithm.takes_raw_cells() {
            return self.bin(rows, observed, train.weights_of(rows));
        }
        let cells = rows.map_or(Cow::Borrowed(train.batch.values()), |rows| Cow::Owned(train.cells(rows)));
        self.data.split.check_width(&self.data.file, self.spec.min_frequency)?;
        let preprocessing = Preprocessing::fit_with_rare(
            self.schema(),
            &cells,
            self.spec.scales(),
            self.spec.min_frequency.unwrap_or(0),
        );
        let n_columns = preprocessing.n_columns();
        if n_columns == 0 {
            return Err(self.constant(observed.len()));
        }
        let matrix = Encoder::Preprocessing(preprocessing.clone()).matrix(&cells, self.schema().n_features());
        let mut prepared = EncodedRows { preprocessing, n_columns, matrix, shared: None, observed };
        let task = self.task(&prepared);
        estimators::check(&task).map_err(|reason| TrainError::Data(format!("{}: {reason}", self.data.file)))?;
        if self.spec.algorithm.is_averaged() {
            let shared = ForestInput::of(&task);
            prepared.shared = Some(shared.map_err(|reason| self.refused(reason))?);
        }
        Ok(Prepared::Encoded(Box::new(prepared)))
    }

    fn bin(
        &self,
        rows: Option<&[usize]>,
        observed: Observed,
        weights: Option<Vec<f64>>,
    ) -> Result<Prepared, TrainError> {
        let columns = BoostedColumns::of(self.schema());
        self.data.split.check_raw_width(&self.data.file, columns.len())?;
        let cells = CellView::of(&self.data.split.train.batch, rows);
        let rows = BinnedRows::of(&columns, &cells, self.spec.seed);
        if rows.are_constant() {
            return Err(self.constant(observed.len()));
        }
        Ok(Prepared::Binned(Box::new(BinnedFit {
            monotone: columns.monotone(&self.data.monotone),
            columns,
            rows,
            observed,
            weights,
        })))
    }

    fn constant(&self, n_rows: usize) -> TrainError {
        TrainError::Data(format!(
            "{}: every feature has one value in {n_rows} rows to fit on: use other features or fewer --folds",
            self.data.file
        ))
    }

    /// The number of parts that a fit can do at the same time.
    pub(crate) fn n_parts(&self) -> usize {
        match self.spec.algorithm {
            Algorithm::RandomForest | Algorithm::ExtraTrees => forests::n_blocks(self.parameters),
            Algorithm::Svc => svm::n_pairs(self.data.n_classes()),
            _ => 1,
        }
    }

    /// Fits one of the parts.
    pub(crate) fn part(&self, prepared: &Prepared, part: usize) -> Result<FitPart, TrainError> {
        let fitted = catch_panic(|| match prepared {
            Prepared::Binned(fit) => {
                boosting::fit(&self.boosting(fit)).map(|boosted| FitPart::Boosted(Box::new(boosted)))
            }
            Prepared::Encoded(rows) => {
                let task = self.task(rows);
                match (&rows.shared, self.spec.algorithm) {
                    (Some(shared), _) => forests::grow(&task, shared, part).map(FitPart::Trees),
                    (None, Algorithm::Svc) => estimators::machine(&task, part).map(FitPart::PairwiseSvm),
                    (None, _) => estimators::fit(&task).map(FitPart::Whole),
                }
            }
        });
        match fitted {
            Ok(part) => part.map_err(|reason| self.refused(reason)),
            Err(panic) => {
                let what =
                    format!("the fit broke off ({panic}); fit another --algorithm, and report this with the command");
                Err(self.refused(what))
            }
        }
    }

    /// Joins the parts, in order, to a pipeline.
    pub(crate) fn join(&self, prepared: &Prepared, mut parts: Vec<FitPart>) -> Result<FittedModel, TrainError> {
        match prepared {
            Prepared::Encoded(rows) => self.join_encoded(rows, parts),
            Prepared::Binned(_) => match parts.pop() {
                Some(FitPart::Boosted(boosted)) => self.join_boosted(*boosted),
                _ => Err(TrainError::Broken("boosting gave no trees".to_owned())),
            },
        }
    }

    fn join_boosted(&self, boosted: Boosted) -> Result<FittedModel, TrainError> {
        let Boosted { neutral, cover, rounds } = boosted;
        let section = neutral.to_section().map_err(TrainError::Broken)?;
        let n_categories: Vec<usize> = self.schema().features().iter().map(|f| f.categories.len()).collect();
        let form = neutral.to_form(&n_categories).map_err(|e| self.refused(e))?;
        let predictor = Predictor::compile(&form, self.data.n_classes()).map_err(|e| self.refused(e))?;
        let pipeline = Pipeline::new(Encoder::Steps(neutral.steps), predictor).map_err(TrainError::Broken)?;
        let (sections, cover, rounds) = (vec![("neutral", section, true)], Some(cover), Some(rounds));
        Ok(FittedModel { pipeline, preprocessing: None, sections, form, cover, rounds })
    }

    fn join_encoded(&self, rows: &EncodedRows, parts: Vec<FitPart>) -> Result<FittedModel, TrainError> {
        let fitted = self.sections(rows, parts).map_err(TrainError::Broken)?;
        let shape = Shape {
            algorithm: self.spec.algorithm,
            task: self.schema().task(),
            n_columns: rows.n_columns,
            n_classes: self.data.n_classes(),
        };
        let read = smartcore::read(&fitted.estimator, fitted.shares.as_deref(), shape);
        let form = read.map_err(|e| self.refused(format!("{e}{}", self.advice())))?;
        let predictor = Predictor::compile(&form, shape.n_classes).map_err(|e| self.refused(e))?;
        let encoder = Encoder::Preprocessing(rows.preprocessing.clone());
        let pipeline = Pipeline::new(encoder, predictor).map_err(TrainError::Broken)?;
        let preprocessing = Some(rows.preprocessing.clone());
        let mut sections = vec![("estimator", fitted.estimator, true)];
        sections.extend(fitted.shares.map(|shares| ("shares", shares, true)));
        Ok(FittedModel { pipeline, preprocessing, sections, form, cover: None, rounds: None })
    }

    /// The sections of all parts, which are in order.
    fn sections(&self, rows: &EncodedRows, parts: Vec<FitPart>) -> Result<FittedBytes, String> {
        let task = self.task(rows);
        let (mut trees, mut pairs) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                FitPart::Whole(sections) => return Ok(sections),
                FitPart::Trees(block) => trees.push(block),
                FitPart::PairwiseSvm(parts) => pairs.push(parts),
                FitPart::Boosted(_) => return Err("boosted trees were fitted on encoded rows".to_owned()),
            }
        }
        if pairs.is_empty() {
            forests::merge(&task, &trees)
        } else {
            estimators::machines(&task, &pairs).map(Into::into)
        }
    }

    fn boosting<'t>(&'t self, fit: &'t BinnedFit) -> BoostingTask<'t> {
        BoostingTask {
            schema: self.schema(),
            columns: &fit.columns,
            rows: &fit.rows,
            observed: &fit.observed,
            weights: fit.weights.as_deref(),
            parameters: self.parameters,
            monotone: &fit.monotone,
            seed: self.spec.seed,
            threads: self.spec.threads_of_a_fit(self.data.folds.n()),
        }
    }

    fn task<'t>(&'t self, rows: &'t EncodedRows) -> FitTask<'t> {
        FitTask {
            algorithm: self.spec.algorithm,
            parameters: self.parameters,
            seed: self.spec.seed,
            votes: self.spec.vote,
            scaled: self.spec.scales(),
            n_rows: rows.observed.len(),
            n_columns: rows.n_columns,
            n_classes: self.data.n_classes(),
            schema: self.schema(),
            preprocessing: &rows.preprocessing,
            matrix: &rows.matrix,
            observed: &rows.observed,
        }
    }

    pub(super) fn refused(&self, reason: String) -> TrainError {
        TrainError::Fit { algorithm: self.spec.algorithm, reason }
    }

    pub(super) fn advice(&self) -> &'static str {
        if self.spec.scales() || self.spec.algorithm.is_trees() { "" } else { "; try --scale" }
    }
}

impl FittedModel {
    /// The estimator's matrix for a batch, row-major `[n_rows, n_columns]`.
    pub(crate) fn matrix(&self, batch: &Batch) -> Vec<f64> {
        self.pipeline.encoder().matrix(batch.values(), batch.n_features())
    }
}
