//! The baseline of every report: a model that looks at no feature, fitted on the same rows and scored on the same
//! folds. It answers with the constant that is best for the figure that ranks: the target's mean, median or another
//! quantile; or the commonest class, with the classes' shares as probabilities.

use serde::Serialize;

use crate::model::artifact::{Figures, KFoldFigures};
use crate::model::prediction::Prediction;
use crate::model::statistics::quantile;
use crate::train::data::target::{Observed, class_sizes};
use crate::train::data::training_data::TrainingData;
use crate::train::evaluate::folds::of_folds;
use crate::train::evaluate::metrics::over_folds;
use crate::train::evaluate::scoring::{LOG_LOSS, RankingFigure, Scoring};
use crate::train::moments::mean;
use crate::train::options::Loss;

/// A difference is beyond noise where it is more than this many standard errors.
const BEYOND: f64 = 2.0;

/// The baseline's figures, and how the model's differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baseline {
    /// `mean`, `median`, `0.9 quantile` (of `--loss quantile=0.9`) or `commonest class`.
    pub answers_with: String,
    /// That of the training rows' target.
    pub answer: String,
    /// Figures on the rows set aside; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holdout: Option<Figures>,
    /// Figures over the folds; absent without folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k_fold: Option<KFoldFigures>,
    /// By how much the model is better in the task's main figures.
    pub gains: Vec<Gain>,
}

/// By how much a model is better than the baseline in one figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gain {
    /// `accuracy`, `log-loss`, or the figure of numbers that ranks: `rmse`, or that of `--loss`.
    pub figure: &'static str,
    /// Above 0 where the model is better: the mean over the folds, or the holdout's without folds.
    pub gain: f64,
    /// The standard error of that mean; absent without folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
    /// `better`, `worse`, or `within noise` (at most two standard errors); absent without folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
}

impl Baseline {
    /// Scores the baseline beside a model's answers: out-of-fold ones in row order, and the holdout's figures. A
    /// classifier without probabilities is compared by its accuracy alone.
    pub(crate) fn new(
        data: &TrainingData,
        out_of_fold: Option<&Prediction>,
        holdout: Option<&Figures>,
        has_probability: bool,
    ) -> Self {
        let (observed, scoring) = (data.observed(), data.scoring());
        let all = Constant::fit(observed, scoring);
        let held = data.split.test.as_ref().filter(|_| holdout.is_some());
        let on_holdout = held.map(|test| scoring.figures(&test.observed, &all.answers(test.observed.len())));
        let folds = out_of_fold.map_or_else(Vec::new, |answers| fold_figures(data, answers));
        let more = (scoring.n_classes > 0 && has_probability).then_some(LOG_LOSS);
        let compared: Vec<RankingFigure> = [scoring.ranking()].into_iter().chain(more).collect();
        let gains = compared.iter().filter_map(|by| match (folds.as_slice(), &on_holdout, holdout) {
            ([], Some(ours), Some(models)) => Gain::of_holdout(*by, models, ours),
            (folds, ..) => Gain::of_folds(*by, folds),
        });
        Self {
            answers_with: all.called(scoring.loss),
            answer: all.text(&data.split.schema.target().classes),
            gains: gains.collect(),
            k_fold: (!folds.is_empty()).then(|| {
                let of_baseline: Vec<Figures> = folds.iter().map(|(_, baseline)| baseline.clone()).collect();
                let (mean, sd) = over_folds(&of_baseline);
                KFoldFigures { folds: u32::try_from(folds.len()).unwrap_or(u32::MAX), mean, sd }
            }),
            holdout: on_holdout,
        }
    }

    /// One of its figures: the mean over the folds, or the holdout's without folds.
    pub(crate) fn figure(&self, pick: fn(&Figures) -> Option<f64>) -> Option<f64> {
        self.k_fold.as_ref().map(|k| &k.mean).or(self.holdout.as_ref()).and_then(pick)
    }
}

/// Each fold's figures: the model's, and the baseline's.
fn fold_figures(data: &TrainingData, answers: &Prediction) -> Vec<(Figures, Figures)> {
    let (observed, scoring) = (data.observed(), data.scoring());
    let of_baseline = |fold: u32| {
        let (rows, rest) = data.folds.split(fold);
        let constant = Constant::fit(&observed.of_rows(&rest), scoring);
        scoring.figures(&observed.of_rows(&rows), &constant.answers(rows.len()))
    };
    of_folds(answers, data).into_iter().zip((0..data.folds.n()).map(of_baseline)).collect()
}

impl Gain {
    fn of_holdout(by: RankingFigure, models: &Figures, baseline: &Figures) -> Option<Self> {
        let RankingFigure { name: figure, pick, sign } = by;
        let gain = sign * (pick(models)? - pick(baseline)?);
        Some(Self { figure, gain, standard_error: None, verdict: None })
    }

    /// The standard error of a mean over folds that share their rows: s · √(1/k + 1/(k − 1)), the correction of Nadeau
    /// and Bengio (2003) with test and training rows in the ratio 1 : k − 1.
    #[expect(clippy::cast_precision_loss, reason = "folds are few")]
    fn of_folds(by: RankingFigure, folds: &[(Figures, Figures)]) -> Option<Self> {
        let RankingFigure { name: figure, pick, sign } = by;
        let gains: Option<Vec<f64>> = folds.iter().map(|(m, b)| Some(sign * (pick(m)? - pick(b)?))).collect();
        let gains = gains.filter(|gains| gains.len() > 1)?;
        let (k, gain) = (gains.len() as f64, mean(&gains));
        let variance = gains.iter().map(|g| (g - gain) * (g - gain)).sum::<f64>() / (k - 1.0);
        let standard_error = (variance * (1.0 / k + 1.0 / (k - 1.0))).sqrt();
        let verdict = if gain.abs() <= BEYOND * standard_error {
            "within noise"
        } else if gain > 0.0 {
            "better"
        } else {
            "worse"
        };
        Some(Self { figure, gain, standard_error: Some(standard_error), verdict: Some(verdict) })
    }
}

/// The quantile that makes a loss least, where one does; else the mean does.
fn level(loss: Loss) -> Option<f64> {
    match loss {
        Loss::Absolute | Loss::Huber { .. } => Some(0.5),
        Loss::Quantile { level } => Some(level),
        Loss::Squared | Loss::Poisson | Loss::Gamma | Loss::Tweedie { .. } => None,
    }
}

/// A model without features.
enum Constant {
    Value(f64),
    /// The commonest class (ties: the first), and the share of each.
    Shares(u32, Vec<f64>),
}

impl Constant {
    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    fn fit(observed: &Observed, scoring: Scoring) -> Self {
        match observed {
            Observed::Values(values) => Self::Value(match level(scoring.loss) {
                None => mean(values),
                Some(level) => {
                    let mut sorted = values.clone();
                    sorted.sort_unstable_by(f64::total_cmp);
                    quantile(&sorted, level)
                }
            }),
            Observed::Classes(classes) => {
                let counts = class_sizes(classes, scoring.n_classes);
                let shares: Vec<f64> = counts.iter().map(|n| *n as f64 / classes.len() as f64).collect();
                let commonest = (0_u32..)
                    .zip(&counts)
                    .fold((0, 0), |best, (class, n)| if *n > best.1 { (class, *n) } else { best });
                Self::Shares(commonest.0, shares)
            }
        }
    }

    fn answers(&self, n_rows: usize) -> Prediction {
        match self {
            Self::Value(value) => Prediction::Regression { values: vec![*value; n_rows], n_outputs: 1 },
            Self::Shares(class, shares) => {
                Prediction::Classification { classes: vec![*class; n_rows], probability: Some(shares.repeat(n_rows)) }
            }
        }
    }

    fn called(&self, loss: Loss) -> String {
        match (self, loss) {
            (Self::Shares(..), _) => "commonest class".to_owned(),
            (Self::Value(_), Loss::Absolute | Loss::Huber { .. }) => "median".to_owned(),
            (Self::Value(_), Loss::Quantile { level }) => format!("{level} quantile"),
            (Self::Value(_), _) => "mean".to_owned(),
        }
    }

    fn text(&self, labels: &[String]) -> String {
        match self {
            Self::Value(value) => value.to_string(),
            Self::Shares(class, _) => labels[*class as usize].clone(),
        }
    }
}
