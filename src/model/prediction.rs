//! What a model answers for a batch.

use super::intervals::{IntervalKind, Intervals};

/// Answers in row order. Every number is finite: a model that would answer anything else gives
/// [`PredictError`] instead.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// Numbers: one per row, or several for a model of several outputs.
    Regression {
        /// The predicted values, row-major `[n_rows, n_outputs]`.
        values: Vec<f64>,
        /// Numbers a row, at least 1.
        n_outputs: usize,
    },
    /// One class a row.
    Classification {
        /// Positions in [`Target::classes`](super::schema::Target::classes), shape `[n_rows]`.
        classes: Vec<u32>,
        /// Row-major class probabilities, shape `[n_rows, n_classes]`; `None` where the method has none.
        probability: Option<Vec<f64>>,
    },
}

impl Prediction {
    /// How many rows were answered.
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Regression { values, n_outputs } => values.len() / n_outputs,
            Self::Classification { classes, .. } => classes.len(),
        }
    }

    /// Appends another chunk of answers of the same model.
    pub fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Regression { values, .. }, Self::Regression { values: more, .. }) => values.extend(more),
            (
                Self::Classification { classes, probability },
                Self::Classification { classes: more, probability: more_probability },
            ) => {
                classes.extend(more);
                if let (Some(p), Some(more)) = (probability, more_probability) {
                    p.extend(more);
                }
            }
            _ => {}
        }
    }
}

/// What a classifier's probabilities are, where trees or their absence make it worth a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probabilities {
    /// The mean over the trees of the classes' shares in the leaves.
    Shares,
    /// The share of the trees that vote for the class.
    Votes,
    /// There are none: it answers with a class alone.
    Absent,
}

impl Probabilities {
    /// The word for people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shares => "shares",
            Self::Votes => "votes",
            Self::Absent => "none",
        }
    }
}

/// The answer for a row is not a finite number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the model's answer for row {row} is not a finite number")]
pub struct PredictError {
    /// The row's position in the batch, from 0.
    pub row: usize,
    /// The cells that the model cannot take, the worst first; empty when it is the model's fault, and as long as only
    /// its predictor was asked, which does not know the features.
    pub cells: Vec<OverflowingCell>,
}

/// A number that a model cannot take: with it a kernel, a slope or a product overflows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverflowingCell {
    /// Its feature's position in the schema.
    pub feature: usize,
    /// The public sentence, without the place: the value, and what training saw.
    pub detail: String,
}

impl PredictError {
    /// Of a row whose cells were not looked at.
    pub(super) fn of_row(row: usize) -> Self {
        Self { row, cells: Vec::new() }
    }
}

/// A prediction, with what was asked for beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The answers.
    pub prediction: Prediction,
    /// Raw scores, before the link, row-major `[n_rows, n_raw]`; only where the batch asks for them.
    pub raw: Option<Vec<f64>>,
    /// How much each feature adds; only where the batch asks for it.
    pub contributions: Option<Contributions>,
    /// What holds the truth with the probability that the batch asks for; only where it asks for one.
    pub intervals: Option<Intervals>,
}

/// Contributions: a row's add up, with the baseline, to its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// The scores before any feature is known, `[n_scores]`: the same for each row.
    pub baseline: Vec<f64>,
    /// Row-major `[n_rows, n_scores, n_features]`, features in schema order.
    pub values: Vec<f64>,
    /// Features, at least 1.
    pub n_features: usize,
}

impl Contributions {
    /// Scores a row, at least 1.
    pub fn n_scores(&self) -> usize {
        self.baseline.len()
    }

    /// A row's contributions, row-major `[n_scores, n_features]`.
    pub fn of(&self, row: usize) -> &[f64] {
        let width = self.n_scores() * self.n_features;
        &self.values[row * width..][..width]
    }
}

/// What a table of answers has beside predictions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beside {
    /// Raw scores a row.
    pub n_raw: usize,
    /// Scores a row whose baseline and contributions are there.
    pub n_explained: usize,
    /// Bounds or a set a row.
    pub interval: Option<IntervalKind>,
}

impl From<Prediction> for Answer {
    fn from(prediction: Prediction) -> Self {
        Self { prediction, raw: None, contributions: None, intervals: None }
    }
}

impl Answer {
    /// Appends another chunk of answers of the same model to the same batch.
    pub fn append(&mut self, other: Self) {
        self.prediction.append(other.prediction);
        if let (Some(raw), Some(more)) = (&mut self.raw, other.raw) {
            raw.extend(more);
        }
        if let (Some(contributions), Some(more)) = (&mut self.contributions, other.contributions) {
            contributions.values.extend(more.values);
        }
        if let (Some(intervals), Some(more)) = (&mut self.intervals, other.intervals) {
            intervals.append(more);
        }
    }

    /// True where there is nothing beside the predictions.
    pub fn is_alone(&self) -> bool {
        self.raw.is_none() && self.contributions.is_none() && self.intervals.is_none()
    }

    /// What a table of these answers has beside the predictions.
    pub fn beside(&self) -> Beside {
        let n_explained = self.contributions.as_ref().map_or(0, Contributions::n_scores);
        let interval = self.intervals.as_ref().map(Intervals::kind);
        Beside { n_raw: self.raw_of(0).map_or(0, <[f64]>::len), n_explained, interval }
    }

    /// A row's raw scores; none where they were not asked for.
    pub fn raw_of(&self, row: usize) -> Option<&[f64]> {
        let raw = self.raw.as_ref()?;
        let n_raw = raw.len() / self.prediction.n_rows().max(1);
        raw.get(row * n_raw..(row + 1) * n_raw)
    }
}
