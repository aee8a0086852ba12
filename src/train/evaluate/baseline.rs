//! The baseline of every report: a model that looks at no feature, fitted on the same rows and scored on the same
//! folds. It answers with the mean of the target, or with the commonest class and the classes' shares as probabilities.

use serde::Serialize;

use crate::model::artifact::{Figures, KFoldFigures};
use crate::model::prediction::Prediction;
use crate::train::data::target::{Observed, class_sizes};
use crate::train::data::training_data::TrainingData;
use crate::train::evaluate::folds::{of_folds, score};
use crate::train::evaluate::metrics::over_folds;
use crate::train::moments::mean;

/// A difference is beyond noise where it is more than this many standard errors.
const BEYOND: f64 = 2.0;

/// The baseline's figures, and how the model's differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baseline {
    /// `mean` or `commonest class`.
    pub answers_with: &'static str,
    /// The mean of the training rows' target, or their commonest class.
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
    /// `rmse`, `accuracy` or `log-loss`.
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

/// A figure that models are compared by: its name, where it is kept, and 1 where more is better, −1 where less is.
type Compared = (&'static str, fn(&Figures) -> Option<f64>, f64);

const REGRESSION: [Compared; 1] = [("rmse", |f| f.rmse, -1.0)];
const CLASSIFICATION: [Compared; 2] = [("accuracy", |f| f.accuracy, 1.0), ("log-loss", |f| f.log_loss, -1.0)];

impl Baseline {
    /// Scores the baseline beside a model's answers: out-of-fold ones in row order, and the holdout's figures. A
    /// classifier without probabilities is compared by its accuracy alone.
    pub(crate) fn new(
        data: &TrainingData,
        out_of_fold: Option<&Prediction>,
        holdout: Option<&Figures>,
        has_probability: bool,
    ) -> Self {
        let (observed, n_classes) = (data.observed(), data.n_classes());
        let all = Constant::fit(observed, n_classes);
        let held = data.split.test.as_ref().filter(|_| holdout.is_some());
        let on_holdout = held.map(|test| score(&test.observed, &all.answers(test.observed.len()), n_classes));
        let folds = out_of_fold.map_or_else(Vec::new, |answers| fold_figures(data, answers));
        let compared: &[Compared] = match (n_classes, has_probability) {
            (0, _) => &REGRESSION,
            (_, true) => &CLASSIFICATION,
            (_, false) => &CLASSIFICATION[..1],
        };
        let gains = compared.iter().filter_map(|by| match (folds.as_slice(), &on_holdout, holdout) {
            ([], Some(ours), Some(models)) => Gain::of_holdout(*by, models, ours),
            (folds, ..) => Gain::of_folds(*by, folds),
        });
        Self {
            answers_with: if n_classes == 0 { "mean" } else { "commonest class" },
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
    let (observed, n_classes) = (data.observed(), data.n_classes());
    let of_baseline = |fold: u32| {
        let (rows, rest) = data.folds.split(fold);
        let constant = Constant::fit(&observed.of_rows(&rest), n_classes);
        score(&observed.of_rows(&rows), &constant.answers(rows.len()), n_classes)
    };
    of_folds(answers, data).into_iter().zip((0..data.folds.n()).map(of_baseline)).collect()
}

impl Gain {
    fn of_holdout((figure, pick, sign): Compared, models: &Figures, baseline: &Figures) -> Option<Self> {
        let gain = sign * (pick(models)? - pick(baseline)?);
        Some(Self { figure, gain, standard_error: None, verdict: None })
    }

    /// The standard error of a mean over folds that share their rows: s · √(1/k + 1/(k − 1)), the correction of Nadeau
    /// and Bengio (2003) with test and training rows in the ratio 1 : k − 1.
    #[expect(clippy::cast_precision_loss, reason = "folds are few")]
    fn of_folds((figure, pick, sign): Compared, folds: &[(Figures, Figures)]) -> Option<Self> {
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

/// A model without features.
enum Constant {
    Mean(f64),
    /// The commonest class (ties: the first), and the share of each.
    Shares(u32, Vec<f64>),
}

impl Constant {
    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    fn fit(observed: &Observed, n_classes: usize) -> Self {
        match observed {
            Observed::Values(values) => Self::Mean(mean(values)),
            Observed::Classes(classes) => {
                let counts = class_sizes(classes, n_classes);
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
            Self::Mean(mean) => Prediction::Regression { values: vec![*mean; n_rows], n_outputs: 1 },
            Self::Shares(class, shares) => {
                Prediction::Classification { classes: vec![*class; n_rows], probability: Some(shares.repeat(n_rows)) }
            }
        }
    }

    fn text(&self, labels: &[String]) -> String {
        match self {
            Self::Mean(mean) => mean.to_string(),
            Self::Shares(class, _) => labels[*class as usize].clone(),
        }
    }
}
