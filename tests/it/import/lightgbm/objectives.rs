//! What raw scores go through, by the objective's name.

use smartserve::import::{Answers, ImportOptions, Iterations};
use smartserve::model::prediction::Prediction;
use smartserve::model::schema::Task;

use super::writer::{Text, constant, stump};
use super::{answers, bits, model, model_with, read, refusal};

fn with(objective: Option<&'static str>, per_round: usize) -> Text {
    let trees = vec![stump(0, "0.5", 8), stump(1, "0.25", 10), stump(2, "-0.125", 2), constant(0.375)];
    Text { objective, per_round, ..Text::of(trees) }
}

const ROWS: [f64; 9] = [0.0, 1.0, -1.0, 0.75, 0.0, f64::NAN, f64::NAN, f64::NAN, 3.0];

#[test]
fn every_objective_has_its_link() {
    let logistic = |slope: f64| move |m: f64| 1.0 / (1.0 + (-slope * m).exp());
    let square = |m: f64| m.signum() * m * m;
    type Case = (Option<&'static str>, Box<dyn Fn(f64) -> f64>);
    let mut cases: Vec<Case> = vec![
        (None, Box::new(|m| m)),
        (Some("custom"), Box::new(|m| m)),
        (Some("binary sigmoid:1"), Box::new(logistic(1.0))),
        (Some("binary sigmoid:0.7"), Box::new(logistic(0.7))),
        // Read digit by digit, as LightGBM does.
        (Some("binary sigmoid:1.23457"), Box::new(logistic(1.0 + 23_457.0 / 100_000.0))),
        (Some("binary sigmoid:1e-05"), Box::new(logistic(1.0 / 100_000.0))),
        (Some("cross_entropy"), Box::new(logistic(1.0))),
        (Some("cross_entropy_lambda"), Box::new(|m: f64| m.exp().ln_1p())),
        (Some("regression sqrt"), Box::new(square)),
        (Some("regression_l1 sqrt"), Box::new(square)),
        (Some("quantile alpha:0.9"), Box::new(|m| m)),
    ];
    for name in ["regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg"] {
        cases.push((Some(name), Box::new(|m| m)));
    }
    for name in ["poisson", "gamma", "tweedie"] {
        cases.push((Some(name), Box::new(f64::exp)));
    }
    for (objective, link) in cases {
        let model = model(&with(objective, 1).bytes());
        let (raw, got) = answers(&model, ROWS.to_vec());
        assert_eq!(raw, [0.375, -2.625, -2.625], "{objective:?}");
        let expected: Vec<f64> = raw.iter().map(|m| link(*m)).collect();
        assert_eq!(bits(&got), bits(&expected), "{objective:?}");
        let task = if objective.is_some_and(|o| o.starts_with("binary")) { Task::Binary } else { Task::Regression };
        assert_eq!(model.schema().task(), task, "{objective:?}");
    }
}

#[test]
fn several_trees_a_round_are_of_several_classes() {
    let raw: [f64; 2] = [1.0 + -2.0, 1.0 + 0.375];
    let row = vec![0.0, 0.0, 0.0];
    let sum = (raw[0] - raw[1]).exp() + 1.0;
    let softmax = [(raw[0] - raw[1]).exp() / sum, 1.0 / sum];
    let sigmoids = raw.map(|m| 1.0 / (1.0 + (-0.5 * m).exp()));
    for (objective, expected) in
        [("multiclass num_class:2", softmax), ("multiclassova num_class:2 sigmoid:0.5", sigmoids)]
    {
        let text = with(Some(objective), 2).bytes();
        let (got_raw, got) = answers(&model(&text), row.clone());
        assert_eq!((got_raw, bits(&got)), (raw.to_vec(), bits(&expected)), "{objective}");
        assert_eq!(model(&text).schema().target().classes, ["0", "1"]);
    }
    // Without an objective, or as Booster.predict answers: numbers, one an output.
    for (objective, library, expected) in [(None, false, raw), (Some("multiclass num_class:2"), true, softmax)] {
        let answers = if library { Answers::Library } else { Answers::Label };
        let model = model_with(&with(objective, 2).bytes(), &ImportOptions { answers, ..ImportOptions::default() });
        assert_eq!((model.schema().task(), model.schema().target().n_outputs()), (Task::Regression, 2));
        assert_eq!(bits(&super::answers(&model, row.clone()).1), bits(&expected), "{objective:?}");
    }
}

#[test]
fn a_random_forest_answers_by_the_mean_and_its_raw_score_is_the_sum() {
    let text = Text { flags: "average_output\n", ..with(Some("binary sigmoid:1"), 1) };
    let model = model(&text.bytes());
    let (raw, got) = answers(&model, ROWS.to_vec());
    assert_eq!(raw, [0.375, -2.625, -2.625]);
    let of_mean = |sum: &f64| 1.0 / (1.0 + (-(sum / 4.0)).exp());
    assert_eq!(bits(&got), bits(&raw.iter().map(of_mean).collect::<Vec<_>>()));
    let notes = &model.header().source.as_ref().unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("random forest")), "{notes:?}");
}

#[test]
fn a_probability_of_one_half_is_of_the_first_class() {
    let text = Text { objective: Some("binary sigmoid:1"), ..Text::of(vec![constant(0.0)]) };
    let model = model(&text.bytes());
    let batch = smartserve::model::batch::Batch::from_rows(model.schema(), vec![0.0; 3]).unwrap();
    let Prediction::Classification { classes, probability } = model.predict(&batch, &mut Default::default()).unwrap()
    else {
        panic!("it is a classifier");
    };
    assert_eq!((classes, probability), (vec![0], Some(vec![0.5, 0.5])));
}

#[test]
fn what_is_not_known_of_an_objective_is_refused_by_name() {
    for (objective, per_round, why) in [
        ("regression_l3", 1, "line 7.objective: \"regression_l3\" is not an objective that is read"),
        ("xentlambda", 1, "\"xentlambda\" is not an objective that is read"),
        ("regression cubic", 1, "the parameter \"cubic\" is not known"),
        ("binary", 1, "`sigmoid` is missing"),
        ("binary sigmoid:-1", 1, "sigmoid is \"-1\", not above 0"),
        ("binary sigmoid:1", 2, "binary has 1 trees a round, the head says 2"),
        ("multiclass", 2, "`num_class` is missing"),
        ("multiclass num_class:1", 1, "1 classes, expected two or more"),
        ("multiclass num_class:4", 2, "multiclass has 4 trees a round, the head says 2"),
    ] {
        let told = refusal(&with(Some(objective), per_round).bytes());
        assert!(told.contains(why), "{objective}: {told}");
    }
}

#[test]
fn options_that_mean_nothing_for_a_text_are_refused() {
    let text = with(None, 1).bytes();
    let best = ImportOptions { iterations: Some(Iterations::Best), ..ImportOptions::default() };
    let all = ImportOptions { iterations: Some(Iterations::All), ..ImportOptions::default() };
    let zero = ImportOptions { zero_as_missing: true, ..ImportOptions::default() };
    assert!(read(&text, &all).is_ok());
    for (options, word) in [(best, "--iterations best"), (zero, "--zero-as-missing")] {
        assert!(read(&text, &options).unwrap_err().to_string().contains(word));
    }
}

#[test]
fn the_header_tells_what_the_text_says_of_its_fit() {
    let model = model(&with(Some("poisson"), 1).bytes());
    let told = serde_json::to_value(&model.header().hyperparameters).unwrap();
    let expected = serde_json::json!({"boosting": "gbdt", "learning_rate": 0.25, "objective": "poisson", "trees": 4});
    assert_eq!(told, expected);
    let source = model.header().source.clone().unwrap();
    assert_eq!((source.library.as_str(), source.format.as_str(), source.notes), ("lightgbm", "text v4", vec![]));
}
