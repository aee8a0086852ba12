//! What smartcore itself says: its objects fitted in memory on the encoded columns of a trained model's rows.
//!
//! Forests of blocks are merged, and trees of classes grown, by `train`, so that there is no call of
//! smartcore's that makes them; they are read from the artifact, and smartcore's own `predict` is asked.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use smartcore::algorithm::neighbour::KNNAlgorithmName::LinearSearch;
use smartcore::linalg::basic::arrays::Array;
use smartcore::linear::logistic_regression::LogisticRegressionParameters;
use smartcore::neighbors::knn_classifier::KNNClassifierParameters;
use smartcore::neighbors::knn_regressor::KNNRegressorParameters;
use smartcore::svm::svr::SVRParameters;
use smartcore::tree::decision_tree_regressor::DecisionTreeRegressorParameters;
use smartcore::xgboost::XGRegressorParameters;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::open;
use smartserve::model::batch::Batch;
use smartserve::model::ir::Kernel;
use smartserve::model::smartcore::SmartcoreSvr;
use smartserve::model::smartcore::*;
use smartserve::table::{Head, RowReader};
use smartserve::train::{fit::linear, options::DEFAULT_SEED};

use crate::support::estimator::{Estimator, SmartcorePrediction};
use crate::support::exact::{Data, as_matrix, object, votes_of_pairs};

/// γ of the kernels, so that nothing is left to work out.
pub(crate) const GAMMA: f64 = 0.25;
/// Trees of the ensembles: more than one block.
pub(crate) const TREES: u64 = 12;

/// A trained model and what it was trained on.
pub(crate) struct Trained<'a> {
    pub(crate) artifact: &'a [u8],
    pub(crate) model: Model,
    /// The encoded training rows.
    data: Data,
    /// A class position for each row; empty for regression.
    classes: Vec<u32>,
}

/// Classes or values, and probabilities where smartcore has them.
pub(crate) struct Answers {
    pub(crate) answers: SmartcorePrediction,
    pub(crate) probability: Option<Vec<f64>>,
}

/// The rows of a CSV as the server would read them.
pub(crate) fn batch(model: &Model, csv: &str) -> Batch {
    let mut rows = RowReader::new(csv.as_bytes(), "rows.csv", model.schema(), Head::Present).unwrap();
    rows.next_chunk(usize::MAX).unwrap().unwrap()
}

impl<'a> Trained<'a> {
    /// `csv` is the whole of what `artifact` was trained on, its target the last column.
    pub(crate) fn new(artifact: &'a [u8], csv: &str) -> Self {
        let model = Model::load(artifact).unwrap();
        let x = encoded(&model, &batch(&model, csv));
        let target = |line: &str| line.rsplit(',').next().unwrap().to_owned();
        let targets: Vec<String> = csv.lines().skip(1).map(target).collect();
        let labels = &model.schema().target().classes;
        let (mut y, mut classes) = (Vec::new(), Vec::new());
        for target in &targets {
            match labels.iter().position(|label| label == target) {
                Some(class) => classes.push(class as u32),
                None => y.push(target.parse().unwrap()),
            }
        }
        let data = Data { columns: x.shape().1, x, y };
        Self { artifact, model, data, classes }
    }

    /// The estimator of the artifact, as smartcore has it.
    fn read<E: DeserializeOwned>(&self) -> E {
        let opened = open(self.artifact).unwrap();
        postcard::from_bytes(opened.section("estimator").unwrap()).unwrap()
    }

    /// smartcore's answers for a batch.
    pub(crate) fn smartcore(&self, batch: &Batch) -> Answers {
        let rows = encoded(&self.model, batch);
        if self.classes.is_empty() {
            let answers = SmartcorePrediction::Values(self.values(&rows));
            return Answers { answers, probability: None };
        }
        let (classes, probability) = self.class_answers(&rows);
        Answers { answers: SmartcorePrediction::Classes(classes), probability }
    }

    fn values(&self, rows: &Matrix) -> Vec<f64> {
        let (x, y) = (&self.data.x, &self.data.y);
        let fitted = match self.model.header().algorithm.own().unwrap() {
            Algorithm::Linear => Estimator::Linear(LinearRegression::fit(x, y, Default::default()).unwrap()),
            Algorithm::Ridge => Estimator::Ridge(object(&linear::ridge(x, y, 1.0, true).unwrap())),
            Algorithm::Lasso => Estimator::Lasso(linear::lasso(x, y, 1.0).unwrap()),
            Algorithm::ElasticNet => Estimator::ElasticNet(object(&linear::elastic_net(x, y, 1.0, 0.5).unwrap())),
            Algorithm::Knn => {
                let parameters = KNNRegressorParameters::default().with_algorithm(LinearSearch).with_k(5);
                Estimator::KnnRegressor(KnnRegressor::fit(x, y, parameters).unwrap())
            }
            Algorithm::DecisionTree => {
                let parameters = DecisionTreeRegressorParameters { seed: Some(DEFAULT_SEED), ..Default::default() };
                Estimator::TreeRegressor(TreeRegressor::fit(x, y, parameters).unwrap())
            }
            Algorithm::GradientBoosting => {
                let parameters = XGRegressorParameters {
                    n_estimators: TREES as usize,
                    learning_rate: 0.1,
                    max_depth: 6,
                    min_child_weight: 1,
                    gamma: 0.0,
                    base_score: y.iter().sum::<f64>() / y.len() as f64,
                    seed: DEFAULT_SEED,
                    ..Default::default()
                };
                Estimator::Boosting(Boosting::fit(x, y, parameters).unwrap())
            }
            Algorithm::RandomForest => Estimator::ForestRegressor(self.read()),
            Algorithm::ExtraTrees => Estimator::ExtraTrees(self.read()),
            Algorithm::Svr => {
                let kernel = Kernel::Rbf { gamma: GAMMA }.to_smartcore();
                let parameters = SVRParameters::default().with_c(1.0).with_eps(0.1).with_kernel(kernel);
                return SmartcoreSvr::fit(x, y, &parameters).unwrap().predict(rows).unwrap();
            }
            other => panic!("{other} predicts classes"),
        };
        let SmartcorePrediction::Values(values) = fitted.predict(rows).unwrap() else { panic!("not values") };
        values
    }

    fn class_answers(&self, rows: &Matrix) -> (Vec<u32>, Option<Vec<f64>>) {
        let (x, y) = (&self.data.x, &self.classes);
        let n_classes = self.model.schema().target().classes.len();
        match self.model.header().algorithm.own().unwrap() {
            Algorithm::Logistic => {
                let parameters = LogisticRegressionParameters::default().with_alpha(1.0);
                (LogisticRegression::fit(x, y, parameters).unwrap().predict(rows).unwrap(), None)
            }
            Algorithm::DecisionTree => {
                let fitted: TreeClassifier = self.read();
                let probability = fitted.predict_proba(rows).unwrap().iterator(0).copied().collect();
                (fitted.predict(rows).unwrap(), Some(probability))
            }
            Algorithm::RandomForest => (self.read::<ForestClassifier>().predict(rows).unwrap(), None),
            Algorithm::GaussianNb => (GaussianNb::fit(x, y, Default::default()).unwrap().predict(rows).unwrap(), None),
            Algorithm::Knn => {
                let parameters = KNNClassifierParameters::default().with_algorithm(LinearSearch).with_k(5);
                let fitted = KnnClassifier::fit(x, y, parameters).unwrap();
                (fitted.predict(rows).unwrap(), Some(fitted.predict_proba(rows).unwrap().concat()))
            }
            Algorithm::Svc => {
                let kernel = Kernel::Rbf { gamma: GAMMA };
                let cells: Vec<f64> = rows.iterator(0).copied().collect();
                (votes_of_pairs(&self.data, y, n_classes, kernel, DEFAULT_SEED, &cells), None)
            }
            other => panic!("{other} predicts numbers"),
        }
    }

    /// (feature, threshold) of every split; none where there are no trees.
    pub(crate) fn splits(&self) -> Vec<(usize, f64)> {
        let json = match (self.model.header().algorithm.own().unwrap(), self.classes.is_empty()) {
            (Algorithm::DecisionTree, true) => self.json::<TreeRegressor>(),
            (Algorithm::DecisionTree, false) => self.json::<TreeClassifier>(),
            (Algorithm::RandomForest, true) => self.json::<ForestRegressor>(),
            (Algorithm::RandomForest, false) => self.json::<ForestClassifier>(),
            (Algorithm::ExtraTrees, _) => self.json::<ExtraTrees>(),
            (Algorithm::GradientBoosting, _) => self.json::<Boosting>(),
            _ => return Vec::new(),
        };
        let mut found = Vec::new();
        splits(&json, &mut found);
        let columns = &self.model.header().preprocessing.as_ref().unwrap().columns;
        // Boosting's leaves have a feature too, beyond the last.
        let of_feature = |(column, threshold)| Some((columns.get::<usize>(column)?.feature as usize, threshold));
        found.into_iter().filter_map(of_feature).collect()
    }

    fn json<E: DeserializeOwned + Serialize>(&self) -> Value {
        serde_json::to_value(self.read::<E>()).unwrap()
    }
}

fn encoded(model: &Model, batch: &Batch) -> Matrix {
    let mut preprocessing = model.header().preprocessing.clone().unwrap();
    preprocessing.fill_from(model.schema());
    let n_columns = preprocessing.n_columns();
    let mut cells = vec![0.0; batch.n_rows() * n_columns];
    for (row, encoded) in batch.rows().zip(cells.chunks_exact_mut(n_columns)) {
        preprocessing.encode(row, encoded);
    }
    as_matrix(&cells, n_columns)
}

/// (column, threshold) of every split in an estimator's JSON.
fn splits(value: &Value, found: &mut Vec<(usize, f64)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| splits(value, found)),
        Value::Object(fields) => {
            let column = fields.get("split_feature").or(fields.get("split_feature_idx")).and_then(Value::as_u64);
            let threshold = fields.get("split_value").or(fields.get("threshold")).and_then(Value::as_f64);
            if let (Some(column), Some(threshold)) = (column, threshold) {
                found.push((column as usize, threshold));
            }
            fields.values().for_each(|value| splits(value, found));
        }
        _ => {}
    }
}
