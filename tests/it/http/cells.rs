//! One cell by every door: JSON, lines, tensors, CSV and Arrow over HTTP, and files of CSV, NDJSON and Arrow. A word for
//! "no value", a boolean and a number among categories are read alike by all of them, or refused.

use std::sync::Arc;

use arrow_array::{Float64Array, StringArray};
use http::Request;
use serde_json::{Value, json};
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::ServedModel;
use smartserve::table::TableFile;
use smartserve::train::options::UnknownCategories;
use smartserve::train::{TrainSpec, train};

use crate::support::arrow::{array, batch, file, stream};
use crate::support::process::run_with;
use crate::support::router::{request, send};

/// A model of rows of one category each; y is 100 for the first, 200 for the second, and so on.
fn trained(categories: &[&str], unknown: UnknownCategories) -> Vec<u8> {
    let row =
        |i: usize| format!("{},{},{}\n", categories[i % categories.len()], i % 3, 100 * (i % categories.len() + 1));
    let csv: String = (0..categories.len() * 12).map(row).collect();
    let table = TableFile::from_bytes("test.csv", format!("c,x,y\n{csv}").into_bytes());
    let mut spec = TrainSpec::new("m", "y", Algorithm::DecisionTree);
    (spec.folds, spec.test_size, spec.unknown) = (Some(0), 0.0, unknown);
    spec.categorical = vec!["c".to_owned()];
    train(&spec, &table, &()).unwrap().artifact
}

fn served(artifact: &[u8]) -> Service {
    let snapshot = Arc::new(ServedModel::new("m", Model::load(artifact).unwrap(), true));
    let server = Arc::new(ServerState::new(vec![snapshot], Limits::default(), ExtraFeatures::Reject));
    router(server, Role::Main, Options::default())
}

fn typed(target: &str, content_type: &str, body: impl Into<axum::body::Body>) -> Request<axum::body::Body> {
    let mut request = request("POST", target, body);
    request.headers_mut().insert("content-type", content_type.parse().unwrap());
    request
}

/// What the doors of HTTP answer: a number, or none for a 422.
async fn over_http(service: &Service, requests: Vec<Request<axum::body::Body>>) -> Vec<Option<f64>> {
    let mut found = Vec::new();
    for request in requests {
        let answer = send(service, request).await;
        let told = answer.json();
        let prediction = [&told["prediction"], &told["prediction"][0], &told["outputs"][0]["data"][0]];
        found.push(match answer.status.as_u16() {
            200 => Some(prediction.into_iter().find_map(Value::as_f64).unwrap()),
            422 => None,
            other => panic!("{other}: {told}"),
        });
    }
    found
}

/// What `predict` writes of a file of one row; none where it ends with 65.
fn of_file(artifact: &[u8], bytes: impl AsRef<[u8]>) -> Option<f64> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("m.model"), artifact).unwrap();
    std::fs::write(path("rows"), bytes).unwrap();
    let ran = run_with(&[], &["predict", "--model", &path("m.model"), "--input", &path("rows")]);
    match ran.code {
        Some(0) => Some(ran.out.trim_end().rsplit_once(',').unwrap().1.parse().unwrap()),
        Some(65) => None,
        _ => panic!("{ran:?}"),
    }
}

/// A cell that is text: what the doors of JSON and `BYTES` answer, and those of CSV and Arrow. All doors of a kind must
/// agree, and where both kinds answer they must, too.
async fn text(artifact: &[u8], word: &str) -> [Option<f64>; 2] {
    let service = served(artifact);
    let rows =
        batch(vec![("c", array(StringArray::from(vec![Some(word)]))), ("x", array(Float64Array::from(vec![0.0])))]);
    let record = json!({ "c": word, "x": 0 }).to_string();
    let csv = format!("c,x\n{word},0\n");
    let tensor = json!({ "inputs": [
        { "name": "c", "shape": [1], "datatype": "BYTES", "data": [word] },
        { "name": "x", "shape": [1], "datatype": "FP64", "data": [0] },
    ] });
    let typed_text = vec![
        request("POST", "/predict", record.clone()),
        request("POST", "/predict", format!("[{record}]")),
        typed("/predict", "application/x-ndjson", record.clone()),
        request("POST", "/v2/models/m/infer", tensor.to_string()),
    ];
    let fields = vec![
        typed("/predict", "text/csv", csv.clone()),
        typed("/predict", "text/csv", csv.replace("c,x", "\"c\",x")),
        typed("/predict", "application/vnd.apache.arrow.stream", stream(&rows)),
    ];
    let mut found = [over_http(&service, typed_text).await, over_http(&service, fields).await];
    found[0].push(of_file(artifact, record));
    found[1].extend([of_file(artifact, csv), of_file(artifact, file(&rows))]);
    let [json, table] = found.map(|found| {
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{word}: {found:?}");
        found[0]
    });
    assert!(json.is_none() || json == table, "{word}: {json:?} and {table:?}");
    [json, table]
}

/// A cell that JSON has without quotes, by the doors that have such.
async fn plain(artifact: &[u8], cell: &str) -> Option<f64> {
    let record = format!("{{\"c\":{cell},\"x\":0}}");
    let line = typed("/predict", "application/x-ndjson", record.clone());
    let mut found = over_http(&served(artifact), vec![request("POST", "/predict", record.clone()), line]).await;
    found.push(of_file(artifact, record));
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{cell}: {found:?}");
    found[0]
}

const WORDS: [&str; 6] = ["NA", "n/a", "None", "null", "-", "?"];

#[tokio::test]
async fn a_word_for_no_value_is_a_text_among_texts() {
    let known = trained(&["AA", "", "red", "NA"], UnknownCategories::Error);
    assert_eq!((text(&known, "NA").await, text(&known, "red").await), ([Some(400.0); 2], [Some(300.0); 2]));
    let missing = plain(&known, "null").await;
    assert!(missing.is_some());
    assert_eq!(text(&known, "").await, [None, missing], "a text of JSON is what it says");
    for word in ["None", "-"] {
        assert_eq!(text(&known, word).await, [None; 2], "{word}");
    }
    let answer = send(&served(&known), typed("/predict", "text/csv", "c,x\n?,0\n")).await;
    let told = "c has no category \"?\"; it has \"AA\", \"NA\", \"red\"; a missing cell is left empty, or null in JSON \
                (of a file: --missing ?)";
    assert!(answer.json()["errors"][0]["detail"].as_str().unwrap().ends_with(told), "{}", answer.text());
    let other = trained(&["blue", "", "red"], UnknownCategories::Other);
    let unknown = text(&other, "green").await;
    assert!(unknown[0].is_some());
    for word in WORDS {
        assert_eq!(text(&other, word).await, unknown, "{word}");
    }
    // Where it would pass for unknown, it is missing as in a table.
    assert_eq!(text(&other, "").await, [plain(&other, "null").await; 2]);
}

#[tokio::test]
async fn a_word_for_no_value_is_missing_among_codes() {
    for (unknown, in_json) in [(UnknownCategories::Other, true), (UnknownCategories::Error, false)] {
        let codes = trained(&["7", "", "12", "30"], unknown);
        let missing = plain(&codes, "null").await;
        assert!(missing.is_some());
        for word in &WORDS[..if in_json { 6 } else { 2 }] {
            assert_eq!(text(&codes, word).await, [missing.filter(|_| in_json), missing], "{word}");
        }
    }
    let whole = trained(&["7", "12"], UnknownCategories::Error);
    assert_eq!((text(&whole, "NA").await, text(&whole, "12").await), ([None; 2], [Some(200.0); 2]));
}

#[tokio::test]
async fn a_boolean_is_not_the_first_of_many_codes() {
    let many = trained(&["0", "1", "2"], UnknownCategories::Error);
    assert_eq!((plain(&many, "true").await, plain(&many, "1.0").await), (None, Some(200.0)));
    let two = trained(&["0", "1"], UnknownCategories::Error);
    assert_eq!((plain(&two, "false").await, plain(&two, "true").await), (Some(100.0), Some(200.0)));
    // pandas writes a code beside a missing cell so.
    assert_eq!(of_file(&many, "c,x\n1.0,0\n"), Some(200.0));
    for column in [["False", "True"], ["false", "true"]] {
        let booleans = trained(&column, UnknownCategories::Other);
        for yes in ["True", "true", "TRUE"] {
            assert_eq!(text(&booleans, yes).await, [Some(200.0); 2], "{yes}");
        }
        assert_eq!(plain(&booleans, "true").await, Some(200.0));
        let codes = trained(&["1", "2"], UnknownCategories::Other);
        assert_eq!((text(&codes, "1.0").await, plain(&codes, "1.0").await), ([Some(100.0); 2], Some(100.0)));
        let booleans = trained(&column, UnknownCategories::Error);
        assert_eq!(of_file(&booleans, "c,x\nTRUE,0\n"), Some(200.0));
        assert_eq!(plain(&booleans, "false").await, Some(100.0));
    }
}
