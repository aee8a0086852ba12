//! What an artifact's head says of how good a model is: figures, and how often intervals held the truth.

use serde::{Deserialize, Serialize};

/// Figures on rows that the figure's model was not fitted on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Seeds the shuffles of the split and of the folds.
    pub seed: u64,
    /// How rows were set aside and folds drawn, where not at random: `group COLUMN` or `time COLUMN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// On the test rows that were set aside (`--test-size`, `--test-data`); absent when none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<Figures>,
    /// Mean over the folds of the training rows; absent when `--folds 0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k_fold: Option<KFoldFigures>,
    /// Number of candidates that the k-fold figures compared (`--tune`, `--compare`): the figures of the best are
    /// optimistic, its holdout figures are not. Absent when there was no choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_of: Option<u64>,
}

/// Figures of a k-fold run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KFoldFigures {
    /// How many folds.
    pub folds: u32,
    /// Mean over the folds, each fold weighing the same; `n` is the rows of all folds together.
    pub mean: Figures,
    /// Population standard deviation over the folds; its `n` repeats the mean's.
    pub sd: Figures,
}

/// Figures of one evaluation. Regression has the first three, and with `--loss` the one of it among the last four;
/// classification has the others. One that is not defined (R² of a constant target, ROC AUC of a method without
/// probabilities) is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Rows evaluated.
    pub n: u64,
    /// Root of the mean squared error, in the target's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// Mean absolute error, in the target's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mae: Option<f64>,
    /// Coefficient of determination, 1 at best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// Share of rows whose class is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// F1, the unweighted mean over the classes (scikit-learn's `average="macro"`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
    /// Mean negative log-likelihood in nats, probabilities clipped to [2.2e-16, 1 − 2.2e-16] as scikit-learn does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_loss: Option<f64>,
    /// Area under the ROC curve; several classes: one-vs-rest, unweighted mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roc_auc: Option<f64>,
    /// Average precision, of the second of two classes; several classes: one-vs-rest, unweighted mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_precision: Option<f64>,
    /// Brier score, 0 at best: the mean squared error of the second of two classes' probability, of several classes its
    /// sum over them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brier: Option<f64>,
    /// Mean pinball loss of the quantile that was asked for (`--loss quantile=0.9`), in the target's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinball_loss: Option<f64>,
    /// Mean Poisson deviance (`--loss poisson`), 0 at best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poisson_deviance: Option<f64>,
    /// Mean gamma deviance (`--loss gamma`), 0 at best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gamma_deviance: Option<f64>,
    /// Mean Tweedie deviance of the power that was asked for (`--loss tweedie=1.5`), 0 at best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tweedie_deviance: Option<f64>,
}

/// How often the intervals of one level held the truth of rows that the model was not fitted on, and how wide they were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The probability that was asked for.
    pub level: f64,
    /// The share of the test rows whose truth the interval or the set holds.
    pub coverage: f64,
    /// Mean of upper − lower bound, in the target's unit; of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_width: Option<f64>,
    /// Mean number of classes in the set; of classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_set_size: Option<f64>,
    /// Test rows.
    pub n: u64,
}
