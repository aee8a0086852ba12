//! `import --data --target`: an imported model gets what training gives ours; without them everything says that it has not.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::cases::{Case, folder};
use crate::support::process::{Ran, Server, run_with};

fn run(args: &[&str]) -> Ran {
    run_with(&[], args)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A case's rows in a file of their own, with a column that `text` makes of each row's answer.
fn table(directory: &Path, case: &Case, name: &str, text: impl Fn(usize, &Value) -> String) -> PathBuf {
    let path = directory.join("table.csv");
    let mut reader = csv::Reader::from_path(&case.rows).unwrap();
    let mut writer = csv::Writer::from_path(&path).unwrap();
    let with = |record: &csv::StringRecord, last: &str| {
        // The features in another order, and a column that the model does not know.
        let mut fields: Vec<String> = record.iter().rev().map(str::to_owned).collect();
        fields.extend(["note".to_owned(), last.to_owned()]);
        fields
    };
    let header = reader.headers().unwrap().clone();
    writer.write_record(with(&header, name)).unwrap();
    let answers = case.expected["predict"].as_array().unwrap();
    for (row, (record, answer)) in reader.records().zip(answers).enumerate() {
        writer.write_record(with(&record.unwrap(), &text(row, answer))).unwrap();
    }
    writer.flush().unwrap();
    path
}

fn plain(_: usize, answer: &Value) -> String {
    answer.as_str().map_or_else(|| answer.to_string(), str::to_owned)
}

/// What `inspect --json` prints.
fn header(model: &Path) -> Value {
    serde_json::from_str(&run(&["inspect", "--json", text(model)]).out).unwrap()
}

fn sections(header: &Value) -> Vec<&str> {
    header["payload"]["sections"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect()
}

#[test]
fn a_classifier_gets_statistics_golden_rows_figures_calibration_and_cover() {
    let directory = tempfile::tempdir().unwrap();
    let case = Case::all("sk-full-pipe-rf", &["skops"]).remove(0);
    // One label in ten is another: figures are of these rows.
    let labels: Vec<String> = case.expected["predict"].as_array().unwrap().iter().map(|v| plain(0, v)).collect();
    let other = |label: &str| labels.iter().find(|other| *other != label).unwrap().clone();
    let target = |row: usize, v: &Value| if row.is_multiple_of(10) { other(&plain(0, v)) } else { plain(0, v) };
    let data = table(directory.path(), &case, "label", target);
    let model = directory.path().join("m.model");
    let flags = ["--data", text(&data), "--target", "label", "-o", text(&model)];
    let ran = run(&[&["import", text(&case.files[0])], &flags[..]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("figures: accuracy 0.9000, macro F1 ") && ran.out.contains("calibration: 500 rows"),
        "{ran:?}"
    );
    assert!(ran.out.contains("figures and golden rows are of 500 rows that --data gave"), "{ran:?}");
    let header = header(&model);
    assert_eq!(sections(&header), ["neutral", "cover", "node_weights", "calibration"]);
    assert_eq!(header["evaluation"]["holdout"]["accuracy"], json!(0.9));
    assert_eq!(header["calibration"], json!({"n": 500, "folds": 1}));
    for feature in header["features"].as_array().unwrap() {
        let stats = &feature["stats"];
        assert_eq!(stats["count"].as_u64().unwrap() + stats["missing"].as_u64().unwrap(), 500, "{feature}");
    }
    assert_eq!(header["prediction_stats"]["count"], json!(500));
    let ran = run(&["verify", text(&model)]);
    assert!(ran.code == Some(0) && ran.out.contains("golden rows answered as written"), "{ran:?}");
    let shown = run(&["inspect", text(&model)]).out;
    assert!(shown.contains("on --data        accuracy 0.9000, macro F1 ") && !shown.contains("not known"), "{shown}");
    // The same answers as without data.
    let predict = |model: &Path| run(&["predict", "--model", text(model), "--input", text(&case.rows)]).out;
    assert_eq!(predict(&model), predict(&case.files[0]));
}

#[test]
fn a_model_of_numbers_gets_residuals_and_one_of_several_outputs_takes_no_target() {
    let directory = tempfile::tempdir().unwrap();
    let case = Case::all("sk-rfr-nan", &["skops"]).remove(0);
    let data = table(directory.path(), &case, "y", |_, v| (v.as_f64().unwrap() + 0.5).to_string());
    let model = directory.path().join("m.model");
    let import = |file: &Path, flags: &[&str]| {
        run(&[&["import", text(file), "-o", text(&model), "--data", text(&data)], flags].concat())
    };
    let ran = import(&case.files[0], &["--target", "y"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("RMSE 0.5000, MAE 0.5000, n 500"), "{ran:?}");
    let found = header(&model);
    assert_eq!(sections(&found), ["neutral", "cover", "node_weights", "calibration", "out_of_fold"]);
    let importance = &found["importance"];
    assert_eq!(
        (&importance["on"], &importance["figure"], &importance["rows"]),
        (&json!("data"), &json!("rmse"), &json!(500))
    );
    // Every answer is wrong by a half: shuffling can only make it worse.
    assert!((importance["unshuffled"].as_f64().unwrap() - 0.5).abs() < 1e-9, "{importance}");
    let features = importance["features"].as_array().unwrap();
    assert_eq!(features.len(), found["features"].as_array().unwrap().len());
    assert!(features[0]["mean"].as_f64().unwrap() > 0.0, "{importance}");
    let head = "importance  (by how much rmse rises when a feature is shuffled; 500 rows of --data)";
    assert!(ran.out.contains(head), "{ran:?}");
    let ran = import(&folder().join("sk-dtr-multi/model.skops"), &["--target", "y"]);
    assert!(ran.code == Some(2) && ran.err.contains("2 outputs; leave it out"), "{ran:?}");
    let ran = import(&folder().join("sk-dtr-multi/model.skops"), &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let header = header(&model);
    assert!(header["evaluation"].is_null() && header["calibration"].is_null(), "{header}");
    assert_eq!(header["prediction_stats"]["count"], json!(1_000), "all outputs together");
}

#[test]
fn a_table_that_does_not_fit_is_told_problem_by_problem_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("m.model");
    let data = directory.path().join("t.csv");
    let import = |csv: &str| {
        std::fs::write(&data, csv).unwrap();
        let source = folder().join("sk-full-pipe-rf/model.skops");
        run(&["import", text(&source), "-o", text(&model), "--data", text(&data), "--target", "label"])
    };
    let ran = import("a,b,c,label\n1,2,3,no\n");
    assert!(ran.code == Some(65) && ran.err.contains(r#"no column "d", "color", "n""#), "{ran:?}");
    let ran = import("a,b,c,d,color,n\n1,2,3,4,red,10\n");
    assert!(ran.code == Some(65) && ran.err.contains(r#"no column is called "label" (--target)"#), "{ran:?}");
    let ran = import("a,b,c,d,color,n,label\n1,2,3,4,red,10,no\nx,2,3,4,red,10,no\n1,y,3,4,red,10,no\n");
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!((ran.code, lines.len()), (Some(65), 2), "{ran:?}");
    assert!(lines[0].contains("line 3, column 1 (a)") && lines[1].contains("line 4, column 2 (b)"), "{ran:?}");
    let ran = import("a,b,c,d,color,n,label\n1,2,3,4,red,10,nobody\n1,2,3,4,red,10,\n1e300,2,3,4,red,10,no\n");
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!((ran.code, lines.len()), (Some(65), 3), "{ran:?}");
    for part in ["a is 1e300", "\"nobody\" is no class of the model", "the target is missing"] {
        assert!(ran.err.contains(part), "{part}: {ran:?}");
    }
    assert!(!model.exists());
    let ran = run(&["import", "m.json", "-o", text(&model), "--target", "label"]);
    assert!(ran.code == Some(2) && ran.err.contains("--data"), "{ran:?}");
}

/// The value of a series.
fn series(metrics: &str, start: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(start)?.split(' ').next_back()?.parse().ok())
}

#[test]
fn drift_of_a_model_imported_with_data_is_counted_in_the_bins_of_its_data() {
    let directory = tempfile::tempdir().unwrap();
    let case = Case::all("sk-full-pipe-rf", &["skops"]).remove(0);
    let data = table(directory.path(), &case, "y", plain);
    let model = directory.path().join("m.model");
    let ran = run(&["import", text(&case.files[0]), "-o", text(&model), "--data", text(&data), "--name", "cats"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let server = Server::start(&["--model", text(&model)]);
    let rows = std::fs::read_to_string(&case.rows).unwrap();
    let (status, answer) = server.ask_csv("/predict", &rows);
    assert_eq!(status, 200, "{answer}");
    let (_, metrics) = server.ask("GET", "/metrics", "");
    let metrics = metrics.as_str().unwrap();
    let of = |family: &str| -> Vec<(String, f64)> {
        let start = format!("{family}{{model=\"cats\"");
        let lines = metrics.lines().filter(|line| line.starts_with(&start));
        lines
            .map(|line| line.rsplit_once(' ').unwrap())
            .map(|(labels, value)| (labels[family.len()..].to_owned(), value.parse().unwrap()))
            .collect()
    };
    // The rows that were sent are those of the data: each bin has its expected share.
    for (seen, expected, rows) in [
        ("smartserve_feature_values_total", "smartserve_feature_expected_ratio", 500.0),
        ("smartserve_prediction_values_total", "smartserve_prediction_expected_ratio", 500.0),
    ] {
        let (seen, expected) = (of(seen), of(expected));
        assert!(seen.len() > 5 && seen.len() == expected.len(), "{metrics}");
        for ((bin, n), (_, share)) in seen.iter().zip(&expected) {
            assert!((n / rows - share).abs() < 1e-12, "{bin}: {n} of {rows}, expected {share}");
        }
    }
    let numeric = header(&model)["features"].as_array().unwrap().iter().position(|f| f["kind"] == "numeric").unwrap();
    let columns = rows.lines().next().unwrap();
    let far: Vec<&str> = (0..columns.split(',').count()).map(|at| if at == numeric { "1e9" } else { "" }).collect();
    let (status, answer) = server.ask_csv("/predict", &format!("{columns}\n{}\n", far.join(",")));
    assert_eq!(status, 200, "{answer}");
    let (_, metrics) = server.ask("GET", "/metrics", "");
    let name = columns.split(',').nth(numeric).unwrap();
    let start = format!("smartserve_feature_out_of_range_total{{feature=\"{name}\",model=\"cats\"}}");
    assert_eq!(series(metrics.as_str().unwrap(), &start), Some(1.0), "{metrics}");
    let (_, about) = server.ask("GET", "/models/cats", "");
    assert!(about["statistics"].is_null() && about["prediction_stats"].is_object(), "{about}");
    let (_, document) = server.ask("GET", "/openapi.json", "");
    assert!(document.to_string().contains("Its data had"), "{document}");
}

#[test]
fn without_data_every_place_that_would_show_statistics_says_that_there_are_none() {
    let directory = tempfile::tempdir().unwrap();
    let (source, model) = (folder().join("sk-full-pipe-rf/model.skops"), directory.path().join("m.model"));
    let ran = run(&["import", text(&source), "-o", text(&model)]);
    assert!(ran.out.contains("\nstatistics: none, so no ranges, no drift metrics and no figures"), "{ran:?}");
    for file in [&source, &model] {
        let said = "none: the model was imported without data (import --data)";
        let shown = run(&["inspect", text(file)]).out;
        assert!(shown.contains(&format!("statistics       {said}")) && shown.contains("not known"), "{shown}");
        let server = Server::start(&["--model", &format!("cats={}", text(file))]);
        let (_, about) = server.ask("GET", "/models/cats", "");
        assert_eq!(about["statistics"], said);
        assert!(about["evaluation"].is_null() && about["features"][0]["stats"].is_null(), "{about}");
        let (_, document) = server.ask("GET", "/openapi.json", "");
        let text = document.to_string();
        assert!(text.contains(said) && !text.contains("x-training") && !text.contains("Its data had"), "{text}");
        // The example is accepted as it stands.
        let content = &document["components"]["requestBodies"]["cats.predict"]["content"]["application/json"];
        let record = &content["examples"]["record"]["value"];
        assert!(record.as_object().unwrap().values().all(|value| !value.is_null()), "{record}");
        let (status, answer) = server.ask("POST", "/predict", &record.to_string());
        assert_eq!(status, 200, "{answer}");
        let (_, metrics) = server.ask("GET", "/metrics", "");
        let metrics = metrics.as_str().unwrap();
        let has = |family: &str| metrics.lines().any(|line| line.starts_with(&format!("{family}{{")));
        assert!(has("smartserve_prediction_rows_total") && has("smartserve_model_info"), "{metrics}");
        assert!(!has("smartserve_feature_values_total") && !has("smartserve_prediction_expected_ratio"), "{metrics}");
        assert!(metrics.contains("none where a model was imported without data"), "{metrics}");
    }
}

#[test]
fn a_null_that_an_imported_model_has_no_rule_for_is_told_so() {
    let server = Server::start(&["--model", text(&folder().join("sk-linear/model.skops"))]);
    let names: Vec<String> = (0..8).map(|i| format!("f{i}")).collect();
    let (status, answer) =
        server.ask("POST", "/predict", &json!({"columns": names, "data": [[null, 0, 0, 0, 0, 0, 0, 0]]}).to_string());
    assert_eq!((status, &answer["detail"]), (422, &json!("f0 is missing, and the model has no rule for that")));
}
