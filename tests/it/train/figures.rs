//! Figures equal hand-worked examples and scikit-learn 1.9's; fits equal scikit-learn's where the method has one answer.

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::Figures;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::table::TableFile;
use smartserve::train::evaluate::metrics::{
    average_precision, brier, class_counts, classification, gamma_deviance, log_loss, over_folds, pinball_loss,
    poisson_deviance, regression, roc_auc, tweedie_deviance,
};
use smartserve::train::{TrainSpec, train};

fn near(got: impl Into<Option<f64>>, expected: f64) {
    let got = got.into().unwrap();
    assert!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{got} instead of {expected}");
}

#[test]
fn regression_figures_are_right() {
    // Errors 0.5, -0.5, 0, -1, -0.8; observed mean 3.14, squares about it 30.592.
    let f = regression(&[3.0, -0.5, 2.0, 7.0, 4.2], &[2.5, 0.0, 2.0, 8.0, 5.0]);
    assert_eq!(f.n, 5);
    near(f.rmse, (2.14_f64 / 5.0).sqrt());
    near(f.mae, 0.56);
    near(f.r2, 1.0 - 2.14 / 30.592);
}

#[test]
fn the_figures_of_losses_are_right() {
    // Too low by 1, exact, too high by 1.5: (0.9 · 1 + 0 + 0.1 · 1.5) / 3.
    near(pinball_loss(&[1.0, 2.0, 3.0], &[0.0, 2.0, 4.5], 0.9), 0.35);
    let (counts, amounts, answers) = ([2.0, 0.0, 1.0, 4.0], [2.0, 0.5, 1.0, 4.0], [0.5, 0.5, 2.0, 2.0]);
    // 2 (2 ln 4 − 1.5 + 0.5 + (ln ½ + 1) + (4 ln 2 − 2)) / 4.
    near(poisson_deviance(&counts, &answers), (7.0 * std::f64::consts::LN_2 - 2.0) / 2.0);
    near(gamma_deviance(&amounts, &answers), 1.056_852_819_440_054_6);
    near(tweedie_deviance(&counts, &answers, 1.5), 1.778_174_593_052_023_2);
    near(tweedie_deviance(&counts, &answers, 1.2), 1.480_517_135_009_419_5);
    assert_eq!(tweedie_deviance(&counts, &answers, 1.0), poisson_deviance(&counts, &answers));
    assert_eq!(poisson_deviance(&[1.0], &[0.0]), None);
    assert_eq!(poisson_deviance(&[-1.0], &[1.0]), None);
    assert_eq!(gamma_deviance(&[0.0], &[1.0]), None);
    assert_eq!(tweedie_deviance(&[1.0], &[-1.0], 1.5), None);
}

#[test]
fn r2_is_absent_where_it_is_not_defined() {
    assert_eq!(regression(&[2.0], &[1.0]).r2, None);
    assert_eq!(regression(&[2.0, 2.0], &[1.0, 3.0]).r2, None);
    near(regression(&[2.0, 2.0], &[1.0, 3.0]).mae, 1.0);
}

const OBSERVED: [u32; 10] = [0, 0, 1, 1, 2, 2, 2, 1, 0, 2];
const PREDICTED: [u32; 10] = [0, 1, 1, 1, 2, 0, 2, 2, 0, 2];
const PROBABILITY: [f64; 30] = [
    0.8, 0.1, 0.1, 0.3, 0.5, 0.2, 0.2, 0.7, 0.1, 0.1, 0.6, 0.3, 0.1, 0.1, 0.8, 0.5, 0.3, 0.2, 0.0, 0.2, 0.8, 0.25,
    0.25, 0.5, 0.6, 0.3, 0.1, 0.1, 0.1, 0.8,
];

#[test]
fn classification_figures_are_right() {
    let f = classification(&OBSERVED, &PREDICTED, Some(&PROBABILITY), 3);
    near(f.accuracy, 0.7);
    near(f.f1, 0.694_444_444_444_444_3);
    near(f.log_loss, 0.647_060_547_460_747_9);
    near(f.roc_auc, 0.901_785_714_285_714_3);
    near(f.average_precision, 0.880_952_380_952_380_9);
    near(f.brier, 0.355_5);
}

#[test]
fn counts_per_class_are_right() {
    let counts = class_counts(&OBSERVED, &PREDICTED, 3);
    let numbers: Vec<(u64, u64, u64)> = counts.iter().map(|c| (c.hits, c.predicted, c.observed)).collect();
    assert_eq!(numbers, [(2, 3, 3), (2, 3, 3), (3, 4, 4)]);
    near(counts[0].precision(), 2.0 / 3.0);
    near(counts[2].recall(), 0.75);
    near(counts[2].f1(), 0.75);
}

#[test]
fn ties_count_half_in_roc_auc() {
    let observed = [0, 1, 1, 0, 1, 0, 0, 1];
    let scores = [0.1, 0.9, 0.4, 0.4, 0.8, 0.2, 0.6, 1.0];
    let probability: Vec<f64> = scores.iter().flat_map(|s| [1.0 - s, *s]).collect();
    near(roc_auc(&observed, &probability, 2), 0.906_25);
    near(log_loss(&observed, &probability, 2), 0.375_051_902_682_296_6);
    near(average_precision(&observed, &probability, 2), 0.916_666_666_666_666_6);
    near(brier(&observed, &probability, 2), 0.122_5);
    assert_eq!(average_precision(&[1, 1], &[0.5, 0.5, 0.1, 0.9], 2), None);
    assert_eq!(roc_auc(&[1, 1], &[0.5, 0.5, 0.1, 0.9], 2), None);
    assert_eq!(roc_auc(&[0, 1], &[0.5, 0.5, 0.0, 0.1, 0.9, 0.0], 3), None);
}

#[test]
fn a_certain_mistake_costs_a_finite_loss() {
    near(log_loss(&[1], &[1.0, 0.0], 2), 36.043_653_389_117_15);
}

#[test]
fn folds_weigh_the_same() {
    let one = Figures { n: 10, rmse: Some(1.0), r2: Some(0.5), ..Figures::default() };
    let two = Figures { n: 2, rmse: Some(3.0), r2: None, ..Figures::default() };
    let (mean, sd) = over_folds(&[one, two]);
    assert_eq!((mean.n, mean.rmse, mean.r2), (12, Some(2.0), None));
    assert_eq!((sd.n, sd.rmse, sd.mae), (12, Some(1.0), None));
}

/// Trains on all rows of a data file and answers the given ones.
fn answers(file: &str, spec: &TrainSpec, rows: &[usize]) -> Prediction {
    let bytes = std::fs::read(format!("{}/data/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let spec = TrainSpec { test_size: 0.0, folds: Some(0), ..spec.clone() };
    let trained = train(&spec, &TableFile::from_bytes(file, bytes), &()).unwrap();
    let model = Model::load(&trained.artifact).unwrap();
    let lines: Vec<&str> = text.lines().skip(1).collect();
    let cells = rows.iter().flat_map(|row| lines[*row].split(',').take(model.schema().n_features()));
    let batch = Batch::from_rows(model.schema(), cells.map(|c| c.parse().unwrap()).collect()).unwrap();
    model.predict(&batch, &mut Scratch::default()).unwrap()
}

fn assert_values(algorithm: Algorithm, scale: bool, alpha: Option<f64>, expected: [f64; 3]) {
    let mut spec = TrainSpec::new("m", "MEDV", algorithm);
    spec.scale = Some(scale);
    alpha.iter().for_each(|alpha| spec.options.set("alpha", alpha).unwrap());
    let Prediction::Regression { values, .. } = answers("boston.csv", &spec, &[0, 100, 505]) else { panic!() };
    for (got, expected) in values.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-8, "{algorithm}: {got} instead of {expected}");
    }
}

#[test]
fn linear_regression_equals_scikit_learns() {
    assert_values(
        Algorithm::Linear,
        false,
        None,
        [30.003_843_377_016_78, 24.580_220_188_923_76, 22.344_212_292_903_542],
    );
}

#[test]
fn ridge_equals_scikit_learns() {
    let scaled = [30.177_021_391_280_92, 24.752_585_051_338_926, 22.336_375_577_559_84];
    assert_values(Algorithm::Ridge, true, Some(10.0), scaled);
    let raw = [30.648_236_034_327_986, 24.473_010_777_173_35, 23.201_320_533_647_75];
    assert_values(Algorithm::Ridge, false, Some(10.0), raw);
}

#[test]
fn logistic_equals_scikit_learns() {
    let spec = TrainSpec::new("m", "species", Algorithm::Logistic);
    let answers = answers("iris.csv", &spec, &[0, 70, 149]);
    let Prediction::Classification { classes, probability: Some(p) } = answers else { panic!() };
    assert_eq!(classes, [0, 2, 2]);
    let expected = [
        [0.984_695_553_374_435, 0.015_304_384_608_932_735, 6.201_663_232_382_234e-8],
        [0.012_012_144_594_124_424, 0.440_326_221_473_123_56, 0.547_661_633_932_752],
        [0.003_045_573_630_223_801_7, 0.293_895_047_847_316_6, 0.703_059_378_522_459_6],
    ];
    for (got, expected) in p.iter().zip(expected.as_flattened()) {
        assert!((got - expected).abs() < 1e-5, "{got} instead of {expected}");
    }
}
