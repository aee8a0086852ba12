//! The flags of `train`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{share, switch};
use crate::model::algorithm::Algorithm;
use crate::train::{KernelName, MaxFeatures};

/// `train`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  smartserve train --data data/boston.csv --target MEDV --algorithm random-forest --sensitive B -o boston.model
  smartserve train --data data/iris.csv --target species --algorithm logistic -o iris.model
  smartserve train --data data/diabetes.csv --target target --algorithm ridge --alpha 10 --json -o diabetes.model
  smartserve train --data data/diabetes.csv --target target --compare
  smartserve train --data data/diabetes.csv --target target --algorithm svr --tune=40 -o diabetes.model

Hyperparameters and what they default to:
  decision-tree      --max-depth unset --min-samples-leaf 1
  random-forest      --trees 100 --max-depth unset --min-samples-leaf 1 --max-features sqrt
  extra-trees        --trees 100 --max-depth unset --min-samples-leaf 1 --max-features third
  gradient-boosting  --trees 100 --max-depth 6 --min-samples-leaf 1 --learning-rate 0.1 --gamma 0
  ridge              --alpha 1
  lasso              --alpha 1
  elastic-net        --alpha 1 --l1-ratio 0.5
  knn                --neighbors 5
  svr                --kernel rbf --c 1 --epsilon 0.1 --gamma scale --degree 3 --coef0 0
  logistic           --alpha 1
  svc                --kernel rbf --c 1 --gamma scale --degree 3 --coef0 0
linear and gaussian-nb have none. A hyperparameter that the algorithm, or the kernel, does not have is refused. \
scale is 1 / (columns × variance of their cells). --degree is of the kernel poly, --coef0 of poly and sigmoid, --gamma \
of all but linear. svr is fitted on 10000 rows at most, svc on 10000 of any two classes: their solvers keep a number \
for every two rows. svc fits a machine for every pair of classes and has no probabilities.

What --tune draws, for the options that are not given:
  max-depth         unset (half of the draws) or 2 to 20; for gradient-boosting 2 to 8
  min-samples-leaf  1 to 20, log
  max-features      sqrt, a third, two thirds or all of the encoded columns
  trees             50 to 400, log; for gradient-boosting only
  learning-rate     0.02 to 0.3, log
  alpha             0.001 to 1000, log; for lasso and elastic-net
  alpha             0.0001 to 1 times the target's standard deviation, log
  l1-ratio          0.05 to 1
  neighbors         1 to 50, log, at most half of the rows
  c                 0.1 to 1000, log
  epsilon           0.001 to 0.5 times the target's standard deviation, log
  gamma             0.01 to 10 over the number of columns, log; for svr and svc only
log is uniform in the logarithm. Candidates are ranked by their mean RMSE over the folds, or accuracy and then log-loss. \
One that after 3 or 6 folds is worse than the best by over 3 standard errors of the difference, and by over 2 % of its \
RMSE or 0.01 of accuracy, is given up. The k-fold figures of the one that is chosen flatter it, as do those of the best \
of --compare; the holdout figures do not: the rows set aside have no part in the choice.

Fits run on all cores (trees of a forest in blocks of 8), to the same bytes whatever their number. Trees of classes \
are ours, by the rules of scikit-learn's: of equally good splits the first in a seeded order of the columns; answers \
are those of smartcore's predict. A random-forest of three classes on 16,000 rows of 20 columns takes 1.2 s of \
processor time.

A text target means classification, a numeric one regression, unless --task says otherwise. Text columns are \
categorical (one-hot), numeric ones numeric, unless --categorical or --numeric say otherwise. Empty cells are filled: \
the median, or the most frequent category, of the training rows. A request with a category that no training row has is \
refused (422), as is an empty cell where training had none.")]
#[expect(clippy::struct_excessive_bools, reason = "switches, as they are typed")]
pub struct TrainArgs {
    /// CSV file with a header line; - for standard input
    #[arg(long, value_name = "F.csv")]
    pub data: PathBuf,
    /// The column to predict
    #[arg(long, value_name = "COLUMN")]
    pub target: String,
    /// Where to write the model; its stem is the default --name
    #[arg(short, long, value_name = "F.model", required_unless_present = "compare")]
    pub output: Option<PathBuf>,
    /// The estimator. Numbers: linear, ridge, lasso, elastic-net, extra-trees, gradient-boosting, svr. Classes: logistic,
    /// gaussian-nb, svc. Both: decision-tree, random-forest, knn
    #[arg(long, value_name = "NAME", default_value = "random-forest")]
    pub algorithm: Algorithm,
    /// Fit every algorithm that suits the task, with its defaults, and print them ranked by cross-validation; -o then
    /// writes the best
    #[arg(long, value_parser = switch(), num_args = 0, default_value_t = false, default_missing_value = "true", conflicts_with_all = ["algorithm", "tune"])]
    pub compare: bool,
    /// Search the hyperparameters that are not given: the best of N candidates by cross-validation, the defaults among
    /// them [N: 20]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "20")]
    pub tune: Option<u32>,
    /// Predict a number or a class [default: as the target's column looks]
    #[arg(long, value_enum)]
    pub task: Option<TaskArg>,
    /// Columns to use, comma-separated or repeated [default: all but the target]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub features: Vec<String>,
    /// Columns not to use
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', conflicts_with = "features")]
    pub drop: Vec<String>,
    /// Columns whose values are names, even where they look like numbers
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub categorical: Vec<String>,
    /// Columns that must be numbers; text in them is an error
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub numeric: Vec<String>,
    /// Columns that encode a protected attribute: marked in the model, group errors reported
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub sensitive: Vec<String>,
    /// The model's own name [default: the output's stem]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// One sentence about the model, kept in it
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Seeds every shuffle and every random choice
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
    /// Share of rows set aside for the holdout figures, never fitted on; 0 for none
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, value_parser = share)]
    pub test_size: f64,
    /// Folds of the cross-validation on the training rows; 0 for none, else at least 2
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub folds: u32,
    /// Scale columns by (x − mean) / sd [default: for ridge, lasso, elastic-net, knn, svr, logistic and svc]
    #[arg(long, value_parser = switch(), num_args = 0, default_value_t = false, default_missing_value = "true", conflicts_with = "no_scale")]
    pub scale: bool,
    /// Do not scale columns
    #[arg(long, value_parser = switch(), num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub no_scale: bool,
    /// Trees of a forest, or boosting rounds
    #[arg(long, value_name = "N", help_heading = "Hyperparameters")]
    pub trees: Option<u64>,
    /// Longest path from a tree's root to a leaf, in splits
    #[arg(long, value_name = "N", help_heading = "Hyperparameters")]
    pub max_depth: Option<u64>,
    /// Fewest training rows in a leaf
    #[arg(long, value_name = "N", help_heading = "Hyperparameters")]
    pub min_samples_leaf: Option<u64>,
    /// Columns tried at each split: sqrt, third, all, or a number
    #[arg(long, value_name = "N|sqrt|third|all", help_heading = "Hyperparameters")]
    pub max_features: Option<MaxFeatures>,
    /// Share of each boosting round's correction that is taken
    #[arg(long, value_name = "X", help_heading = "Hyperparameters")]
    pub learning_rate: Option<f64>,
    /// Strength of the penalty on coefficients
    #[arg(long, value_name = "X", help_heading = "Hyperparameters")]
    pub alpha: Option<f64>,
    /// Share of the L1 penalty in it, the rest being L2
    #[arg(long, value_name = "SHARE", help_heading = "Hyperparameters")]
    pub l1_ratio: Option<f64>,
    /// Nearest training rows that are asked
    #[arg(long, value_name = "N", help_heading = "Hyperparameters")]
    pub neighbors: Option<u64>,
    /// Likeness of two rows to a support vector machine: rbf, linear, poly or sigmoid
    #[arg(long, value_name = "NAME", help_heading = "Hyperparameters")]
    pub kernel: Option<KernelName>,
    /// What a row costs that a support vector machine has on the wrong side, or farther off than --epsilon
    #[arg(long, value_name = "X", help_heading = "Hyperparameters")]
    pub c: Option<f64>,
    /// Error that svr does not count, in units of the target
    #[arg(long, value_name = "X", help_heading = "Hyperparameters")]
    pub epsilon: Option<f64>,
    /// Least gain that a boosted split must bring; for svr and svc, how fast likeness falls with distance
    #[arg(long, value_name = "X", help_heading = "Hyperparameters")]
    pub gamma: Option<f64>,
    /// Degree of the kernel poly
    #[arg(long, value_name = "N", help_heading = "Hyperparameters")]
    pub degree: Option<u64>,
    /// Constant term of the kernels poly and sigmoid
    #[arg(long, value_name = "X", help_heading = "Hyperparameters", allow_negative_numbers = true)]
    pub coef0: Option<f64>,
    /// Print the report as JSON
    #[arg(long, value_parser = switch(), num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub json: bool,
}

/// What to predict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TaskArg {
    /// A number
    Regression,
    /// A class
    Classification,
}
