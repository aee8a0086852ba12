//! A model, loaded: an artifact whose every reference was checked, joined to a compiled predictor.

use std::ops::Range;
use std::sync::Arc;

use super::artifact::{self, Header, Opened};
use super::batch::Batch;
use super::calibration;
use super::compiled::{Predictor, Scratch, TreeLayout};
use super::conformal::Conformal;
use super::estimator;
use super::explain::{self, Explainer};
use super::golden::{self, GoldenDifference};
use super::head_checks::{check_coefficients, check_statistics};
use super::ir::{Form, Width};
use super::name::check_name;
use super::out_of_fold;
use super::overflow;
use super::pipeline::Pipeline;
use super::postprocessing::Postprocessing;
use super::prediction::{Answer, Contributions, PredictError, Prediction, Probabilities};
use super::schema::Schema;

/// A model, verified: every reference in it is in range, so that predicting cannot fail but by a non-finite answer.
#[derive(Debug)]
pub struct Model {
    header: Header,
    head_bytes: usize,
    schema: Schema,
    pipeline: Pipeline,
    golden: Batch,
    version: String,
    explainer: Result<Explainer, String>,
    /// Of a model that answers with one number or class a row, where its artifact has out-of-fold scores.
    conformal: Option<Conformal>,
}

impl Model {
    /// Reads an artifact. Total: every byte sequence gives a model or an error, in time and memory proportional to its
    /// length. Golden rows are compared apart, by [`Model::check_golden`].
    ///
    /// # Errors
    /// One line: what is wrong.
    pub fn load(bytes: &[u8]) -> Result<Self, String> {
        artifact::open(bytes).and_then(Self::build).map(|(model, _)| model)
    }

    /// The same, with the other layout of the model's trees for few rows, where there is one, and without a look at the
    /// hash, which is the caller's to check: [`artifact::check_hash`].
    ///
    /// # Errors
    /// As [`Model::load`], but of the hash.
    pub fn load_unhashed(bytes: &[u8]) -> Result<(Self, Option<TreeLayout>), String> {
        let (model, form) = artifact::open_unhashed(bytes).and_then(Self::build)?;
        let other = model.pipeline.predictor().other_layout(&form);
        Ok((model, other))
    }

    /// Exchanges the layout of its trees for few rows for another of the same model: its answers have the same bits.
    pub fn swap_layout(&mut self, other: &mut TreeLayout) {
        self.pipeline.swap_layout(other);
    }

    fn build(mut opened: Opened<'_>) -> Result<(Self, Arc<Form>), String> {
        check_name(&opened.header.name)?;
        let is_imported = opened.header.source.is_some();
        opened.header.features.iter_mut().for_each(|feature| feature.is_imported = is_imported);
        let header = &opened.header;
        let schema = Schema::new(header.features.clone(), header.target.clone(), header.task)?;
        check_statistics(header, &schema)?;
        let (encoder, form, has_probability) = estimator::read(&opened, &schema)?;
        let form = Arc::new(form);
        let n_classes = schema.target().classes.len();
        if n_classes == 0 && form.n_outputs() != schema.target().n_outputs() {
            let (declared, got) = (schema.target().n_outputs(), form.n_outputs());
            return Err(format!("the header declares {declared} outputs, the estimator has {got}"));
        }
        let predictor = Predictor::compile(&form, n_classes)?;
        let predictor = if has_probability { predictor } else { predictor.without_probability() };
        let calibration = calibration::read(&opened, n_classes)?;
        let scored = calibration.filter(|_| schema.target().n_outputs() == 1);
        let conformal = scored.and_then(|calibration| Conformal::new(&calibration, n_classes));
        out_of_fold::check(&opened, n_classes)?;
        header.importance.as_ref().map_or(Ok(()), |importance| importance.check(&schema))?;
        check_coefficients(header, &form, &encoder, &schema)?;
        let after = Postprocessing::of(&opened, n_classes, predictor.has_probability())?;
        let golden = golden::batch(header, &schema)?;
        let pipeline = Pipeline::new(encoder, predictor)?.with_postprocessing(after);
        let explainer = explain::of_opened(&opened, &form, &pipeline, &schema, &golden)?;
        let Opened { header, head_bytes, version, .. } = opened;
        Ok((Self { header, head_bytes, schema, pipeline, golden, version, explainer, conformal }, form))
    }

    /// Predicts the golden rows and compares with the stored answers: bit for bit for trees, linear models and nearest
    /// neighbours, within 1e-12 × Σ|terms| where another CPU's `exp`, `ln`, `powf` or `tanh` may differ.
    ///
    /// # Errors
    /// Every row that differs.
    pub fn check_golden(&self) -> Result<(), Vec<GoldenDifference>> {
        let scratch = &mut Scratch::default();
        let differences = match self.predict(&self.golden, scratch) {
            Ok(got) => {
                let terms = self.pipeline.magnitudes(&self.golden, scratch);
                golden::compare(&self.header.golden, &got, &self.schema, terms.as_deref())
            }
            Err(PredictError { row, .. }) => {
                let (expected, got) = ("a finite answer".to_owned(), "one that is not".to_owned());
                vec![GoldenDifference { row, expected, got }]
            }
        };
        if differences.is_empty() { Ok(()) } else { Err(differences) }
    }

    /// The artifact's head.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of the head's JSON in the artifact.
    pub fn head_bytes(&self) -> usize {
        self.head_bytes
    }

    /// What a row must look like and what is answered.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// First 12 hex digits of the artifact's SHA-256 (the last 32 bytes of the file).
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The golden rows, for timing a prediction; at least one row.
    pub fn golden_batch(&self) -> &Batch {
        &self.golden
    }

    /// Columns that a row is encoded into, at least 1.
    pub fn n_columns(&self) -> usize {
        self.pipeline.encoder().n_columns()
    }

    /// About how many steps the prediction of a row takes; see [`Predictor::steps_per_row`].
    pub fn steps_per_row(&self) -> usize {
        self.pipeline.predictor().steps_per_row()
    }

    /// True where answers have the probability of each class.
    pub fn has_probability(&self) -> bool {
        self.pipeline.predictor().has_probability()
    }

    /// What a classifier's probabilities are; `None` for numbers, and where they are those of the method itself.
    pub fn probabilities(&self) -> Option<Probabilities> {
        self.pipeline.predictor().probabilities()
    }

    /// The width of the numbers in answers: of 32 bits, each is an f32.
    pub fn width(&self) -> Width {
        self.pipeline.width()
    }

    /// Raw scores a row (margins before the link); `None` where the estimator has none.
    pub fn n_raw(&self) -> Option<usize> {
        self.pipeline.predictor().n_margins()
    }

    /// Scores a row that contributions add up to; 0 where there are none.
    pub fn n_explained(&self) -> usize {
        self.explainer().map_or(0, Explainer::n_scores)
    }

    /// What explains its answers; `None` where nothing does.
    pub fn explainer(&self) -> Option<&Explainer> {
        self.explainer.as_ref().ok()
    }

    /// Why its answers have no contributions; `None` where they do.
    pub fn unexplained(&self) -> Option<&str> {
        self.explainer.as_ref().err().map(String::as_str)
    }

    /// What its intervals are made from; `None` where its file has no out-of-fold scores.
    pub fn conformal(&self) -> Option<&Conformal> {
        self.conformal.as_ref()
    }

    /// What each feature of some rows of a batch adds. `None` where there are no contributions, and once `is_cancelled`
    /// says so, which is asked for each row and every few trees.
    ///
    /// # Errors
    /// [`PredictError`] when a contribution is not finite.
    pub fn contributions(
        &self,
        batch: &Batch,
        rows: Range<usize>,
        scratch: &mut Scratch,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Contributions>, PredictError> {
        let Some(explainer) = self.explainer() else { return Ok(None) };
        let first = rows.start;
        let found = explainer.explain((&self.pipeline, &self.schema), batch, rows, scratch, is_cancelled);
        let width = self.n_explained() * self.schema.n_features();
        match found.iter().flat_map(|found| &found.values).position(|value| !value.is_finite()) {
            Some(at) => Err(self.overflow(batch, first + at / width)),
            None => Ok(found),
        }
    }

    /// Raw scores of some rows of a batch, row-major `[n_rows, n_raw]`; `None` where the estimator has none.
    pub fn raw(&self, batch: &Batch, rows: Range<usize>, scratch: &mut Scratch) -> Option<Vec<f64>> {
        self.pipeline.raw(batch, rows, scratch)
    }

    /// Raw scores for a row-major matrix of the predictor's own columns, `[n_rows, n_columns]`, as if steps had made
    /// them.
    pub fn raw_of_columns(&self, matrix: &[f64], scratch: &mut Scratch) -> Option<Vec<f64>> {
        self.pipeline.predictor().raw(matrix, scratch)
    }

    /// How far the trees disagree on each row; `None` where the method has no such figure.
    pub fn spread(&self, batch: &Batch) -> Option<Vec<f64>> {
        self.pipeline.spread(batch, 0..batch.n_rows(), &mut Scratch::default())
    }

    /// Answers for some rows of a batch as [`Model::predict_rows`], with raw scores and intervals beside them where the
    /// batch asks for them and the model has some.
    ///
    /// # Errors
    /// [`PredictError`] when an answer, or a raw score that was asked for, is not finite.
    pub fn answer(&self, batch: &Batch, rows: Range<usize>, scratch: &mut Scratch) -> Result<Answer, PredictError> {
        let prediction = self.predict_rows(batch, rows.clone(), scratch)?;
        let first = rows.start;
        let raw = if batch.question().raw { self.raw(batch, rows.clone(), scratch) } else { None };
        let intervals = match (batch.question().interval, &self.conformal) {
            (Some(bound), Some(conformal)) => {
                Some(conformal.intervals(&prediction, bound, || self.pipeline.spread(batch, rows, scratch)))
            }
            _ => None,
        };
        let n_raw = self.n_raw().unwrap_or(1).max(1);
        // A link can make a number of what is none: a probability of an infinite margin.
        match raw.iter().flatten().position(|score| !score.is_finite()) {
            Some(at) => Err(self.overflow(batch, first + at / n_raw)),
            None => Ok(Answer { prediction, raw, contributions: None, intervals }),
        }
    }

    /// Answers for all rows of a batch, in order.
    ///
    /// # Errors
    /// [`PredictError`] when an answer is not finite: the row, and the cells that the model cannot take.
    pub fn predict(&self, batch: &Batch, scratch: &mut Scratch) -> Result<Prediction, PredictError> {
        self.predict_rows(batch, 0..batch.n_rows(), scratch)
    }

    /// Answers for some rows of a batch: the same bits as [`Model::predict`] gives for them.
    ///
    /// # Errors
    /// [`PredictError`] when an answer is not finite.
    pub fn predict_rows(
        &self,
        batch: &Batch,
        rows: Range<usize>,
        scratch: &mut Scratch,
    ) -> Result<Prediction, PredictError> {
        self.pipeline.predict_rows(batch, rows, scratch).map_err(|error| self.overflow(batch, error.row))
    }

    /// The error of a row that has no answer, with the cells to blame.
    fn overflow(&self, batch: &Batch, row: usize) -> PredictError {
        PredictError { row, cells: overflow::cells(&self.schema, batch.row(row), self.pipeline.encoder()) }
    }
}
