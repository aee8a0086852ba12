//! `drift`: how far the rows of a table are from the training rows, a feature each, and the predictions.

use crate::cli::DriftArgs;
use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::drift::{Cells, Seen};
use crate::model::prediction::Prediction;
use crate::model::schema::{Feature, FeatureKind, NO_STATISTICS, Schema};
use crate::table::{TableInput, TableRows, TextOptions};
use crate::text::shorten::quoted;

use super::answers::answers;
use super::drift_report::{ColumnReport, DriftReport};
use super::failure::{Exit, Failure};
use super::files;

/// Rows read and counted at one time.
const CHUNK: usize = 4_096;

/// Runs the command.
///
/// # Errors
/// 66 no such file, 65 rows that do not fit the model or a model without statistics, 1 a column that has drifted.
pub fn run(args: &DriftArgs) -> Result<(), Failure> {
    let model = files::model(&args.check.model, &args.check.source)?;
    let inputs = files::tables_of(&args.check.input)?;
    let name = inputs.first().map_or_else(String::new, |first| first.name().to_owned());
    let mut rows = CountedRows::new(&model);
    if rows.is_empty() {
        let what = format_args!("{}: its statistics are {NO_STATISTICS}", args.check.model.display());
        return Err(Failure::new(Exit::Data, what));
    }
    rows.read(inputs, files::text_options(&args.check.table)?)?;
    let report = rows.report(&name, args.threshold);
    if args.check.json {
        files::print_json(&report)?;
    } else {
        files::print(&report.for_people())?;
    }
    let drifted = report.drifted();
    if drifted.is_empty() {
        return Ok(());
    }
    let (threshold, columns) = (args.threshold, quoted(&drifted));
    Err(Failure::new(Exit::Failed, format_args!("{name}: drifted, with a PSI of {threshold} or more: {columns}")))
}

/// Rows counted in the cells of a model's training.
struct CountedRows<'m> {
    model: &'m Model,
    features: Vec<Column>,
    predictions: Option<Column>,
    n_rows: u64,
    /// Rows that the model refuses.
    n_refused: u64,
}

/// A column's counts.
struct Column {
    cells: Cells,
    counts: Vec<u64>,
    known: Seen,
    n_new: u64,
}

impl Column {
    fn new(cells: Cells, known: Seen) -> Self {
        Self { counts: vec![0; cells.len()], cells, known, n_new: 0 }
    }

    fn add(&mut self, value: f64) {
        if !self.cells.is_empty() {
            self.counts[self.cells.index(value)] += 1;
            self.n_new += u64::from(self.known.is_new(value));
        }
    }

    /// None for a column without cells.
    fn report(&self, name: &str, kind: Option<FeatureKind>, threshold: f64) -> Option<ColumnReport> {
        let n_new = (self.known != Seen::Nothing).then_some(self.n_new);
        ColumnReport::new(name, kind, &self.cells, &self.counts, n_new, threshold)
    }
}

impl<'m> CountedRows<'m> {
    fn new(model: &'m Model) -> Self {
        let schema = model.schema();
        let of_predictions = model.header().prediction_stats.as_ref();
        let of_predictions = of_predictions.map(|stats| Cells::new(&stats.bins, &schema.target().classes));
        Self {
            model,
            features: schema.features().iter().map(|f| Column::new(f.drift_cells(), f.seen())).collect(),
            predictions: of_predictions.map(|cells| Column::new(cells, Seen::Nothing)),
            n_rows: 0,
            n_refused: 0,
        }
    }

    /// True when there is nothing to count in.
    fn is_empty(&self) -> bool {
        self.features.iter().all(|column| column.cells.is_empty()) && self.predictions.is_none()
    }

    fn read(&mut self, inputs: Vec<TableInput>, options: TextOptions) -> Result<(), Failure> {
        let schema = self.model.schema();
        let lenient = lenient(schema);
        let mut rows = TableRows::open(inputs, &lenient, options)?;
        let has_rule = |feature: &str| schema.position(feature).is_some_and(|at| schema.features()[at].missing);
        let absent: Vec<&str> = rows.absent().into_iter().filter(|feature| !has_rule(feature)).collect();
        if !absent.is_empty() {
            let what = format_args!("{}: no column {}{}", rows.file(), quoted(&absent), rows.hint_for_absent());
            return Err(Failure::new(Exit::Data, what));
        }
        files::note_absent(&rows);
        let mut scratch = Scratch::default();
        while let Some(batch) = rows.next_chunk(CHUNK)? {
            self.n_rows += batch.n_rows() as u64;
            let mut accepted = Vec::new();
            let mut cells = Vec::with_capacity(batch.values().len());
            for (row, values) in batch.rows().enumerate() {
                values.iter().zip(&mut self.features).for_each(|(value, column)| column.add(*value));
                if accepts(schema, values) {
                    accepted.push(row);
                    cells.extend_from_slice(values);
                }
            }
            self.n_refused += (batch.n_rows() - accepted.len()) as u64;
            let (Some(predictions), Ok(batch)) = (&mut self.predictions, Batch::from_rows(schema, cells)) else {
                continue;
            };
            let answers = answers(self.model, &batch, &mut scratch, &rows, |row| accepted[row])?;
            match answers {
                Prediction::Regression { values, .. } => values.iter().for_each(|value| predictions.add(*value)),
                Prediction::Classification { classes, .. } => {
                    for class in &classes {
                        predictions.add(f64::from(*class));
                    }
                }
            }
        }
        Ok(())
    }

    fn report(&self, input: &str, threshold: f64) -> DriftReport {
        let header = self.model.header();
        let features = self.model.schema().features().iter().zip(&self.features);
        let target = &self.model.schema().target().name;
        DriftReport {
            model: header.name.clone(),
            version: self.model.version().to_owned(),
            input: input.to_owned(),
            rows: self.n_rows,
            refused_rows: self.n_refused,
            training_rows: self.features.iter().chain(&self.predictions).map(|c| c.cells.n_training()).max(),
            threshold,
            features: features.filter_map(|(f, column)| column.report(&f.name, Some(f.kind), threshold)).collect(),
            prediction: self.predictions.as_ref().and_then(|column| column.report(target, None, threshold)),
        }
    }
}

/// The same columns, of which any may be missing and hold categories that are not listed.
fn lenient(schema: &Schema) -> Schema {
    let features = schema.features().iter().cloned().map(|feature| Feature {
        missing: feature.missing || feature.impute.is_none(),
        unknown: feature.unknown || feature.kind == FeatureKind::Categorical,
        ..feature
    });
    Schema::new(features.collect(), schema.target().clone(), schema.task())
        .expect("a schema stays valid when more is accepted")
}

/// True when the model has a rule for every cell of a row.
fn accepts(schema: &Schema, row: &[f64]) -> bool {
    schema.features().iter().zip(row).all(|(feature, value)| {
        let is_unlisted = feature.kind == FeatureKind::Categorical && feature.seen().is_new(*value);
        if value.is_nan() { feature.accepts_missing() } else { feature.unknown || !is_unlisted }
    })
}
