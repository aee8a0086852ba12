//! What the document accepts never ends in a 500: rows at its limits, of every case of scikit-learn and some of others.

use std::path::PathBuf;

use serde_json::{Value, json};
use smartserve::import::{Answers, ImportOptions, OneFile, artifact, read};
use smartserve::model::neutral::{Function, Operation, Predictor};
use smartserve::model::schema::{Feature, FeatureKind};

use super::cases::{Case, load};
use crate::support::path;
use crate::support::process::{Server, run_with};

/// A file of each case that is read.
fn files() -> Vec<PathBuf> {
    const ENDINGS: [&str; 4] = ["joblib", "zlib.joblib", "ubj", "txt"];
    let mut cases = Case::fixtures("tests/fixtures/sklearn", &ENDINGS);
    cases.extend(["sk-", "sklearn-1.8.0", "xgboost-3.1.3", "lgb-"].into_iter().flat_map(|of| Case::all(of, &ENDINGS)));
    cases.into_iter().filter_map(|case| case.files.into_iter().next()).collect()
}

/// Values of a feature at the limits of what the document says.
fn limits(feature: &Feature) -> Vec<Value> {
    let mut values = match feature.kind {
        FeatureKind::Numeric | FeatureKind::Date(_) => {
            let numbers = [0.0, -1.0, 1e150, -1e150, 5e-324, -5e-324, 1e-150, 1e39, -1e39, 1e20, 710.0, -745.5];
            numbers.into_iter().map(Value::from).collect()
        }
        FeatureKind::Categorical => {
            let listed = feature.categories.iter().take(3).map(|category| json!(category));
            listed.chain(feature.unknown.then(|| json!("never seen"))).collect::<Vec<_>>()
        }
    };
    if feature.accepts_missing() {
        values.push(Value::Null);
    }
    values
}

/// Rows where one feature is at a limit, or all are.
fn rows(features: &[Feature]) -> Vec<Vec<Value>> {
    let limits: Vec<Vec<Value>> = features.iter().map(limits).collect();
    let plain: Vec<Value> = limits.iter().map(|of| of[0].clone()).collect();
    let most = limits.iter().map(Vec::len).max().unwrap();
    let all = (0..most).map(|i| limits.iter().map(|of| of[i % of.len()].clone()).collect());
    let one = limits.iter().enumerate().flat_map(|(at, of)| {
        of.iter().map(move |value| (at, value)).map(|(at, value)| {
            let mut row = plain.clone();
            row[at] = value.clone();
            row
        })
    });
    all.chain(one.collect::<Vec<_>>()).collect()
}

#[test]
fn rows_at_the_limits_of_the_document_never_end_in_a_500() {
    let files = files();
    let models: Vec<_> = files
        .iter()
        .filter_map(|file| Some((file, load(file, Answers::Label).ok()?.schema().features().to_vec())))
        .collect();
    assert!(models.len() > 80, "only {} models", models.len());
    let named: Vec<String> =
        models.iter().enumerate().map(|(i, (file, _))| format!("--model=m{i}={}", file.display())).collect();
    let server = Server::start(&named.iter().map(String::as_str).collect::<Vec<_>>());
    let (mut answered, mut refused) = (0, 0);
    for (i, (file, features)) in models.iter().enumerate() {
        let names: Vec<&str> = features.iter().map(|feature| feature.name.as_str()).collect();
        let rows = rows(features);
        for query in ["", "?raw=true"] {
            let route = format!("/models/m{i}/predict{query}");
            // All at once where all have answers, else one by one.
            let of = |rows: &[Vec<Value>]| json!({"columns": names, "data": rows}).to_string();
            let (status, answer) = server.ask("POST", &route, &of(&rows));
            if status == 200 {
                answered += 1;
                assert!(!answer.to_string().contains("null"), "{}: {answer}", file.display());
                continue;
            }
            refused += 1;
            for row in &rows {
                let (status, answer) = server.ask("POST", &route, &of(std::slice::from_ref(row)));
                assert!(matches!(status, 200 | 422), "{}: {row:?}: {status} {answer}", file.display());
                let told = answer["errors"].as_array().is_none_or(|errors| !errors.is_empty());
                assert!(told, "{}: {row:?}: {answer}", file.display());
            }
        }
    }
    assert!(answered > 80 && refused > 5, "{answered} answered, {refused} refused");
}

#[test]
fn a_number_that_a_models_own_function_makes_none_of_is_a_422_with_the_feature() {
    let function = path("tests/fixtures/sklearn/function/model.skops");
    let filled = path("tests/fixtures/sklearn/function-filled/model.zlib.joblib");
    let server = Server::start(&[
        &format!("--model=function={}", function.display()),
        &format!("--model=filled={}", filled.display()),
    ]);
    let refused = |name: &str, body: Value| {
        let (status, problem) = server.ask("POST", &format!("/models/{name}/predict"), &body.to_string());
        assert_eq!(status, 422, "{problem}");
        let text = |error: &Value, key: &str| error[key].as_str().unwrap().to_owned();
        let told = |error| text(error, "pointer") + " " + &text(error, "detail");
        problem["errors"].as_array().unwrap().iter().map(told).collect::<Vec<_>>().join("; ")
    };
    // log1p, of the second: not the largest number of the row.
    let told = refused("function", json!({"f0": 1e9, "f1": -2.5, "f2": 1, "f3": 0, "f4": 3}));
    assert_eq!(told, "/f1 row 0: f1 is -2.5: log1p makes NaN of it, and the model takes finite numbers alone");
    // A missing cell is filled with −1, of which there is no square root; a sent number is not to blame.
    let told = refused("filled", json!({"f0": null, "f1": 4}));
    assert_eq!(told, "/f0 row 0: f0 is missing: sqrt makes NaN of it, and the model takes finite numbers alone");
    let told = refused("filled", json!([{"f0": 1, "f1": 4}, {"f1": 0, "f0": -4}, {"f1": -1, "f0": 1}]));
    assert_eq!(told, "/1/f0 row 1: f0 is -4: sqrt makes NaN of it, and the model takes finite numbers alone");
    // `predict` names the cell too.
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("rows.csv");
    std::fs::write(&input, "f1,f0\n1,1\n1,-4\n").unwrap();
    let ran = run_with(&[], &["predict", "--model", filled.to_str().unwrap(), "--input", input.to_str().unwrap()]);
    assert_eq!(ran.code, Some(65), "{}", ran.err);
    assert!(ran.err.contains("line 3, column 2 (f0)") && ran.err.contains("sqrt makes NaN of it"), "{}", ran.err);
}

#[test]
fn a_functions_number_is_to_blame_where_another_cell_is_larger() {
    let bytes = std::fs::read(path("tests/fixtures/sklearn/function/model.skops")).unwrap();
    let options = ImportOptions::default();
    let mut imported = read(&OneFile { bytes: &bytes }, &options).unwrap();
    // exp of the second column alone, and slopes that are steep.
    for step in &mut imported.neutral.steps.steps {
        if matches!(step.operation, Operation::Function(_)) {
            step.operation = Operation::Function(if step.input == 1 { Function::Exp } else { Function::Abs });
        }
    }
    let Predictor::Linear(linear) = &mut imported.neutral.predictor else { panic!("ridge is linear") };
    linear.weights.iter_mut().for_each(|weight| *weight *= 1e10);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.model");
    std::fs::write(&file, artifact(imported, &options).unwrap()).unwrap();
    let server = Server::start(&["--model", file.to_str().unwrap()]);
    let refused = |body: Value| {
        let (status, problem) = server.ask("POST", "/predict", &body.to_string());
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!((status, errors.len()), (422, 1), "{problem}");
        (errors[0]["pointer"].clone(), errors[0]["detail"].as_str().unwrap().to_owned())
    };
    let (pointer, detail) = refused(json!({"f0": 1e6, "f1": 705, "f2": 1, "f3": 0, "f4": 3}));
    assert_eq!(pointer, "/f1", "{detail}");
    assert!(detail.starts_with("row 0: f1 is 705, and exp makes 1.5") && detail.contains("e306 of it: "), "{detail}");
    let (pointer, detail) = refused(json!({"f0": 1e6, "f1": 800, "f2": 1, "f3": 0, "f4": 3}));
    assert_eq!(pointer, "/f1");
    assert_eq!(detail, "row 0: f1 is 800: exp makes inf of it, and the model takes finite numbers alone");
    // Wherever the cell stands.
    let names = ["f0", "f1", "f2", "f3", "f4"];
    let (good, bad) = (json!([0, 1, 2, 3, 4]), json!([0, 800, 2, 3, 4]));
    let columns: Value =
        names.iter().zip(0..).map(|(name, i)| (*name, json!([i, if i == 1 { 800 } else { i }]))).collect();
    let labelled = json!({"f0": {"a": 1}, "f1": {"a": 800}, "f2": {"a": 1}, "f3": {"a": 1}, "f4": {"a": 1}});
    let counted = json!({"f0": {"0": 1}, "f1": {"0": 800}, "f2": {"0": 1}, "f3": {"0": 1}, "f4": {"0": 1}});
    for (body, expected) in [
        (columns.clone(), "/f1/1"),
        (labelled, "/f1"),
        (counted, "/f1/0"),
        (json!([good, bad]), "/1/1"),
        (json!({"columns": names, "data": [good, bad]}), "/data/1/1"),
        (json!({"columns": ["f1", "f0", "f2", "f3", "f4"], "data": [[1, 0, 2, 3, 4], [800, 0, 2, 3, 4]]}), "/data/1"),
        (json!({"inputs": columns}), "/inputs/f1/1"),
        (json!({"instances": [good, bad]}), "/instances/1/1"),
    ] {
        assert_eq!(refused(body.clone()).0, expected, "{body}");
    }
    let (status, problem) = server.ask_csv("/predict", "f4,f3,f2,f1,f0\n1,1,1,800,1\n");
    assert!(status == 422 && problem.contains("\"pointer\":\"/0/f1\""), "{problem}");
    let tensor = |name: &str, cell: u32| json!({"name": name, "shape": [1], "datatype": "FP64", "data": [cell]});
    let inputs: Vec<Value> = names.iter().map(|name| tensor(name, if *name == "f1" { 800 } else { 1 })).collect();
    let (_, problem) = server.ask("POST", "/v2/models/model/infer", &json!({"inputs": inputs}).to_string());
    assert_eq!(problem["errors"][0]["pointer"], "/inputs/1", "{problem}");
}
