//! smartcore's fitted objects with smartcore's own `predict`, to compare with. The benchmarks use it too.

use smartcore::linalg::basic::arrays::Array;
use smartcore::svm::Kernel as _;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::smartcore::*;

/// A fitted estimator.
#[derive(Debug)]
pub(crate) enum Estimator {
    Linear(LinearRegression),
    Ridge(RidgeRegression),
    Lasso(Lasso),
    ElasticNet(ElasticNet),
    Logistic(LogisticRegression),
    TreeRegressor(TreeRegressor),
    TreeClassifier(TreeClassifier),
    ForestRegressor(ForestRegressor),
    ForestClassifier(ForestClassifier),
    ExtraTrees(ExtraTrees),
    Boosting(Boosting),
    KnnRegressor(KnnRegressor),
    KnnClassifier(KnnClassifier),
    GaussianNb(GaussianNb),
    Svr(SupportMachines),
    Svc(SupportMachines),
}

/// What smartcore's own `predict` says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SmartcorePrediction {
    /// `[n_rows]` values.
    Values(Vec<f64>),
    /// `[n_rows]` class positions.
    Classes(Vec<u32>),
}

impl Estimator {
    /// The name users know it by.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Linear(_) => Algorithm::Linear,
            Self::Ridge(_) => Algorithm::Ridge,
            Self::Lasso(_) => Algorithm::Lasso,
            Self::ElasticNet(_) => Algorithm::ElasticNet,
            Self::Logistic(_) => Algorithm::Logistic,
            Self::TreeRegressor(_) | Self::TreeClassifier(_) => Algorithm::DecisionTree,
            Self::ForestRegressor(_) | Self::ForestClassifier(_) => Algorithm::RandomForest,
            Self::ExtraTrees(_) => Algorithm::ExtraTrees,
            Self::Boosting(_) => Algorithm::GradientBoosting,
            Self::KnnRegressor(_) | Self::KnnClassifier(_) => Algorithm::Knn,
            Self::GaussianNb(_) => Algorithm::GaussianNb,
            Self::Svr(_) => Algorithm::Svr,
            Self::Svc(_) => Algorithm::Svc,
        }
    }

    /// Its `estimator` section.
    pub(crate) fn to_section(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Linear(e) => section(e),
            Self::Ridge(e) => section(e),
            Self::Lasso(e) => section(e),
            Self::ElasticNet(e) => section(e),
            Self::Logistic(e) => section(e),
            Self::TreeRegressor(e) => section(e),
            Self::TreeClassifier(e) => section(e),
            Self::ForestRegressor(e) => section(e),
            Self::ForestClassifier(e) => section(e),
            Self::ExtraTrees(e) => section(e),
            Self::Boosting(e) => section(e),
            Self::KnnRegressor(e) => section(e),
            Self::KnnClassifier(e) => section(e),
            Self::GaussianNb(e) => section(e),
            Self::Svr(e) | Self::Svc(e) => section(e),
        }
    }

    /// smartcore's own answers for a matrix of encoded columns (of support vector machines those of its kernels, summed
    /// in its order).
    pub(crate) fn predict(&self, x: &Matrix) -> Result<SmartcorePrediction, String> {
        use SmartcorePrediction::{Classes, Values};
        match self {
            Self::Linear(e) => e.predict(x).map(Values),
            Self::Ridge(e) => e.predict(x).map(Values),
            Self::Lasso(e) => e.predict(x).map(Values),
            Self::ElasticNet(e) => e.predict(x).map(Values),
            Self::Logistic(e) => e.predict(x).map(Classes),
            Self::TreeRegressor(e) => e.predict(x).map(Values),
            Self::TreeClassifier(e) => e.predict(x).map(Classes),
            Self::ForestRegressor(e) => e.predict(x).map(Values),
            Self::ForestClassifier(e) => e.predict(x).map(Classes),
            Self::ExtraTrees(e) => e.predict(x).map(Values),
            Self::Boosting(e) => e.predict(x).map(Values),
            Self::KnnRegressor(e) => e.predict(x).map(Values),
            Self::KnnClassifier(e) => e.predict(x).map(Classes),
            Self::GaussianNb(e) => e.predict(x).map(Classes),
            Self::Svr(e) => {
                return decisions(e, x).map(|d| Values(d.into_iter().next().unwrap_or_default()));
            }
            Self::Svc(e) => return classes(e, x).map(Classes),
        }
        .map_err(|e| e.to_string())
    }
}

/// What every machine says of every row, `[n_machines][n_rows]`, by smartcore's own kernel and in the order of its
/// `predict_for_row`.
fn decisions(machines: &SupportMachines, x: &Matrix) -> Result<Vec<Vec<f64>>, String> {
    let kernel = machines.kernel.to_smartcore();
    let (n_rows, n_columns) = x.shape();
    let vectors: Vec<Vec<f64>> = machines.vectors.chunks(n_columns).map(<[f64]>::to_vec).collect();
    let mut decisions = vec![Vec::with_capacity(n_rows); machines.machines.len()];
    for row in 0..n_rows {
        let row = (0..n_columns).map(|c| *x.get((row, c))).collect();
        for (machine, decisions) in machines.machines.iter().zip(&mut decisions) {
            let mut sum = machine.intercept;
            for (vector, weight) in machine.vectors.iter().zip(&machine.weights) {
                sum += weight * kernel.apply(&row, &vectors[*vector as usize]).map_err(|e| e.to_string())?;
            }
            decisions.push(sum);
        }
    }
    Ok(decisions)
}

/// The class of every row: the one with most votes; ties: the first.
fn classes(machines: &SupportMachines, x: &Matrix) -> Result<Vec<u32>, String> {
    let decisions = decisions(machines, x)?;
    let n_classes = (2..=decisions.len() + 1).find(|k| k * (k - 1) / 2 == decisions.len()).unwrap_or(2);
    let class = |row: usize| {
        let mut votes = vec![0_u32; n_classes];
        let pairs = (0..n_classes).flat_map(|i| (i + 1..n_classes).map(move |j| (i, j)));
        for ((i, j), decisions) in pairs.zip(&decisions) {
            votes[if decisions[row] > 0.0 { j } else { i }] += 1;
        }
        let most = votes.iter().max().copied().unwrap_or(0);
        votes.iter().position(|v| *v == most).and_then(|c| u32::try_from(c).ok()).unwrap_or(0)
    };
    Ok((0..x.shape().0).map(class).collect())
}
