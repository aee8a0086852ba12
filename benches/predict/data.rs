//! Data, and estimators fitted on it.

use smartcore::algorithm::neighbour::KNNAlgorithmName;
use smartcore::dataset::{boston as boston_set, digits as digits_set, iris as iris_set};
use smartcore::ensemble::extra_trees_regressor::ExtraTreesRegressorParameters;
use smartcore::ensemble::random_forest_classifier::RandomForestClassifierParameters;
use smartcore::ensemble::random_forest_regressor::RandomForestRegressorParameters;
use smartcore::neighbors::knn_classifier::KNNClassifierParameters;
use smartcore::neighbors::knn_regressor::KNNRegressorParameters;
use smartcore::xgboost::XGRegressorParameters;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::open;
use smartserve::model::compiled::Predictor;
use smartserve::model::ir::Kernel;
use smartserve::model::schema::Task;
use smartserve::model::smartcore::*;
use smartserve::table::TableFile;
use smartserve::train::fit::svm::{self, ClassTask};
use smartserve::train::fit::{bayes, linear};
use smartserve::train::{TrainSpec, train};

use crate::estimator::Estimator;
use crate::time::{quick, wanted};

/// A table with a target.
pub(crate) struct Data {
    name: &'static str,
    pub(crate) n_columns: usize,
    /// Row-major.
    cells: Vec<f64>,
    y: Vec<f64>,
}

/// An estimator, and what is made of it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) estimator: Estimator,
    pub(crate) section: Vec<u8>,
    shape: Shape,
    pub(crate) predictor: Predictor,
}

impl Case {
    fn new(name: String, estimator: Estimator, task: Task, data: &Data, n_classes: usize) -> Self {
        let shape = Shape { algorithm: estimator.algorithm(), task, n_columns: data.n_columns, n_classes };
        let section = estimator.to_section().unwrap();
        let predictor = Predictor::compile(&read(&section, None, shape).unwrap(), n_classes).unwrap();
        Self { name, estimator, section, shape, predictor }
    }

    /// Of a forest.
    pub(crate) fn n_nodes(&self) -> usize {
        let form = read(&self.section, None, self.shape).unwrap();
        form.trees().unwrap().trees.iter().map(|tree| tree.nodes.len()).sum()
    }

    pub(crate) fn decode(&self) -> Predictor {
        Predictor::compile(&read(&self.section, None, self.shape).unwrap(), self.shape.n_classes).unwrap()
    }
}

struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    /// Between 0 and 1.
    fn number(&mut self) -> f64 {
        self.bits() as f64 / (1_u64 << 53) as f64
    }
}

impl Data {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    fn n_rows(&self) -> usize {
        self.y.len()
    }

    /// Row-major.
    pub(crate) fn cells(&self) -> &[f64] {
        &self.cells
    }

    /// Values, or class positions.
    pub(crate) fn targets(&self) -> &[f64] {
        &self.y
    }

    /// γ of the kernels, as `train` chooses it: 1 / (columns × variance of the cells).
    pub(crate) fn gamma(&self) -> f64 {
        let n = self.cells.len() as f64;
        let mean = self.cells.iter().sum::<f64>() / n;
        let variance = self.cells.iter().map(|cell| (cell - mean) * (cell - mean)).sum::<f64>() / n;
        1.0 / (self.n_columns as f64 * variance)
    }

    fn matrix(&self) -> Matrix {
        Matrix::new(self.n_rows(), self.n_columns, self.cells.clone(), false).unwrap()
    }

    /// `n` distinct rows: mixtures of two rows of the data.
    pub(crate) fn mixed(&self, n: usize) -> Vec<f64> {
        let mut random = Random(0x0123_4567_89ab_cdef);
        let row = |i: u64| &self.cells[i as usize % self.n_rows() * self.n_columns..][..self.n_columns];
        let mut rows = Vec::with_capacity(n * self.n_columns);
        for _ in 0..n {
            let (a, b, share) = (row(random.bits()), row(random.bits()), random.number());
            rows.extend(a.iter().zip(b).map(|(a, b)| a * share + b * (1.0 - share)));
        }
        rows
    }
}

/// Boston housing: 506 × 13.
pub(crate) fn boston() -> Data {
    let set = boston_set::load_dataset();
    let numbers = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect();
    Data { name: "Boston 506×13", n_columns: 13, cells: numbers(&set.data), y: numbers(&set.target) }
}

/// Iris: 150 × 4, three classes.
pub(crate) fn iris() -> Data {
    let set = iris_set::load_dataset();
    let cells = set.data.iter().map(|v| f64::from(*v)).collect();
    Data { name: "Iris 150×4", n_columns: 4, cells, y: set.target.iter().map(|v| f64::from(*v)).collect() }
}

/// Handwritten digits: 1,797 × 64, ten classes; without the three columns of one value, which `train` leaves out.
pub(crate) fn digits() -> Data {
    let set = digits_set::load_dataset();
    let rows = || set.data.chunks(set.num_features);
    let varies = |column: &usize| rows().any(|row| row[*column] != set.data[*column]);
    let columns: Vec<usize> = (0..set.num_features).filter(varies).collect();
    let cells = rows().flat_map(|row| columns.iter().map(|column| f64::from(row[*column]))).collect();
    let y = set.target.iter().map(|class| f64::from(*class)).collect();
    Data { name: "digits 1,797×61", n_columns: columns.len(), cells, y }
}

/// 20,000 × 20, five columns of which matter.
pub(crate) fn synthetic() -> Data {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let cells: Vec<f64> = (0..400_000).map(|_| random.number() * 2.0 - 1.0).collect();
    let target = |r: &[f64]| {
        let noise = random.number() * 2.0;
        10.0 * (r[0] * r[1] * 3.0).sin() + 20.0 * (r[2] - 0.5).powi(2) + 10.0 * r[3] + 5.0 * r[4] + noise
    };
    let y = cells.chunks(20).map(target).collect();
    Data { name: "synthetic 20k×20", n_columns: 20, cells, y }
}

/// A regression estimator of each algorithm; 100 trees where there are several. `None` when it is not to be run.
pub(crate) fn regression(algorithm: Algorithm, data: &Data) -> Option<Case> {
    let name = format!("{algorithm}, {}", data.name);
    let large = data.n_rows() > 10_000;
    if !wanted(&name) || (large && quick()) {
        return None;
    }
    let estimator = cached(&format!("{algorithm}-{}", data.n_rows()), algorithm, || fit_regression(algorithm, data))?;
    Some(Case::new(name, estimator, Task::Regression, data, 0))
}

fn fit_regression(algorithm: Algorithm, data: &Data) -> Option<Estimator> {
    let (x, y) = (&data.matrix(), &data.y);
    Some(match algorithm {
        Algorithm::Linear => Estimator::Linear(LinearRegression::fit(x, y, Default::default()).unwrap()),
        Algorithm::Ridge => Estimator::Ridge(RidgeRegression::fit(x, y, Default::default()).unwrap()),
        Algorithm::DecisionTree => Estimator::TreeRegressor(TreeRegressor::fit(x, y, Default::default()).unwrap()),
        Algorithm::RandomForest => {
            let parameters = RandomForestRegressorParameters::default().with_n_trees(100);
            Estimator::ForestRegressor(ForestRegressor::fit(x, y, parameters).unwrap())
        }
        Algorithm::ExtraTrees => {
            let parameters = ExtraTreesRegressorParameters::default().with_n_trees(100);
            Estimator::ExtraTrees(ExtraTrees::fit(x, y, parameters).unwrap())
        }
        Algorithm::GradientBoosting => {
            let parameters = XGRegressorParameters::default().with_learning_rate(0.1);
            Estimator::Boosting(Boosting::fit(x, y, parameters).unwrap())
        }
        Algorithm::Lasso => Estimator::Lasso(linear::lasso(x, y, 0.1).unwrap()),
        Algorithm::ElasticNet => {
            let net = linear::elastic_net(x, y, 0.1, 0.5).unwrap();
            Estimator::ElasticNet(postcard::from_bytes(&ridge_section(&net, false).unwrap()).unwrap())
        }
        Algorithm::Knn => {
            let parameters = KNNRegressorParameters::default().with_algorithm(KNNAlgorithmName::LinearSearch).with_k(5);
            Estimator::KnnRegressor(KnnRegressor::fit(x, y, parameters).unwrap())
        }
        // Fitting on 20,000 rows takes minutes, which is not what is measured here.
        Algorithm::Svr if data.n_rows() > 10_000 => return None,
        Algorithm::Svr => {
            let kernel = Kernel::Rbf { gamma: data.gamma() };
            Estimator::Svr(svm::regression(x, y, kernel, 1.0, 0.1).unwrap())
        }
        // Boosting on histograms answers by the kernels of imported forests: `imported.rs` times them.
        Algorithm::HistGradientBoosting | Algorithm::Logistic | Algorithm::GaussianNb | Algorithm::Svc => return None,
    })
}

/// A classification estimator of each algorithm; 100 trees where there are several.
pub(crate) fn classification(algorithm: Algorithm, data: &Data) -> Option<Case> {
    let name = format!("{algorithm}, {}", data.name);
    if !wanted(&name) {
        return None;
    }
    let x = &data.matrix();
    let y: Vec<u32> = data.y.iter().map(|class| *class as u32).collect();
    let n_classes = y.iter().max().map_or(0, |last| *last as usize + 1);
    let estimator = match algorithm {
        Algorithm::Logistic => Estimator::Logistic(LogisticRegression::fit(x, &y, Default::default()).unwrap()),
        Algorithm::DecisionTree => Estimator::TreeClassifier(TreeClassifier::fit(x, &y, Default::default()).unwrap()),
        Algorithm::RandomForest => {
            let parameters = RandomForestClassifierParameters::default().with_n_trees(100);
            Estimator::ForestClassifier(ForestClassifier::fit(x, &y, parameters).unwrap())
        }
        Algorithm::Knn => {
            let parameters =
                KNNClassifierParameters::default().with_algorithm(KNNAlgorithmName::LinearSearch).with_k(5);
            Estimator::KnnClassifier(KnnClassifier::fit(x, &y, parameters).unwrap())
        }
        Algorithm::GaussianNb => Estimator::GaussianNb(bayes::fit(&data.cells, data.n_columns, &y, n_classes).unwrap()),
        Algorithm::Svc => {
            let settings = ClassTask { kernel: Kernel::Rbf { gamma: data.gamma() }, c: 1.0, seed: 7 };
            Estimator::Svc(svm::classification(&data.cells, data.n_columns, &y, n_classes, settings).unwrap())
        }
        _ => return None,
    };
    Some(Case::new(name, estimator, Task::Multiclass, data, n_classes))
}

/// The forest of classes that `train` grows with its defaults, which answers with shares, or one of the same trees that votes.
pub(crate) fn trained_forest(data: &Data, vote: bool) -> Option<Case> {
    let name = format!("random-forest of {}, {}", if vote { "votes" } else { "shares" }, data.name);
    if !wanted(&name) {
        return None;
    }
    let header: Vec<String> = (0..data.n_columns).map(|column| format!("c{column}")).collect();
    let mut csv = format!("{},y\n", header.join(","));
    for (row, class) in data.cells.chunks(data.n_columns).zip(&data.y) {
        let cells: Vec<String> = row.iter().map(f64::to_string).collect();
        csv += &format!("{},k{class}\n", cells.join(","));
    }
    let new = TrainSpec::new("m", "y", Algorithm::RandomForest);
    let spec = TrainSpec { folds: Some(0), test_size: 0.0, vote, ..new };
    let artifact = train(&spec, &TableFile::from_bytes("data.csv", csv.into_bytes()), &()).unwrap().artifact;
    let opened = open(&artifact).unwrap();
    let (section, n_classes) = (opened.section("estimator").unwrap(), opened.header.target.classes.len());
    let estimator = Estimator::ForestClassifier(postcard::from_bytes(section).unwrap());
    let mut case = Case::new(name, estimator, Task::Multiclass, data, n_classes);
    let form = read(section, opened.section("shares"), case.shape).unwrap();
    case.predictor = Predictor::compile(&form, n_classes).unwrap();
    Some(case)
}

/// A forest of so many trees.
pub(crate) fn forest(data: &Data, trees: usize) -> Option<Case> {
    let name = format!("random-forest of {trees}, {}", data.name);
    let parameters = RandomForestRegressorParameters::default().with_n_trees(trees);
    wanted(&name).then(|| {
        let fitted = ForestRegressor::fit(&data.matrix(), &data.y, parameters).unwrap();
        Case::new(name, Estimator::ForestRegressor(fitted), Task::Regression, data, 0)
    })
}

/// The forest of 100 trees on the synthetic data: 2.5 million nodes.
pub(crate) fn large_forest() -> Option<Case> {
    regression(Algorithm::RandomForest, &synthetic())
}

/// Forests take seconds to fit on the large data: their sections are kept under `target/`.
fn cached(name: &str, algorithm: Algorithm, fit: impl FnOnce() -> Option<Estimator>) -> Option<Estimator> {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{name}.postcard"));
    let bytes = std::fs::read(&path).unwrap_or_default();
    let kept = match algorithm {
        Algorithm::RandomForest => postcard::from_bytes(&bytes).ok().map(Estimator::ForestRegressor),
        Algorithm::ExtraTrees => postcard::from_bytes(&bytes).ok().map(Estimator::ExtraTrees),
        _ => return fit(),
    };
    kept.or_else(|| {
        let fitted = fit()?;
        std::fs::write(&path, fitted.to_section().unwrap()).unwrap();
        Some(fitted)
    })
}
