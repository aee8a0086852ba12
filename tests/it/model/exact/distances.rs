//! Nearest neighbours, support vector machines, naive Bayes and the penalized linear models answer bit for bit as
//! smartcore's in-memory objects do, after having been written and read, on distinct rows (10,000, or 500 where smartcore is
//! slow; `make exact`: 10,000) and on edge rows; polynomial kernels of a whole degree within 1e-12 × Σ|terms|.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::estimator::{Estimator, SmartcorePrediction};
use crate::support::exact::{
    Data, Expected, as_matrix, assert_equal, boston_data, breast_cancer_data, diabetes_data, digits_data, few_probes,
    iris_data, object, predictor, probes, votes_of_pairs,
};
use smartcore::algorithm::neighbour::KNNAlgorithmName::LinearSearch;
use smartcore::linalg::basic::arrays::Array;
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

/// γ of 0.1 and the like, so that kernels neither vanish nor saturate on scaled columns.
const KERNELS: [Kernel; 5] = [
    Kernel::Linear,
    Kernel::Rbf { gamma: 0.07 },
    Kernel::Polynomial { degree: 3.0, gamma: 0.1, coef0: 1.0 },
    Kernel::Polynomial { degree: 2.5, gamma: 0.1, coef0: 3.0 },
    Kernel::Sigmoid { gamma: 0.01, coef0: 0.1 },
];

fn task(n_classes: usize) -> Task {
    if n_classes == 2 { Task::Binary } else { Task::Multiclass }
}

#[test]
fn lasso_and_elastic_net_are_bit_identical() {
    for data in [boston_data(), diabetes_data().scaled()] {
        let lasso = linear::lasso(&data.x, &data.y, 0.1).unwrap();
        assert_equal(&Estimator::Lasso(lasso), &data, Task::Regression, 0);
        let net = linear::elastic_net(&data.x, &data.y, 0.1, 0.3).unwrap();
        assert_equal(&Estimator::ElasticNet(object(&net)), &data, Task::Regression, 0);
    }
}

/// No distance is finite: smartcore finds nobody.
fn nobody_is_near(rows: &[f64], data: &Data) -> Vec<bool> {
    let cells = data.cells();
    let square = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
    let far = |row: &[f64]| cells.chunks(data.columns).all(|cell| square(row, cell).is_infinite());
    rows.chunks(data.columns).map(far).collect()
}

#[test]
fn knn_regression_is_bit_identical() {
    for (data, k) in [(boston_data(), 5), (boston_data().scaled(), 1), (diabetes_data(), 8), (diabetes_data(), 442)] {
        let parameters = KNNRegressorParameters::default().with_algorithm(LinearSearch).with_k(k);
        let fitted = KnnRegressor::fit(&data.x, &data.y, parameters).unwrap();
        let rows = few_probes(&data);
        let estimator = Estimator::KnnRegressor(fitted);
        let mut expected = Expected::new(estimator.predict(&as_matrix(&rows, data.columns)).unwrap());
        expected.refused = nobody_is_near(&rows, &data).into_iter().map(Some).collect();
        expected.check(&predictor(&estimator, data.columns, Task::Regression, 0), &rows, data.columns);
    }
}

#[test]
fn knn_classification_is_bit_identical() {
    for ((data, y), n_classes, k) in [(iris_data(3), 3, 7), (breast_cancer_data(), 2, 4), (digits_data(), 10, 5)] {
        let parameters = KNNClassifierParameters::default().with_algorithm(LinearSearch).with_k(k);
        let fitted = KnnClassifier::fit(&data.x, &y, parameters).unwrap();
        let mut rows = few_probes(&data);
        // smartcore refuses all rows when it finds nobody near one.
        let far = nobody_is_near(&rows, &data);
        let mut far_row = far.iter().position(|f| *f).map(|r| rows[r * data.columns..][..data.columns].to_vec());
        let mut keep = far.iter().flat_map(|f| std::iter::repeat_n(!f, data.columns));
        rows.retain(|_| keep.next().unwrap());
        let x = as_matrix(&rows, data.columns);
        let probability = fitted.predict_proba(&x).unwrap().concat();
        let estimator = Estimator::KnnClassifier(fitted);
        let mut expected = Expected::new(estimator.predict(&x).unwrap());
        expected.probability = Some(probability);
        expected.refused.fill(Some(false));
        let predictor = predictor(&estimator, data.columns, task(n_classes), n_classes);
        expected.check(&predictor, &rows, data.columns);
        let refused = predictor.predict(&far_row.take().unwrap(), 40, &mut Default::default()).unwrap_err();
        assert_eq!(refused.row, 40);
    }
}

#[test]
fn svr_is_identical_or_within_tolerance() {
    for data in [boston_data().scaled(), diabetes_data().scaled()] {
        let rows = few_probes(&data);
        let x = as_matrix(&rows, data.columns);
        for kernel in KERNELS {
            let parameters = SVRParameters::default().with_c(2.0).with_kernel(kernel.to_smartcore());
            let fitted = SmartcoreSvr::fit(&data.x, &data.y, &parameters).unwrap();
            let expected = SmartcorePrediction::Values(fitted.predict(&x).unwrap());
            let parts = [Parts::of_svr(&fitted).unwrap()];
            let estimator = Estimator::Svr(SupportMachines::join(kernel, data.columns, &parts).unwrap());
            same_but_for_nan(&estimator.predict(&x).unwrap(), &expected);
            let predictor = predictor(&estimator, data.columns, Task::Regression, 0);
            let mut expected = Expected::new(expected);
            if matches!(kernel, Kernel::Polynomial { degree: 3.0, .. }) {
                expected.terms = Some(sums_of_terms(&estimator, &rows));
            }
            expected.check(&predictor, &rows, data.columns);
        }
    }
}

/// |intercept| + Σ|weight · kernel| for each row: a polynomial of a whole degree is multiplied out.
fn sums_of_terms(estimator: &Estimator, rows: &[f64]) -> Vec<f64> {
    let Estimator::Svr(machines) = estimator else { panic!("not an SVR") };
    let (machine, columns) = (&machines.machines[0], machines.n_columns as usize);
    let terms = |row: &[f64]| {
        let vectors = machines.vectors.chunks(columns).zip(&machine.weights);
        machine.intercept.abs() + vectors.map(|(v, w)| (w * machines.kernel.value(row, v)).abs()).sum::<f64>()
    };
    rows.chunks(columns).map(terms).collect()
}

fn same_but_for_nan(a: &SmartcorePrediction, b: &SmartcorePrediction) {
    let (SmartcorePrediction::Values(a), SmartcorePrediction::Values(b)) = (a, b) else { panic!("not values") };
    assert!(a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()));
}

#[test]
fn binary_svc_gives_smartcores_classes() {
    for (data, y) in [iris_data(2), breast_cancer_data()] {
        let data = data.scaled();
        let rows = few_probes(&data);
        let x = as_matrix(&rows, data.columns);
        // Of a negative number and a fractional degree there is no power: train offers whole degrees.
        for kernel in KERNELS.into_iter().filter(|k| !matches!(k, Kernel::Polynomial { degree: 2.5, .. })) {
            let parameters = SVCParameters::default().with_kernel(kernel.to_smartcore()).with_seed(Some(7));
            let fitted = SmartcoreSvc::fit(&data.x, &y, &parameters).unwrap();
            let classes = fitted.predict(&x).unwrap().into_iter().map(|c| c as u32).collect();
            let mut expected = Expected::new(SmartcorePrediction::Classes(classes)).without_probability();
            expected.refused = fitted.decision_function(&x).unwrap().iter().map(|d| Some(!d.is_finite())).collect();
            let parts = [Parts::of_svc(&fitted).unwrap()];
            let estimator = Estimator::Svc(SupportMachines::join(kernel, data.columns, &parts).unwrap());
            let predictor = predictor(&estimator, data.columns, Task::Binary, 2);
            expected.check(&predictor, &rows, data.columns);
            // What train fits is the same machine.
            let task = ClassTask { kernel, c: 1.0, seed: 7 };
            let ours = svm::classification(&data.cells(), data.columns, &y, 2, task).unwrap();
            assert_eq!(Estimator::Svc(ours).to_section(), estimator.to_section());
        }
    }
}

#[test]
fn multiclass_svc_votes_by_pairs() {
    for ((data, y), n_classes) in [(iris_data(3), 3), (digits_data(), 10)] {
        let data = data.scaled();
        let kernel = Kernel::Rbf { gamma: 0.5 / data.columns as f64 };
        let task_of = ClassTask { kernel, c: 1.0, seed: 7 };
        let fitted = svm::classification(&data.cells(), data.columns, &y, n_classes, task_of).unwrap();
        let rows = few_probes(&data);
        let votes = votes_of_pairs(&data, &y, n_classes, kernel, 7, &rows);
        let expected = Expected::new(SmartcorePrediction::Classes(votes)).without_probability();
        let predictor = predictor(&Estimator::Svc(fitted), data.columns, task(n_classes), n_classes);
        expected.check(&predictor, &rows, data.columns);
    }
}

#[test]
fn naive_bayes_is_fitted_to_smartcores_bits() {
    for ((data, y), n_classes) in [(iris_data(3), 3), (breast_cancer_data(), 2)] {
        let theirs = GaussianNb::fit(&data.x, &y, Default::default()).unwrap();
        let ours = bayes::fit(&data.cells(), data.columns, &y, n_classes).unwrap();
        assert_eq!(postcard::to_allocvec(&theirs), postcard::to_allocvec(&ours));
        let (rows, estimator) = (probes(&data), Estimator::GaussianNb(ours));
        let x = as_matrix(&rows, data.columns);
        let mut expected = Expected::new(estimator.predict(&x).unwrap());
        let joint = joint_log_likelihoods(&theirs, &rows, data.columns);
        expected.refused = joint.chunks(n_classes).map(|row| Some(row.iter().all(|l| !l.is_finite()))).collect();
        let predictor = predictor(&estimator, data.columns, task(n_classes), n_classes);
        expected.check(&predictor, &rows, data.columns);
    }
}

/// ln(prior) + Σ ln N(x; μ, σ²) from the object's public numbers.
fn joint_log_likelihoods(fitted: &GaussianNb, rows: &[f64], columns: usize) -> Vec<f64> {
    let log_two_pi = (2.0 * std::f64::consts::PI).ln();
    let mut joint = Vec::new();
    for row in rows.chunks(columns) {
        for ((means, variances), prior) in fitted.theta().iter().zip(fitted.var()).zip(fitted.class_priors()) {
            let normals = row.iter().zip(means).zip(variances);
            let sum: f64 =
                normals.map(|((x, m), v)| -(x - m).powi(2) / (2.0 * v) - log_two_pi / 2.0 - v.ln() / 2.0).sum();
            joint.push(sum + prior.ln());
        }
    }
    joint
}

#[test]
fn naive_bayes_normalizes_likelihoods() {
    let (data, y) = iris_data(3);
    let fitted = GaussianNb::fit(&data.x, &y, Default::default()).unwrap();
    let joint = joint_log_likelihoods(&fitted, &data.cells(), 4);
    let predictor = predictor(&Estimator::GaussianNb(fitted), 4, Task::Multiclass, 3);
    let answer = predictor.predict(&data.cells(), 0, &mut Default::default()).unwrap();
    let smartserve::model::prediction::Prediction::Classification { probability: Some(got), .. } = answer else {
        panic!("no probabilities")
    };
    for (joint, got) in joint.chunks(3).zip(got.chunks(3)) {
        let total: f64 = joint.iter().map(|l| l.exp()).sum();
        assert!(joint.iter().zip(got).all(|(l, p)| (l.exp() / total - p).abs() < 1e-12), "{joint:?} {got:?}");
    }
}

#[test]
fn machines_are_read_in_our_own_form() {
    let data = boston_data().scaled();
    let parameters = SVRParameters::default().with_kernel(Kernel::Rbf { gamma: 0.1 }.to_smartcore());
    let fitted = SmartcoreSvr::fit(&data.x, &data.y, &parameters).unwrap();
    let written = postcard::to_allocvec(&fitted).unwrap();
    assert!(postcard::from_bytes::<SmartcoreSvr<'_>>(&written).is_err());
    let (n, _) = data.x.shape();
    let ours = svm::regression(&data.x, &data.y, Kernel::Rbf { gamma: 0.1 }, 1.0, 0.1).unwrap();
    let predictor = predictor(&Estimator::Svr(ours), data.columns, Task::Regression, 0);
    assert_eq!(predictor.predict(&data.cells(), 0, &mut Default::default()).unwrap().n_rows(), n);
    let (data, y) = iris_data(2);
    let parameters = SVCParameters::default().with_kernel(Kernel::Rbf { gamma: 0.1 }.to_smartcore());
    let written = postcard::to_allocvec(&SmartcoreSvc::fit(&data.x, &y, &parameters).unwrap()).unwrap();
    let read: SmartcoreSvc<'_> = postcard::from_bytes(&written).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| read.predict(&data.x))).is_err());
    let task = ClassTask { kernel: Kernel::Rbf { gamma: 0.1 }, c: 1.0, seed: 1 };
    let ours = svm::classification(&data.cells(), data.columns, &y, 2, task).unwrap();
    let predictor = self::predictor(&Estimator::Svc(ours), data.columns, Task::Binary, 2);
    assert_eq!(predictor.predict(&data.cells(), 0, &mut Default::default()).unwrap().n_rows(), y.len());
}
