//! Columns that a request leaves out: missing where the model itself has a rule for missing cells, else refused.

use serde_json::{Value, json};

use super::cases::folder;
use crate::support::path;
use crate::support::process::{Server, run_with};

/// Eight columns of numbers, each with a rule for missing cells.
fn numbers() -> String {
    folder().join("xgb-sqerr/model.ubj").to_str().unwrap().to_owned()
}

/// `a` to `d` are filled, `color` and `both` are needed, `n` and `rare` are not used.
fn mixed() -> String {
    path("tests/fixtures/sklearn/one-hot-if-binary/model.zlib.joblib").to_str().unwrap().to_owned()
}

fn server() -> Server {
    let models = [("numbers", numbers()), ("mixed", mixed())].map(|(name, file)| format!("--model={name}={file}"));
    // The debug build takes its time for thousands of rows beside other tests.
    let mut args: Vec<&str> = models.iter().map(String::as_str).collect();
    args.push("--compute-timeout=120s");
    Server::start(&args)
}

#[test]
fn a_column_that_is_left_out_is_as_one_of_nulls_in_every_dialect() {
    let server = server();
    let whole = json!([
        {"f0": 0.5, "f1": null, "f2": -1, "f3": null, "f4": null, "f5": null, "f6": null, "f7": null},
        {"f0": 1.5, "f1": null, "f2": null, "f3": null, "f4": null, "f5": null, "f6": null, "f7": null}
    ]);
    let expected = server.predict(&whole);
    let table = json!({"columns": ["f2", "f0"], "data": [[-1, 0.5], [null, 1.5]]});
    let records = json!([{"f0": 0.5, "f2": -1}, {"f0": 1.5}]);
    let columns = json!({"f0": [0.5, 1.5], "f2": [-1, null]});
    let bodies = [
        columns.clone(),
        json!({"f0": {"r": 0.5, "s": 1.5}, "f2": {"r": -1, "s": null}}),
        records.clone(),
        table.clone(),
        json!({"dataframe_split": table}),
        json!({"dataframe_records": records}),
        json!({"instances": records}),
        json!({"inputs": columns}),
    ];
    for body in &bodies {
        assert_eq!(server.predict(body), expected, "{body}");
    }
    assert_eq!(server.predict(&json!({"f2": -1, "f0": 0.5}))[0], expected[0]);
    for body in &bodies[4..7] {
        let (status, answer) = server.ask("POST", "/invocations", &body.to_string());
        assert_eq!((status, &answer["predictions"]), (200, &expected), "{body}");
    }
    let (status, answer) = server.ask("POST", "/v1/models/numbers:predict", &bodies[6].to_string());
    assert_eq!((status, &answer["predictions"]), (200, &expected));
    let tensor = |name: &str, cells: Value| json!({"name": name, "shape": [2], "datatype": "FP64", "data": cells});
    let infer = json!({"inputs": [tensor("f2", json!([-1, null])), tensor("f0", json!([0.5, 1.5]))]});
    let (status, answer) = server.ask("POST", "/v2/models/numbers/infer", &infer.to_string());
    assert_eq!((status, &answer["outputs"][0]["data"]), (200, &expected), "{answer}");
    let (status, csv) = server.ask_csv("/predict", "f2,f0\n-1,0.5\n,1.5\n");
    assert_eq!(status, 200, "{csv}");
    let predicted: Value = serde_json::from_str(&csv).unwrap();
    assert_eq!(predicted["prediction"], expected);
    let lines = server.ask_as("application/x-ndjson", "/predict", "{\"f0\":0.5,\"f2\":-1}\n{\"f0\":1.5}\n");
    assert_eq!(lines.0, 200, "{}", lines.1);
    let numbers = lines.1.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["prediction"].clone());
    assert_eq!(Value::from_iter(numbers), expected);
}

#[test]
fn a_column_without_a_rule_for_missing_cells_is_needed_and_one_that_nothing_uses_is_not() {
    let server = server();
    let ask = |body: &Value| server.ask("POST", "/models/mixed/predict", &body.to_string());
    let (status, least) = ask(&json!({"color": "red", "both": "A"}));
    assert_eq!(status, 200, "{least}");
    let row =
        json!({"a": null, "b": null, "c": null, "d": null, "color": "red", "n": "any", "rare": null, "both": "A"});
    assert_eq!(ask(&row).1["prediction"], least["prediction"]);
    let refused = |body: &Value, pointers: &[&str]| {
        let (status, problem) = ask(body);
        assert_eq!(status, 422, "{problem}");
        let told: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(told, pointers, "{problem}");
    };
    refused(&json!({"a": 1, "both": "A"}), &["/color"]);
    refused(&json!([{"color": "red", "both": "A"}, {"color": "red"}]), &["/1/both"]);
    refused(&json!({"columns": ["a"], "data": [[1]]}), &["/columns", "/columns"]);
    let (status, problem) = server.ask_csv("/models/mixed/predict", "a,color\n1,red\n");
    assert!(status == 422 && problem.contains("no column \\\"both\\\"; the header has"), "{problem}");
    // A name that is no feature's is not taken for one that was left out.
    let (status, problem) = server.ask("POST", "/predict", &json!({"F0": 1, "f1": 2}).to_string());
    assert!(status == 422 && problem["errors"][0]["detail"].as_str().unwrap().contains("did you mean"), "{problem}");
}

#[test]
fn a_row_without_any_feature_is_refused_and_so_are_more_rows_than_the_bodys_size_allows() {
    let server = server();
    let inputs = json!({"inputs": []});
    for (route, body) in [
        ("/predict", json!({})),
        ("/predict", json!([{"f0": 1}, {}])),
        ("/predict", json!({"columns": [], "data": [[], []]})),
        ("/predict", json!({"inputs": {}})),
        ("/v2/models/numbers/infer", inputs),
    ] {
        let (status, problem) = server.ask("POST", route, &body.to_string());
        let detail = problem.to_string();
        assert!(status == 422 && detail.contains("no feature of this model is given"), "{body}: {problem}");
    }
    let (status, problem) = server.ask_csv("/predict", "x,y\n1,2\n");
    assert!(status == 422 && problem.contains("no column"), "{problem}");
    // 8,192 rows of eight cells make the 65,536 that any body may make.
    let cells: Vec<u8> = vec![1; 8_192];
    let mut more = cells.clone();
    more.push(1);
    let record = json!({"f0": 1});
    let row = [1];
    let of = |n: usize| {
        [
            json!({"f0": cells.iter().cycle().take(n).collect::<Vec<_>>()}),
            json!({"columns": ["f0"], "data": vec![row; n]}),
        ]
    };
    for body in of(8_192) {
        assert_eq!(server.ask("POST", "/predict", &body.to_string()).0, 200);
    }
    let csv = |n: usize| format!("f0\n{}", "1\n".repeat(n));
    assert_eq!(server.ask_csv("/predict", &csv(8_192)).0, 200);
    let mut told = of(8_193).map(|body| server.ask("POST", "/predict", &body.to_string())).to_vec();
    let (status, problem) = server.ask_csv("/predict", &csv(8_193));
    told.push((status, serde_json::from_str(&problem).unwrap()));
    let tensor = json!({"name": "f0", "shape": [8_193], "datatype": "UINT8", "data": more});
    told.push(server.ask("POST", "/v2/models/numbers/infer", &json!({"inputs": [tensor]}).to_string()));
    for (status, problem) in told {
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(status == 413 && detail.contains("at most 8192 rows"), "{status} {detail}");
    }
    // Longer bodies make more: a record takes nine bytes, and eight cells.
    assert_eq!(server.ask("POST", "/predict", &Value::from(vec![record; 9_000]).to_string()).0, 200);
}

#[test]
fn the_document_needs_the_columns_that_the_model_needs() {
    let server = server();
    let (_, document) = server.ask("GET", "/openapi.json", "");
    let schemas = &document["components"]["schemas"];
    for form in ["Record", "Columns", "LabelledColumns"] {
        let mixed = &schemas[format!("mixed.{form}")];
        assert_eq!((&mixed["required"], &mixed["minProperties"]), (&json!(["color", "both"]), &Value::Null));
        let numbers = &schemas[format!("numbers.{form}")];
        assert_eq!((&numbers["required"], &numbers["minProperties"]), (&Value::Null, &json!(1)));
    }
    let described = |name: &str| schemas["mixed.Record"]["properties"][name]["description"].clone();
    assert_eq!(described("a"), json!("null, or left out, where it is missing."));
    assert_eq!(described("color"), Value::Null);
}

#[test]
fn predict_takes_a_table_without_a_column_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("rows.csv");
    let asked = |model: &str, csv: &str| {
        std::fs::write(&input, csv).unwrap();
        run_with(&[], &["predict", "--model", model, "--input", input.to_str().unwrap()])
    };
    let last = |csv: &str| csv.lines().map(|line| line.rsplit(',').next().unwrap().to_owned()).collect::<Vec<_>>();
    let whole = asked(&numbers(), "f0,f1,f2,f3,f4,f5,f6,f7\n0.5,,-1,,,,,\n1.5,,,,,,,\n");
    let part = asked(&numbers(), "f2,f0\n-1,0.5\n,1.5\n");
    assert_eq!((whole.code, part.code, last(&part.out)), (Some(0), Some(0), last(&whole.out)), "{}", part.err);
    assert_eq!(whole.err, "");
    let told = "no column \"f1\", \"f3\", \"f4\", \"f5\", \"f6\", \"f7\": missing in every row";
    assert!(part.err.contains(told), "{}", part.err);
    let refused = asked(&mixed(), "a,color\n1,red\n");
    assert!(refused.code == Some(65) && refused.err.contains("no column \"both\""), "{}", refused.err);
}
