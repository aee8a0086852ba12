//! The names of the estimators: one word each, used on the command line, in the artifact and in replies.

use serde::{Deserialize, Serialize};

/// An estimator by the name users type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Boosted trees on histograms, of our own; kept in the neutral form.
    HistGradientBoosting,
    /// smartcore's `LinearRegression` (SVD solver).
    Linear,
    /// smartcore's `RidgeRegression` (Cholesky solver, no normalization of its own).
    Ridge,
    /// smartcore's `Lasso`, with its own normalization (which is where its intercept comes from).
    Lasso,
    /// smartcore's `ElasticNet`, with its own normalization, fitted on a centred target.
    ElasticNet,
    /// smartcore's `DecisionTreeRegressor` or `DecisionTreeClassifier`.
    DecisionTree,
    /// smartcore's `RandomForestRegressor` or `RandomForestClassifier`.
    RandomForest,
    /// smartcore's `ExtraTreesRegressor`.
    ExtraTrees,
    /// smartcore's `XGRegressor`.
    GradientBoosting,
    /// smartcore's `KNNRegressor` or `KNNClassifier`, by linear search, all neighbours weighing the same.
    Knn,
    /// smartcore's `SVR`.
    Svr,
    /// smartcore's `LogisticRegression`.
    Logistic,
    /// smartcore's `GaussianNB`.
    GaussianNb,
    /// smartcore's `SVC`, one for each pair of classes.
    Svc,
}

impl Algorithm {
    /// All of them, in the order that help and reports list them.
    pub const ALL: [Self; 14] = [
        Self::HistGradientBoosting,
        Self::Linear,
        Self::Ridge,
        Self::Lasso,
        Self::ElasticNet,
        Self::DecisionTree,
        Self::RandomForest,
        Self::ExtraTrees,
        Self::GradientBoosting,
        Self::Knn,
        Self::Svr,
        Self::Logistic,
        Self::GaussianNb,
        Self::Svc,
    ];

    /// The word users type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HistGradientBoosting => "hist-gradient-boosting",
            Self::Linear => "linear",
            Self::Ridge => "ridge",
            Self::Lasso => "lasso",
            Self::ElasticNet => "elastic-net",
            Self::DecisionTree => "decision-tree",
            Self::RandomForest => "random-forest",
            Self::ExtraTrees => "extra-trees",
            Self::GradientBoosting => "gradient-boosting",
            Self::Knn => "knn",
            Self::Svr => "svr",
            Self::Logistic => "logistic",
            Self::GaussianNb => "gaussian-nb",
            Self::Svc => "svc",
        }
    }

    /// True when it can predict a number.
    pub fn does_regression(self) -> bool {
        !matches!(self, Self::Logistic | Self::GaussianNb | Self::Svc)
    }

    /// True when it can predict a class.
    pub fn does_classification(self) -> bool {
        matches!(
            self,
            Self::HistGradientBoosting
                | Self::DecisionTree
                | Self::RandomForest
                | Self::Knn
                | Self::Logistic
                | Self::GaussianNb
                | Self::Svc
        )
    }

    /// True for single trees, forests and boosting.
    pub fn is_trees(self) -> bool {
        matches!(
            self,
            Self::HistGradientBoosting
                | Self::DecisionTree
                | Self::RandomForest
                | Self::ExtraTrees
                | Self::GradientBoosting
        )
    }

    /// True when it takes missing cells and categories as they are: nothing is filled, encoded or scaled, and the
    /// artifact holds it in the neutral form.
    pub fn takes_raw_cells(self) -> bool {
        self == Self::HistGradientBoosting
    }

    /// True when the answer is the mean of independent trees.
    pub fn is_averaged(self) -> bool {
        matches!(self, Self::RandomForest | Self::ExtraTrees)
    }

    /// True when standard scaling is on unless `--no-scale` says otherwise: where the penalty, the solver or a distance
    /// depends on the columns' units, and where sums of large numbers beside small ones lose what tells them apart.
    pub fn scales_by_default(self) -> bool {
        matches!(
            self,
            Self::Linear
                | Self::Ridge
                | Self::Lasso
                | Self::ElasticNet
                | Self::Knn
                | Self::Svr
                | Self::Logistic
                | Self::GaussianNb
                | Self::Svc
        )
    }
}

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Algorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::as_str);
        match names.iter().position(|name| *name == text) {
            Some(at) => Ok(Self::ALL[at]),
            None => Err(format!("no algorithm is called {text:?}; it is one of {}", names.join(", "))),
        }
    }
}

/// What a model is made of: one of our estimators, or another library's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Estimator {
    /// One that `train` fits.
    Own(Algorithm),
    /// Another library's, by a word for it: `xgboost`, `lightgbm`, `sklearn.RandomForestClassifier`.
    Other(String),
}

impl Estimator {
    /// The algorithm, if it is one of ours.
    pub fn own(&self) -> Option<Algorithm> {
        match self {
            Self::Own(algorithm) => Some(*algorithm),
            Self::Other(_) => None,
        }
    }

    /// The word used in the artifact, in replies and in reports.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Own(algorithm) => algorithm.as_str(),
            Self::Other(name) => name,
        }
    }
}

impl std::fmt::Display for Estimator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
