//! Derives the schema and makes the training and test rows batches of it. Which categories there are, and where cells
//! are missing, comes from the whole file, so that a model takes every row of its own file whatever the seed of the
//! split; statistics, imputed values and the encoding come from the training rows alone.

use crate::model::algorithm::Algorithm;
use crate::model::batch::Batch;
use crate::model::preprocessing::fill_value;
use crate::model::schema::{Feature, FeatureKind, Impute, Schema, Target, position_as_f64};
use crate::model::statistics::Stats;
use crate::table::Cells;
use crate::train::data::dataset::{Dataset, InputColumn};
use crate::train::data::split::HoldoutSplit;
use crate::train::data::target::{Observed, is_constant};
use crate::train::data::width;
use crate::train::error::TrainError;
use crate::train::options::UnknownCategories;
use crate::train::spec::TrainSpec;

/// Rows that fit the schema, with their targets.
#[derive(Debug)]
pub(crate) struct LabeledBatch {
    /// `[n_rows, n_features]`, features in schema order.
    pub(crate) batch: Batch,
    /// Shape `[n_rows]`.
    pub(crate) observed: Observed,
    /// What each row weighs in the fit, shape `[n_rows]`; `None`: all the same.
    pub(crate) weights: Option<Vec<f64>>,
}

impl LabeledBatch {
    /// The cells of some rows, row-major, in that order.
    pub(crate) fn cells(&self, rows: &[usize]) -> Vec<f64> {
        rows.iter().flat_map(|row| self.batch.row(*row).iter().copied()).collect()
    }

    /// Some rows, in that order.
    pub(crate) fn part(&self, schema: &Schema, rows: &[usize]) -> Result<Self, TrainError> {
        let batch = Batch::from_rows(schema, self.cells(rows)).map_err(TrainError::Broken)?;
        Ok(Self { batch, observed: self.observed.of_rows(rows), weights: self.weights_of(Some(rows)) })
    }

    /// What some rows weigh, in that order; all without `rows`.
    pub(crate) fn weights_of(&self, rows: Option<&[usize]>) -> Option<Vec<f64>> {
        let weights = self.weights.as_ref()?;
        Some(rows.map_or_else(|| weights.clone(), |rows| rows.iter().map(|row| weights[*row]).collect()))
    }
}

/// The training and test rows as batches, and the schema of both.
#[derive(Debug)]
pub(crate) struct SplitData {
    /// As most algorithms take cells: missing ones are filled.
    pub(crate) schema: Schema,
    /// As an algorithm takes them that has a rule of its own for missing cells.
    raw_schema: Schema,
    pub(crate) train: LabeledBatch,
    /// The test rows; `None` when there are none.
    pub(crate) test: Option<LabeledBatch>,
    /// A sentence for each column that may be better left out.
    pub(crate) odd_columns: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl SplitData {
    /// The schema of an algorithm's model.
    pub(crate) fn schema_of(&self, algorithm: Algorithm) -> &Schema {
        if algorithm.takes_raw_cells() { &self.raw_schema } else { &self.schema }
    }

    /// Checks that what the features are encoded into is within bounds; see [`width::check_encoded`].
    pub(crate) fn check_width(&self, file: &str, min_frequency: Option<u32>) -> Result<(), TrainError> {
        width::check_encoded(file, self.schema.features(), &self.train.batch, min_frequency)
    }

    /// The same of so many columns that are not one-hot: dates become several.
    pub(crate) fn check_raw_width(&self, file: &str, width: usize) -> Result<(), TrainError> {
        width::check(file, self.raw_schema.features(), self.train.batch.n_rows(), width)
    }
}

/// Derives the schema from the training rows and makes both parts batches of it. Each column is freed once it is in
/// them.
pub(crate) fn make(
    spec: &TrainSpec,
    dataset: &Dataset,
    inputs: Vec<InputColumn>,
    target: Target,
    split: &HoldoutSplit,
) -> Result<SplitData, TrainError> {
    let mut odd_columns = Vec::new();
    let mut features = Vec::with_capacity(inputs.len());
    let (mut train, mut test) = (Rows::of(split.train.len(), inputs.len()), Rows::of(split.test.len(), inputs.len()));
    for (position, input) in inputs.into_iter().enumerate() {
        let (feature, column) = derive(spec, dataset, &input, &split.train, &mut odd_columns)?;
        train.put(position, &column);
        test.put(position, &column_of(&feature, &input.cells, &split.test));
        features.push(feature);
    }
    width::check(&dataset.file, &features, split.train.len(), features.len())?;
    let schema = Schema::new(features, target, dataset.task).map_err(TrainError::Data)?;
    let raw = |f: &Feature| Feature { missing: f.impute.is_some(), impute: None, ..f.clone() };
    let raw = schema.features().iter().map(raw).collect();
    let raw_schema = Schema::new(raw, schema.target().clone(), dataset.task).map_err(TrainError::Broken)?;
    let batch = Batch::from_rows(&schema, train.cells).map_err(TrainError::Broken)?;
    let train = part(dataset, batch, &split.train);
    check_observed(dataset, &train.observed)?;
    let mut warnings = Vec::new();
    let test = test_part(dataset, &schema, &split.test, test, &train.batch, &mut warnings)?;
    Ok(SplitData { schema, raw_schema, train, test, odd_columns, warnings })
}

/// Rows in the making, row-major.
struct Rows {
    n_features: usize,
    cells: Vec<f64>,
}

impl Rows {
    fn of(n_rows: usize, n_features: usize) -> Self {
        Self { n_features, cells: vec![0.0; n_rows * n_features] }
    }

    /// Puts a column in its place.
    fn put(&mut self, position: usize, column: &[f64]) {
        for (row, cell) in self.cells.chunks_exact_mut(self.n_features).zip(column) {
            row[position] = *cell;
        }
    }
}

/// A batch with the targets and weights of its rows.
fn part(dataset: &Dataset, batch: Batch, rows: &[usize]) -> LabeledBatch {
    let weights = dataset.weights.as_ref().map(|weights| rows.iter().map(|row| weights[*row]).collect());
    LabeledBatch { batch, observed: dataset.observed.of_rows(rows), weights }
}

/// One feature and its training cells as a batch holds them.
fn derive(
    spec: &TrainSpec,
    dataset: &Dataset,
    input: &InputColumn,
    rows: &[usize],
    odd_columns: &mut Vec<String>,
) -> Result<(Feature, Vec<f64>), TrainError> {
    let mut feature = Feature {
        kind: input.kind,
        sensitive: input.sensitive,
        categories: categories(&input.cells),
        unknown: input.kind == FeatureKind::Categorical && spec.unknown == UnknownCategories::Other,
        is_imported: false,
        unbounded: false,
        ..Feature::imported(input.name.clone(), false)
    };
    let column = column_of(&feature, &input.cells, rows);
    let stats = match input.kind {
        FeatureKind::Numeric | FeatureKind::Date(_) => Stats::numeric(&column),
        FeatureKind::Categorical => Stats::categorical(&column, feature.categories.len()),
    };
    let name = &input.name;
    if stats.count == 0 {
        let file = &dataset.file;
        return Err(TrainError::Data(format!("{file}: column {name:?} has no value in the training rows; --drop it")));
    }
    if spec.allow_missing || has_missing(&input.cells) {
        let value = fill_value(input.kind, &column);
        feature.impute = Some(match input.kind {
            FeatureKind::Numeric | FeatureKind::Date(_) => Impute::Median(value),
            FeatureKind::Categorical => Impute::MostFrequent(feature.categories[position(value)].clone()),
        });
    }
    if is_constant(&column.iter().copied().filter(|cell| !cell.is_nan()).collect::<Vec<f64>>()) {
        odd_columns
            .push(format!("{name} has one value in all training rows: it stays in the schema, the model ignores it"));
    }
    feature.stats = Some(stats);
    Ok((feature, column))
}

/// The texts of the file, in byte order; none for numbers.
fn categories(cells: &Cells) -> Vec<String> {
    let Cells::Texts { names, .. } = cells else { return Vec::new() };
    let mut categories = names.clone();
    categories.sort_unstable();
    categories
}

/// True when some cell of the file is missing.
fn has_missing(cells: &Cells) -> bool {
    match cells {
        Cells::Numbers(values) => values.iter().any(|value| value.is_nan()),
        Cells::Texts { cells, .. } => cells.iter().any(Option::is_none),
    }
}

/// The cells of some rows as a batch holds them, NaN when missing.
fn column_of(feature: &Feature, cells: &Cells, rows: &[usize]) -> Vec<f64> {
    match cells {
        Cells::Numbers(values) => rows.iter().map(|row| values[*row]).collect(),
        Cells::Texts { cells, names } => {
            let position = |name: &String| {
                position_as_f64(feature.category_position(name).expect("every text of the file is a category"))
            };
            let positions: Vec<f64> = names.iter().map(position).collect();
            rows.iter().map(|row| cells[*row].map_or(f64::NAN, |code| positions[code as usize])).collect()
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a category's position")]
fn position(value: f64) -> usize {
    value as usize
}

/// Refuses a target that varies in the file but not in the training rows.
fn check_observed(dataset: &Dataset, observed: &Observed) -> Result<(), TrainError> {
    match observed {
        Observed::Values(values) if is_constant(values) => Err(TrainError::Data(format!(
            "{}: the target is {} in all {} training rows: use another --seed or a smaller --test-size",
            dataset.file,
            values[0],
            values.len()
        ))),
        _ => Ok(()),
    }
}

/// The test rows. Warns of those with something that no training row has.
fn test_part(
    dataset: &Dataset,
    schema: &Schema,
    rows: &[usize],
    cells: Rows,
    train: &Batch,
    warnings: &mut Vec<String>,
) -> Result<Option<LabeledBatch>, TrainError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let batch = Batch::from_rows(schema, cells.cells).map_err(TrainError::Broken)?;
    warn_of_new(dataset, schema, rows, train, &batch, warnings);
    Ok(Some(part(dataset, batch, rows)))
}

/// Says how many test rows have a category, or a missing cell, that no training row has.
fn warn_of_new(
    dataset: &Dataset,
    schema: &Schema,
    rows: &[usize],
    train: &Batch,
    test: &Batch,
    warnings: &mut Vec<String>,
) {
    // Of each feature: its categories, or any number; last, a missing cell.
    let mut seen: Vec<Vec<bool>> =
        schema.features().iter().map(|f| vec![false; f.categories.len().max(1) + 1]).collect();
    let place = |feature: &Feature, cell: f64| match feature.kind {
        _ if cell.is_nan() => feature.categories.len().max(1),
        FeatureKind::Numeric | FeatureKind::Date(_) => 0,
        FeatureKind::Categorical => position(cell),
    };
    for row in train.rows() {
        for ((feature, cell), seen) in schema.features().iter().zip(row).zip(&mut seen) {
            seen[place(feature, *cell)] = true;
        }
    }
    let new_in = |row: &[f64]| {
        let mut cells = schema.features().iter().zip(row).zip(&seen);
        cells.find(|((feature, cell), seen)| !seen[place(feature, **cell)]).map(|((feature, _), _)| feature)
    };
    let found: Vec<(usize, &Feature)> =
        rows.iter().zip(test.rows()).filter_map(|(row, cells)| Some((*row, new_in(cells)?))).collect();
    if let Some((row, feature)) = found.first() {
        let (n, of, line, name) = (found.len(), rows.len(), dataset.lines[*row], &feature.name);
        let file = dataset.test.as_ref().map_or_else(String::new, |(file, _)| format!(" of {file}"));
        warnings.push(format!(
            "{n} of {of} test rows (first on line {line}{file}, {name}) have a category or a missing cell that no training row \
             has: the model takes it, and has learned nothing of it"
        ));
    }
}
