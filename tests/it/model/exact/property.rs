//! Equality with smartcore over small random data sets: coarse cells, so that distances and scores tie often, and cells
//! of any size.

use crate::support::estimator::{Estimator, SmartcorePrediction};
use crate::support::exact::{Data, Expected, as_matrix, object, predictor, some_probes};
use proptest::prelude::*;
use smartcore::algorithm::neighbour::KNNAlgorithmName::LinearSearch;
use smartcore::neighbors::knn_classifier::KNNClassifierParameters;
use smartcore::neighbors::knn_regressor::KNNRegressorParameters;
use smartcore::svm::svc::SVCParameters;
use smartcore::svm::svr::SVRParameters;
use smartserve::model::ir::Kernel;
use smartserve::model::schema::Task;
use smartserve::model::smartcore::*;
use smartserve::model::smartcore::{Parts, SmartcoreSvc, SmartcoreSvr, SupportMachines};
use smartserve::train::fit::svm::{self, ClassTask};
use smartserve::train::fit::{bayes, linear};

/// A cell: one of a few, so that rows repeat and distances tie, or any within a magnitude.
fn cell(magnitude: f64) -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => (-2_i8..=2).prop_map(f64::from),
        1 => Just(-0.0),
        2 => -magnitude..magnitude,
    ]
}

/// 5 to 60 rows of 1 to 5 columns, targets in a few values or any.
fn table() -> impl Strategy<Value = Data> {
    let magnitude = prop_oneof![Just(1.0), Just(3.0), Just(1e-160), Just(1e12)];
    (5_usize..60, 1_usize..=5, magnitude).prop_flat_map(|(n, columns, magnitude)| {
        let cells = prop::collection::vec(cell(magnitude), n * columns);
        (cells, prop::collection::vec(cell(50.0), n)).prop_map(move |(cells, y)| {
            let x = Matrix::new(n, columns, cells, false).unwrap();
            Data { columns, x, y }
        })
    })
}

/// A class for each row: all of `n` are there.
fn classes(data: &Data, n: u32) -> Vec<u32> {
    let of = |(i, v): (usize, &f64)| if i < n as usize { i as u32 } else { v.to_bits().count_ones() % n };
    data.y.iter().enumerate().map(of).collect()
}

/// Probe rows for which some distance is finite: smartcore answers 0 or nothing at all for the others.
fn near_probes(data: &Data) -> Vec<f64> {
    let cells = data.cells();
    let square = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
    let near = |row: &&[f64]| cells.chunks(data.columns).any(|cell| square(row, cell).is_finite());
    some_probes(data, 60).chunks(data.columns).filter(near).flatten().copied().collect()
}

fn kernels() -> impl Strategy<Value = Kernel> {
    prop_oneof![
        Just(Kernel::Linear),
        (0.01..5.0).prop_map(|gamma| Kernel::Rbf { gamma }),
        (0.01..1.0, -1.0..1.0).prop_map(|(gamma, coef0)| Kernel::Sigmoid { gamma, coef0 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn neighbors_have_smartcores_means(data in table(), k in 1_usize..60) {
        let parameters = KNNRegressorParameters::default().with_algorithm(LinearSearch).with_k(k.min(data.y.len()));
        let estimator = Estimator::KnnRegressor(KnnRegressor::fit(&data.x, &data.y, parameters).unwrap());
        let rows = near_probes(&data);
        let expected = Expected::new(estimator.predict(&as_matrix(&rows, data.columns)).unwrap());
        expected.check(&predictor(&estimator, data.columns, Task::Regression, 0), &rows, data.columns);
    }

    #[test]
    fn neighbors_have_smartcores_shares(data in table(), k in 1_usize..60, n_classes in 2_u32..5) {
        let (rows, y) = (near_probes(&data), classes(&data, n_classes));
        let x = as_matrix(&rows, data.columns);
        let parameters = KNNClassifierParameters::default().with_algorithm(LinearSearch).with_k(k.min(y.len()));
        let fitted = KnnClassifier::fit(&data.x, &y, parameters).unwrap();
        let probability = fitted.predict_proba(&x).unwrap().concat();
        let estimator = Estimator::KnnClassifier(fitted);
        let mut expected = Expected::new(estimator.predict(&x).unwrap());
        expected.probability = Some(probability);
        expected.refused.fill(Some(false));
        let task = if n_classes == 2 { Task::Binary } else { Task::Multiclass };
        expected.check(&predictor(&estimator, data.columns, task, n_classes as usize), &rows, data.columns);
    }

    #[test]
    fn svr_has_smartcores_values(data in table(), kernel in kernels()) {
        let parameters = SVRParameters::default().with_kernel(kernel.to_smartcore());
        let fitted = SmartcoreSvr::fit(&data.x, &data.y, &parameters).unwrap();
        let parts = Parts::of_svr(&fitted).unwrap();
        let rows = some_probes(&data, 60);
        let x = as_matrix(&rows, data.columns);
        let expected = Expected::new(SmartcorePrediction::Values(fitted.predict(&x).unwrap()));
        let estimator = Estimator::Svr(SupportMachines::join(kernel, data.columns, &[parts]).unwrap());
        expected.check(&predictor(&estimator, data.columns, Task::Regression, 0), &rows, data.columns);
    }

    #[test]
    fn svc_is_fitted_to_smartcores_bits(
        data in table(), gamma in 0.01..5.0_f64, c in 0.1..100.0_f64, seed in 0_u64..9,
    ) {
        // It cuts a row short when there are fewer rows than columns.
        prop_assume!(data.y.len() >= data.columns);
        let y = classes(&data, 2);
        let kernel = Kernel::Rbf { gamma };
        let parameters = SVCParameters::default().with_kernel(kernel.to_smartcore()).with_seed(Some(seed)).with_c(c);
        let fitted = SmartcoreSvc::fit(&data.x, &y, &parameters).unwrap();
        let parts = Parts::of_svc(&fitted).unwrap();
        let rows = some_probes(&data, 60);
        let x = as_matrix(&rows, data.columns);
        let classes = fitted.predict(&x).unwrap().into_iter().map(|c| c as u32).collect();
        let mut expected = Expected::new(SmartcorePrediction::Classes(classes)).without_probability();
        expected.refused.fill(Some(false));
        let theirs = SupportMachines::join(kernel, data.columns, &[parts]).unwrap();
        let ours = svm::classification(&data.cells(), data.columns, &y, 2, ClassTask { kernel, c, seed }).unwrap();
        let estimator = Estimator::Svc(ours);
        prop_assert_eq!(estimator.to_section(), Estimator::Svc(theirs).to_section());
        expected.check(&predictor(&estimator, data.columns, Task::Binary, 2), &rows, data.columns);
    }

    #[test]
    fn naive_bayes_is_smartcores(data in table(), n_classes in 2_u32..4) {
        let y = classes(&data, n_classes);
        prop_assume!(bayes::without_spread(&data.cells(), data.columns, &y, n_classes as usize).is_none());
        let theirs = GaussianNb::fit(&data.x, &y, Default::default()).unwrap();
        let ours = bayes::fit(&data.cells(), data.columns, &y, n_classes as usize).unwrap();
        prop_assert_eq!(postcard::to_allocvec(&theirs), postcard::to_allocvec(&ours));
        let rows = some_probes(&data, 60);
        let expected = Expected::new(Estimator::GaussianNb(theirs).predict(&as_matrix(&rows, data.columns)).unwrap());
        let task = if n_classes == 2 { Task::Binary } else { Task::Multiclass };
        let predictor = predictor(&Estimator::GaussianNb(ours), data.columns, task, n_classes as usize);
        expected.check(&predictor, &rows, data.columns);
    }

    #[test]
    fn penalized_models_have_smartcores_values(data in table(), alpha in 0.01..2.0_f64, l1_ratio in 0.1..1.0_f64) {
        let rows = some_probes(&data, 60);
        let x = as_matrix(&rows, data.columns);
        let lasso = linear::lasso(&data.x, &data.y, alpha).map(Estimator::Lasso);
        let net = linear::elastic_net(&data.x, &data.y, alpha, l1_ratio).map(|net| Estimator::ElasticNet(object(&net)));
        // A constant column, or no convergence: smartcore says so.
        for estimator in [lasso, net].into_iter().flatten() {
            let SmartcorePrediction::Values(values) = estimator.predict(&x).unwrap() else { panic!("not values") };
            prop_assume!(values[0].is_finite());
            let expected = Expected::new(SmartcorePrediction::Values(values));
            expected.check(&predictor(&estimator, data.columns, Task::Regression, 0), &rows, data.columns);
        }
    }
}
