//! From a row's features to an estimator's columns: impute → date parts and one-hot → scale, in that order.
//!
//! Fitted on the fitting rows only, stored in the artifact, applied to every request with nothing taken from the
//! request itself: a row's answer never depends on its neighbours. Nothing is folded into coefficients, so that
//! "bit-identical to smartcore" can mean: equal to its `predict` on the matrix that comes out here.

use serde::{Deserialize, Serialize};

use super::date::DatePart;
use super::schema::{Feature, FeatureKind, Schema};

/// The fitted steps: which encoded columns there are and how each is made from a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// The value that replaces a missing cell, one per feature in schema order (a category's position for a categorical
    /// feature); `None` where training had no missing cell. The artifact keeps it as each feature's `impute`.
    #[serde(skip)]
    pub fill: Vec<Option<f64>>,
    /// The encoded columns, in the order the estimator sees them. A constant feature has none.
    pub columns: Vec<Column>,
    /// True when columns were scaled by `(x − mean) / sd`.
    pub scaled: bool,
}

/// One column of the estimator's matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Position of the feature it is made from.
    pub feature: u32,
    /// For a one-hot column the position of the category that gives 1; absent for others. One behind the last
    /// category, which is that of all that the schema does not list: the column of the rare ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<u32>,
    /// Of a date the part that it is; absent of other features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<DatePart>,
    /// The positions of the categories that are rare (`--min-frequency`) and give 1 too, ascending; of other columns
    /// none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rare: Vec<u32>,
    /// Mean of the fitting rows; 0 when not scaled.
    pub mean: f64,
    /// Population standard deviation of the fitting rows; 1 when not scaled; above 0.
    pub sd: f64,
}

impl Preprocessing {
    /// How many columns the estimator sees.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// Fits the steps on row-major `rows` of shape `[n_rows, n_features]` as a batch holds them.
    ///
    /// Numeric features with one distinct value leave the matrix, as do categories that every row or no row has, and
    /// parts of dates that are the same in all rows.
    pub fn fit(schema: &Schema, rows: &[f64], scale: bool) -> Self {
        Self::fit_with_rare(schema, rows, scale, 0)
    }

    /// The same, where the categories of fewer than `min_frequency` rows have one column together, behind those of the
    /// others of their feature.
    pub fn fit_with_rare(schema: &Schema, rows: &[f64], scale: bool, min_frequency: u32) -> Self {
        let n_features = schema.n_features();
        let mut fitted = Self { fill: Self::fills(schema, rows), columns: Vec::new(), scaled: scale };
        for (f, feature) in schema.features().iter().enumerate() {
            let mut cells: Vec<f64> = rows.iter().skip(f).step_by(n_features).copied().collect();
            let given = fitted.fill[f].unwrap_or(f64::NAN);
            for cell in cells.iter_mut().filter(|c| c.is_nan()) {
                *cell = given;
            }
            let position = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
            match feature.kind {
                FeatureKind::Numeric => fitted.push(Column::of(position(f)), &cells),
                FeatureKind::Date(_) => {
                    for part in DatePart::ALL {
                        let cells: Vec<f64> = cells.iter().map(|cell| part.of(*cell)).collect();
                        fitted.push(Column { part: Some(part), ..Column::of(position(f)) }, &cells);
                    }
                }
                FeatureKind::Categorical => {
                    let counts = count_categories(&cells, feature.categories.len());
                    let (rare, common): (Vec<u32>, Vec<u32>) = (0..position(feature.categories.len()))
                        .partition(|category| counts[*category as usize] < u64::from(min_frequency));
                    let hot = |is_it: &dyn Fn(f64) -> bool| -> Vec<f64> {
                        cells.iter().map(|cell| f64::from(u8::from(is_it(*cell)))).collect()
                    };
                    for category in common {
                        let cells = hot(&|cell| cell == f64::from(category));
                        fitted.push(Column { category: Some(category), ..Column::of(position(f)) }, &cells);
                    }
                    let cells = hot(&|cell| holds(&rare, cell));
                    let category = Some(position(feature.categories.len()));
                    fitted.push(Column { category, rare, ..Column::of(position(f)) }, &cells);
                }
            }
        }
        fitted
    }

    /// The value that replaces missing cells, one per feature in schema order, fitted on row-major `rows`; `None` for a
    /// feature that takes none.
    pub fn fills(schema: &Schema, rows: &[f64]) -> Vec<Option<f64>> {
        let n_features = schema.n_features();
        let fill = |(f, feature): (usize, &Feature)| {
            let cells = || rows.iter().skip(f).step_by(n_features).copied().collect::<Vec<f64>>();
            feature.accepts_missing().then(|| fill_value(feature.kind, &cells()))
        };
        schema.features().iter().enumerate().map(fill).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    /// Adds a column with these cells of the fitting rows, unless they are all the same.
    fn push(&mut self, column: Column, cells: &[f64]) {
        let first = cells.first().copied().unwrap_or(0.0);
        if cells.iter().all(|c| *c == first) {
            return;
        }
        let n = cells.len() as f64;
        let mean = cells.iter().sum::<f64>() / n;
        let sd = (cells.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / n).sqrt();
        // A spread that f64 cannot hold: left as it is rather than turned into infinities.
        let usable = self.scaled && mean.is_finite() && sd.is_finite() && sd > 0.0;
        let (mean, sd) = if usable { (mean, sd) } else { (0.0, 1.0) };
        self.columns.push(Column { mean, sd, ..column });
    }

    /// Takes the fills from the schema, after reading from an artifact.
    pub fn fill_from(&mut self, schema: &Schema) {
        self.fill = schema.features().iter().map(Feature::fill_value).collect();
    }

    /// Checks that every reference is in range, so that [`Preprocessing::encode`] cannot fail.
    ///
    /// # Errors
    /// One sentence: what does not agree with the schema.
    pub fn check(&self, schema: &Schema) -> Result<(), String> {
        if self.columns.is_empty() {
            return Err("preprocessing leaves no column".to_owned());
        }
        for pair in self.columns.windows(2) {
            let place = |column: &Column| (column.feature, column.category, column.part);
            if place(&pair[0]) >= place(&pair[1]) {
                return Err("preprocessing columns are not in feature order".to_owned());
            }
        }
        self.columns.iter().enumerate().try_for_each(|(i, c)| self.check_column(i, c, schema))
    }

    fn check_column(&self, i: usize, column: &Column, schema: &Schema) -> Result<(), String> {
        let feature = schema
            .features()
            .get(column.feature as usize)
            .ok_or_else(|| format!("preprocessing column {i}: feature {} does not exist", column.feature))?;
        let kind_fits = match column.category {
            None => column.fits_numbers_of(feature) && column.rare.is_empty(),
            Some(_) if column.part.is_some() => false,
            Some(c) if column.rare.is_empty() => (c as usize) < feature.categories.len(),
            Some(c) => {
                let is_known = |position: &u32| (*position as usize) < feature.categories.len();
                c as usize == feature.categories.len()
                    && column.rare.windows(2).all(|pair| pair[0] < pair[1])
                    && column.rare.iter().all(is_known)
            }
        };
        if !kind_fits {
            let name = &feature.name;
            return Err(format!(
                "preprocessing column {i}: the category or the part does not fit the feature {name:?}"
            ));
        }
        if !column.mean.is_finite() || !column.sd.is_finite() || column.sd <= 0.0 {
            return Err(format!("preprocessing column {i}: mean and sd must be finite, sd above 0"));
        }
        if !self.scaled && (column.mean != 0.0 || column.sd != 1.0) {
            return Err(format!("preprocessing column {i}: scaled although the model is not"));
        }
        Ok(())
    }

    /// Encodes one row of features (as a batch holds them) into one row of columns, `out` of length
    /// [`Preprocessing::n_columns`].
    #[inline]
    pub fn encode(&self, row: &[f64], out: &mut [f64]) {
        for (column, cell) in self.columns.iter().zip(out) {
            let f = column.feature as usize;
            let mut value = row[f];
            if value.is_nan() {
                value = self.fill[f].unwrap_or(f64::NAN);
            }
            if let Some(part) = column.part {
                value = part.of(value);
            }
            if let Some(category) = column.category {
                value = f64::from(u8::from(value == f64::from(category) || holds(&column.rare, value)));
            }
            *cell = if self.scaled { (value - column.mean) / column.sd } else { value };
        }
    }

    /// True when encoding copies the row as it is: nothing imputed, one-hot, dropped or scaled.
    pub fn is_identity(&self) -> bool {
        !self.scaled
            && self.fill.iter().all(Option::is_none)
            && self.columns.len() == self.fill.len()
            && self.columns.iter().enumerate().all(|(i, c)| c.is_copy() && c.feature as usize == i)
    }
}

impl Column {
    /// A feature as it is, not scaled.
    fn of(feature: u32) -> Self {
        Self { feature, category: None, part: None, rare: Vec::new(), mean: 0.0, sd: 1.0 }
    }

    /// True for a feature as it is, but for scaling.
    fn is_copy(&self) -> bool {
        self.category.is_none() && self.part.is_none()
    }

    /// True when a column that is of no category can be made of this feature.
    fn fits_numbers_of(&self, feature: &Feature) -> bool {
        match feature.kind {
            FeatureKind::Numeric => self.part.is_none(),
            FeatureKind::Categorical => false,
            FeatureKind::Date(_) => self.part.is_some(),
        }
    }
}

/// True when a cell is one of some categories, whose positions are ascending.
fn holds(positions: &[u32], cell: f64) -> bool {
    positions.binary_search_by(|position| f64::from(*position).total_cmp(&cell)).is_ok()
}

/// How many cells have each category; missing ones and those beyond the list are not counted.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cells are positions")]
fn count_categories(cells: &[f64], n_categories: usize) -> Vec<u64> {
    let mut counts = vec![0; n_categories];
    for cell in cells.iter().filter(|cell| !cell.is_nan()) {
        if let Some(count) = counts.get_mut(*cell as usize) {
            *count += 1;
        }
    }
    counts
}

/// The median of the present numbers or instants, or the most frequent category (ties: the first).
pub(crate) fn fill_value(kind: FeatureKind, cells: &[f64]) -> f64 {
    let mut present: Vec<f64> = cells.iter().copied().filter(|c| !c.is_nan()).collect();
    if present.is_empty() {
        return 0.0;
    }
    present.sort_by(f64::total_cmp);
    if kind != FeatureKind::Categorical {
        return super::statistics::quantile(&present, 0.5);
    }
    let mut best = (0_usize, 0.0);
    for same in present.chunk_by(|a, b| a == b) {
        if same.len() > best.0 {
            best = (same.len(), same[0]);
        }
    }
    best.1
}
