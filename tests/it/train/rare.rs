//! `--min-frequency`: rare categories have one column together, new ones go there with `--unknown other`, and a damaged list
//! of them is refused.

use serde_json::json;

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::{Setting, open};
use smartserve::table::TableFile;
use smartserve::train::{TrainError, TrainSpec, UnknownCategories, compare, train};

use crate::support::artifact::Parts;
use crate::support::process::run_with;

/// 64 rows: `a` and `b` in 30 rows each, `c` in three, `d` in one.
fn text() -> String {
    let kind = |row: usize| match row {
        0..30 => "a",
        30..60 => "b",
        60..63 => "c",
        _ => "d",
    };
    let rows: String =
        (0..64).map(|row| format!("{},{},{}\n", row * 7 % 13, kind(row), row * 7 % 13 + row / 30)).collect();
    format!("x,kind,y\n{rows}")
}

fn table() -> TableFile {
    TableFile::from_bytes("t.csv", text().into_bytes())
}

fn spec(algorithm: Algorithm) -> TrainSpec {
    let spec = TrainSpec { folds: Some(2), test_size: 0.0, ..TrainSpec::new("m", "y", algorithm) };
    TrainSpec { min_frequency: Some(5), unknown: UnknownCategories::Other, ..spec }
}

#[test]
fn rare_categories_have_one_column() {
    let trained = train(&spec(Algorithm::Ridge), &table(), &()).unwrap();
    let header = open(&trained.artifact).unwrap().header;
    assert_eq!(header.features[1].categories, ["a", "b", "c", "d"]);
    assert_eq!(header.hyperparameters["min-frequency"], Setting::Count(5));
    let columns = header.preprocessing.unwrap().columns;
    let shown: Vec<(u32, Option<u32>, &[u32])> =
        columns.iter().map(|column| (column.feature, column.category, column.rare.as_slice())).collect();
    assert_eq!(shown, [(0, None, &[][..]), (1, Some(0), &[]), (1, Some(1), &[]), (1, Some(4), &[2, 3])]);
    let names: Vec<String> =
        header.coefficients.unwrap()[0].coefficients.iter().map(|coefficient| coefficient.name()).collect();
    assert_eq!(names, ["x", "kind=a", "kind=b", "kind=rare categories"]);
    let none = train(&TrainSpec { min_frequency: None, ..spec(Algorithm::Ridge) }, &table(), &()).unwrap();
    assert!(!String::from_utf8_lossy(&none.artifact).contains("rare"));
}

#[test]
fn new_categories_are_answered_as_rare_ones() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (data, rows, model) = (path("t.csv"), path("rows.csv"), path("m.model"));
    std::fs::write(&data, text()).unwrap();
    std::fs::write(&rows, "x,kind\n3,c\n3,d\n3,new\n3,a\n").unwrap();
    for algorithm in ["ridge", "random-forest"] {
        let train = ["train", "--data", &data, "--target", "y", "--algorithm", algorithm, "--folds", "0", "-o", &model];
        let run = |more: &[&str]| run_with(&[], &[&train, more].concat());
        assert_eq!(run(&["--min-frequency", "5", "--unknown", "other"]).code, Some(0));
        let answered = run_with(&[], &["predict", "--model", &model, "--input", &rows]);
        let answers: Vec<&str> = answered.out.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
        assert!(answers[0] == answers[1] && answers[1] == answers[2] && answers[2] != answers[3], "{answered:?}");
        assert_eq!(run(&["--min-frequency", "5"]).code, Some(0));
        let refused = run_with(&[], &["predict", "--model", &model, "--input", &rows]);
        assert!(refused.code == Some(65) && refused.err.contains("line 4"), "{refused:?}");
    }
}

#[test]
fn it_applies_to_one_hot_columns() {
    let refused = |spec: &TrainSpec| match train(spec, &table(), &()).unwrap_err() {
        TrainError::Usage(text) => text,
        other => panic!("{other}"),
    };
    let expected = "--min-frequency does not apply to hist-gradient-boosting: it has no one-hot columns";
    assert_eq!(refused(&spec(Algorithm::HistGradientBoosting)), expected);
    let one = TrainSpec { min_frequency: Some(1), ..spec(Algorithm::Ridge) };
    assert_eq!(refused(&one), "--min-frequency 1 is out of range: it is at least 2");
    let compared = compare(&spec(Algorithm::Ridge), &table(), &()).unwrap();
    let alone = train(&spec(Algorithm::Ridge), &table(), &()).unwrap();
    let ridge = compared.algorithms.iter().find(|one| one.algorithm == Algorithm::Ridge).unwrap();
    assert_eq!(ridge.k_fold, alone.report.evaluation.k_fold);
}

#[test]
fn a_damaged_list_of_rare_categories_is_refused() {
    let artifact = train(&spec(Algorithm::Ridge), &table(), &()).unwrap().artifact;
    let with = |category: u32, rare: serde_json::Value| {
        let mut parts = Parts::of(&artifact);
        let column = &mut parts.header["preprocessing"]["columns"][3];
        (column["category"], column["rare"]) = (json!(category), rare);
        Model::load(&parts.sealed()).map(drop)
    };
    with(4, json!([2, 3])).unwrap();
    for (category, rare) in
        [(4, json!([3, 2])), (4, json!([2, 2])), (4, json!([2, 4])), (3, json!([2])), (5, json!([2])), (4, json!([]))]
    {
        let error = with(category, rare).unwrap_err();
        assert!(error.contains("the category or the part does not fit the feature \"kind\""), "{error}");
    }
}
