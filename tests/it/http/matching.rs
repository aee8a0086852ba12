//! Which category a value names, and how labels are written: the same in every dialect, tensor and file.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::body::Body;
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
use smartserve::train::{TrainSpec, train};

use crate::support::process::BINARY;
use crate::support::router::{post, request, send};

/// The artifact of a model of `csv`, whose last column is `y`.
fn trained(csv: &str, algorithm: Algorithm, categorical: &[&str]) -> Vec<u8> {
    let table = TableFile::from_bytes("test.csv", csv.as_bytes().to_vec());
    let mut spec = TrainSpec::new("m", "y", algorithm);
    (spec.folds, spec.test_size) = (Some(0), 0.0);
    spec.categorical = categorical.iter().map(|name| (*name).to_owned()).collect();
    train(&spec, &table, &()).unwrap().artifact
}

fn served(artifact: &[u8]) -> Service {
    let snapshot = Arc::new(ServedModel::new("m", Model::load(artifact).unwrap(), true));
    let server = Arc::new(ServerState::new(vec![snapshot], Limits::default(), ExtraFeatures::Reject));
    router(server, Role::Main, Options::default())
}

/// Rows of a category each, x always 0; y is 100 for the first, 200 for the second, and so on.
fn table(categories: &[&str]) -> String {
    let mut csv = "c,x,y\n".to_owned();
    for i in 0..categories.len() * 8 {
        let at = i % categories.len();
        writeln!(csv, "{},{},{}", categories[at], i % 3, 100 * (at + 1)).unwrap();
    }
    csv
}

fn codes(categories: &[&str]) -> Vec<u8> {
    trained(&table(categories), Algorithm::DecisionTree, &["c"])
}

fn typed(target: &str, content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = request("POST", target, body);
    request.headers_mut().insert("content-type", content_type.parse().unwrap());
    request
}

/// The prediction for one row whose `c` is this JSON, in every dialect: all must agree. None is a 422.
async fn asked(service: &Service, c: &str) -> Option<f64> {
    let table = format!(r#"{{"columns":["x","c"],"data":[[0,{c}]]}}"#);
    let bodies = [
        ("/predict", format!(r#"{{"c":{c},"x":0}}"#)),
        ("/predict", format!(r#"[{{"x":0,"c": {c} }}]"#)),
        ("/predict", format!(r#"{{"c":[{c}],"x":[0]}}"#)),
        ("/predict", format!("{{\"c\":{{\"0\":{c}\n}},\"x\":{{\"0\":0}}}}")),
        ("/predict", format!(r#"{{"data":[[0,{c}]],"columns":["x","c"]}}"#)),
        ("/invocations", format!(r#"{{"dataframe_split":{table}}}"#)),
        ("/v1/models/m:predict", format!(r#"{{"instances":[[{c},0]]}}"#)),
    ];
    let mut requests: Vec<Request<Body>> = bodies.map(|(target, body)| request("POST", target, body)).into();
    requests.push(typed("/predict", "application/x-ndjson", format!("{{\"c\":{c},\"x\":0}}\n")));
    let mut found: Vec<Option<f64>> = Vec::new();
    for request in requests {
        let target = request.uri().to_string();
        let answer = send(service, request).await;
        found.push(match answer.status.as_u16() {
            200 if answer.header("content-type") == "application/x-ndjson" => answer.json()["prediction"].as_f64(),
            200 => answer.json()[if target == "/predict" { "prediction" } else { "predictions" }][0].as_f64(),
            422 => None,
            other => panic!("{other} for {c}: {}", answer.text()),
        });
    }
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{c}: {found:?}");
    found[0]
}

/// The same for CSV.
async fn asked_in_csv(service: &Service, cell: &str) -> Option<f64> {
    let mut found = Vec::new();
    // A quote makes the careful reader read it.
    for head in ["c,x", "\"c\",x"] {
        let answer = send(service, typed("/predict", "text/csv", format!("{head}\n{cell},0\n"))).await;
        found.push(match answer.status.as_u16() {
            200 => answer.json()["prediction"][0].as_f64(),
            422 => None,
            other => panic!("{other} for {cell}: {}", answer.text()),
        });
    }
    assert_eq!(found[0], found[1], "{cell}");
    found[0]
}

/// The same for a tensor: its elements in JSON, or in binary.
async fn asked_in_tensor(service: &Service, datatype: &str, element: Result<&str, &[u8]>) -> Option<f64> {
    let x = r#"{"name":"x","shape":[1],"datatype":"FP64","data":[0]}"#;
    let head = format!(r#""name":"c","shape":[1],"datatype":"{datatype}""#);
    let (json, tail) = match element {
        Ok(text) => (format!(r#"{{"inputs":[{{{head},"data":[{text}]}},{x}]}}"#), &b""[..]),
        Err(bytes) => {
            let size = bytes.len();
            (format!(r#"{{"inputs":[{{{head},"parameters":{{"binary_data_size":{size}}}}},{x}]}}"#), bytes)
        }
    };
    let length = json.len();
    let mut request = typed("/v2/models/m/infer", "application/octet-stream", [json.as_bytes(), tail].concat());
    request.headers_mut().insert("inference-header-content-length", length.into());
    let answer = send(service, request).await;
    match answer.status.as_u16() {
        200 => answer.json()["outputs"][0]["data"][0].as_f64(),
        422 => None,
        other => panic!("{other}: {}", answer.text()),
    }
}

const LONG: [&str; 4] =
    ["123456789012345678", "123456789012345679", "123456789012345690", "340282366920938463463374607"];

#[tokio::test]
async fn long_integers_name_categories_by_their_digits() {
    let service = served(&codes(&LONG));
    for (id, expected) in LONG.iter().zip([100.0, 200.0, 300.0, 400.0]) {
        assert_eq!(asked(&service, id).await, Some(expected), "{id}");
        assert_eq!(asked(&service, &format!("\" {id}\"")).await, Some(expected), "{id}");
        assert_eq!(asked_in_csv(&service, &format!(" {id} ")).await, Some(expected), "{id}");
    }
    for (id, expected) in LONG[..3].iter().zip([100.0, 200.0, 300.0]) {
        assert_eq!(asked_in_tensor(&service, "INT64", Ok(id)).await, Some(expected), "{id}");
        assert_eq!(asked_in_tensor(&service, "UINT64", Ok(id)).await, Some(expected), "{id}");
        let bytes = id.parse::<i64>().unwrap().to_le_bytes();
        assert_eq!(asked_in_tensor(&service, "INT64", Err(&bytes)).await, Some(expected), "{id}");
    }
    for id in ["123456789012345677", "123456789012345680", "123456789012345678.0", "1.23456789012345678e17"] {
        assert_eq!(asked(&service, id).await, None, "{id}");
        assert_eq!(asked_in_csv(&service, id).await, None, "{id}");
    }
    assert_eq!(asked_in_tensor(&service, "INT64", Ok("123456789012345677")).await, None);
    assert_eq!(asked_in_tensor(&service, "INT64", Err(&123_456_789_012_345_677_i64.to_le_bytes())).await, None);
    assert_eq!(asked_in_tensor(&service, "FP64", Ok("123456789012345680")).await, None);
}

#[tokio::test]
async fn no_other_numeric_reading_names_a_category() {
    let service = served(&codes(&["0e1", "1", "2.5", "007"]));
    for (c, expected) in [("1", 200.0), ("1.0", 200.0), ("2.5", 300.0), ("\"007\"", 400.0), ("\"0e1\"", 100.0)] {
        assert_eq!(asked(&service, c).await, Some(expected), "{c}");
    }
    for c in ["0", "0e7", "7", "1e0", "10e-1", "2.50", "25e-1", "\"0e7\"", "\"1.0\"", "\"01\"", "-1", "true", "null"] {
        assert_eq!(asked(&service, c).await, None, "{c}");
    }
    for (cell, expected) in [("1", 200.0), ("1.0", 200.0), (" 2.5", 300.0), ("0e1", 100.0), ("007", 400.0)] {
        assert_eq!(asked_in_csv(&service, cell).await, Some(expected), "{cell}");
    }
    for cell in ["01", "001", "+1", "0e7", "000", "7", "2.50", "1e0"] {
        assert_eq!(asked_in_csv(&service, cell).await, None, "{cell}");
    }
}

#[tokio::test]
async fn integers_and_their_floats_are_one_category() {
    let (whole, float) = (served(&codes(&["1", "2", "3"])), served(&codes(&["1.0", "2.0", "2.5"])));
    for service in [&whole, &float] {
        for c in ["1", "1.0"] {
            assert_eq!(asked(service, c).await, Some(100.0), "{c}");
            for datatype in ["INT64", "UINT8", "FP64", "FP32", "FP16"] {
                assert_eq!(asked_in_tensor(service, datatype, Ok(c)).await, Some(100.0), "{datatype} {c}");
            }
        }
        assert_eq!(asked_in_tensor(service, "INT8", Err(&[1])).await, Some(100.0));
        assert_eq!(asked_in_tensor(service, "FP32", Err(&2_f32.to_le_bytes())).await, Some(200.0));
        assert_eq!(asked_in_tensor(service, "FP64", Err(&2_f64.to_le_bytes())).await, Some(200.0));
        assert_eq!(asked_in_tensor(service, "FP64", Err(&f64::NAN.to_le_bytes())).await, None);
        assert_eq!(asked(service, "9007199254740993").await, None);
    }
    assert_eq!(asked_in_tensor(&float, "FP64", Ok("2.5")).await, Some(300.0));
    assert_eq!(asked_in_tensor(&float, "FP32", Err(&2.5_f32.to_le_bytes())).await, Some(300.0));
    // Both are there: each names itself.
    let both = served(&codes(&["1", "1.0"]));
    assert_eq!((asked(&both, "1").await, asked(&both, "1.0").await), (Some(100.0), Some(200.0)));
}

#[tokio::test]
async fn booleans_name_the_category_that_spells_them() {
    for [no, yes] in [["false", "true"], ["False", "True"], ["FALSE", "TRUE"], ["0", "1"]] {
        let service = served(&codes(&[no, yes]));
        for (c, expected) in [("false", 100.0), ("true", 200.0)] {
            assert_eq!(asked(&service, c).await, Some(expected), "{c} for {yes}");
            assert_eq!(asked_in_tensor(&service, "BOOL", Ok(c)).await, Some(expected), "{c} for {yes}");
        }
        assert_eq!(asked_in_tensor(&service, "BOOL", Ok("1")).await, Some(200.0), "{yes}");
        assert_eq!(asked_in_tensor(&service, "BOOL", Err(&[0])).await, Some(100.0), "{no}");
        assert_eq!(asked_in_csv(&service, yes).await, Some(200.0), "{yes}");
        assert_eq!(asked(&service, "\"yes\"").await, None);
    }
    let service = served(&codes(&["no", "yes"]));
    assert_eq!((asked(&service, "true").await, asked_in_tensor(&service, "BOOL", Ok("true")).await), (None, None));
    // For a number they are 0 and 1.
    let service =
        served(&trained("c,x,y\n0,1,10\n1,2,20\n0,3,10\n1,1,20\n0,2,10\n1,3,20\n", Algorithm::DecisionTree, &[]));
    assert_eq!((asked(&service, "true").await, asked(&service, "1").await), (Some(20.0), Some(20.0)));
    assert_eq!((asked(&service, "false").await, asked(&service, "\"1\"").await), (Some(10.0), None));
}

#[test]
fn two_spellings_of_a_boolean_in_one_column_are_refused() {
    for (categories, told) in [
        (["True", "true", "False"], r#"test.csv, column 1 (c): "True" and "true" both spell true; write it one way"#),
        (["no", "FALSE", "0"], r#"test.csv, column 1 (c): "FALSE" and "0" both spell false; write it one way"#),
    ] {
        let table = TableFile::from_bytes("test.csv", table(&categories).into_bytes());
        let error = train(&TrainSpec::new("m", "y", Algorithm::DecisionTree), &table, &()).unwrap_err();
        assert_eq!(error.to_string(), told);
    }
}

fn run(directory: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(BINARY).current_dir(directory).args(args).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn predict_matches_files_byte_for_byte() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("m.model"), codes(&["0e1", "1", "123456789012345678"])).unwrap();
    let predict = |cell: &str| {
        std::fs::write(directory.path().join("rows.csv"), format!("c,x\n{cell},0\n")).unwrap();
        run(directory.path(), &["predict", "--model", "m.model", "--input", "rows.csv"])
    };
    assert_eq!(predict(" 123456789012345678").1, "c,x,prediction\n 123456789012345678,0,300.0\n");
    assert_eq!(predict("1.0").1, "c,x,prediction\n1.0,0,200.0\n");
    for cell in ["0e7", "001", "1e0", "123456789012345677"] {
        let (code, _, error) = predict(cell);
        assert_eq!(code, Some(65), "{cell}");
        assert!(error.contains("rows.csv, line 2, column 1 (c): c has no category"), "{error}");
    }
}

/// Two classes, told by x.
fn kinds(labels: [&str; 2]) -> Vec<u8> {
    let rows = (0..40).map(|i| format!("{i},{}\n", labels[usize::from(i >= 20)]));
    let csv: String = std::iter::once("x,y\n".to_owned()).chain(rows).collect();
    trained(&csv, Algorithm::Logistic, &[])
}

#[tokio::test]
async fn labels_that_are_numbers_are_numbers_in_every_answer() {
    type Case<'a> = ([&'a str; 2], Value, &'a str, &'a str, Vec<u8>);
    let cases: [Case<'_>; 4] = [
        (["-1", "5"], json!(-1), "-1", "INT64", (-1_i64).to_le_bytes().to_vec()),
        (["1.50", "2"], json!(1.5), "1.5", "FP64", 1.5_f64.to_le_bytes().to_vec()),
        (["007", "012"], json!("007"), "007", "BYTES", [&[3, 0, 0, 0], &b"007"[..]].concat()),
        (["1", "b"], json!("1"), "1", "BYTES", vec![1, 0, 0, 0, b'1']),
    ];
    for (labels, label, text, datatype, bytes) in cases {
        let service = served(&kinds(labels));
        let answer = post(&service, "/predict", r#"{"x":0}"#).await.json();
        assert_eq!(answer["prediction"], json!([label]));
        assert!(answer["probability"][0][labels[0]].is_f64(), "{answer}");
        for target in ["/invocations", "/v1/models/m:predict"] {
            let answer = post(&service, target, r#"{"instances":[{"x":0}]}"#).await.json();
            assert_eq!(answer["predictions"], json!([label]));
        }
        let line = send(&service, typed("/predict", "application/x-ndjson", "{\"x\":0}\n")).await.json();
        assert_eq!(line["prediction"], label);
        let mut csv = typed("/predict", "text/csv", "x\n0\n");
        csv.headers_mut().insert("accept", "text/csv".parse().unwrap());
        let csv = send(&service, csv).await;
        assert!(csv.text().lines().nth(1).unwrap().starts_with(&format!("{text},")), "{}", csv.text());
        assert!(csv.text().starts_with(&format!("prediction,probability_{}", labels[0])), "{}", csv.text());
        let inputs = r#""inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[0]}]"#;
        let answer = post(&service, "/v2/models/m/infer", format!("{{{inputs}}}")).await.json();
        let output = &answer["outputs"][0];
        assert_eq!((&output["datatype"], &output["data"]), (&json!(datatype), &json!([label])));
        let binary = r#","outputs":[{"name":"predict","parameters":{"binary_data":true}}]"#;
        let answer = post(&service, "/v2/models/m/infer", format!("{{{inputs}{binary}}}")).await;
        let json: usize = answer.header("inference-header-content-length").parse().unwrap();
        assert_eq!(answer.body[json..], bytes);
        let metadata = crate::support::router::get(&service, "/v2/models/m").await.json();
        assert_eq!(metadata["outputs"][0]["datatype"], datatype);
        let document = crate::support::router::get(&service, "/openapi.json").await.json();
        let told = &document["components"]["schemas"]["m.Answer"]["properties"]["prediction"]["items"];
        match datatype {
            "FP64" => assert_eq!(told, &json!({ "type": "number", "format": "double" })),
            "INT64" => assert_eq!(told, &json!({ "type": "integer", "enum": [-1, 5] })),
            _ => assert_eq!(told, &json!({ "type": "string", "enum": labels })),
        }
    }
}

#[test]
fn predict_and_http_print_one_text_for_a_number() {
    // From 1e-5 to 1e-4 two printers of shortest texts write 1.5e-5 and 0.000015.
    let rows: String = (1..30).map(|x| format!("{x},{}e-6\n", 3 * x)).collect();
    let artifact = trained(&format!("x,y\n{rows}"), Algorithm::Knn, &[]);
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("m.model"), &artifact).unwrap();
    let rows: String = (1..30).map(|x| format!("{x}\n")).collect();
    std::fs::write(directory.path().join("rows.csv"), format!("x\n{rows}")).unwrap();
    let (code, scored, error) = run(directory.path(), &["predict", "--model", "m.model", "--input", "rows.csv"]);
    assert_eq!(code, Some(0), "{error}");
    let body: String = (1..30).map(|x| format!("{{\"x\":{x}}},")).collect();
    let answer = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        post(&served(&artifact), "/predict", format!("[{}]", body.trim_end_matches(','))).await.text().to_owned()
    });
    let numbers = answer.split_once('[').unwrap().1.split_once(']').unwrap().0;
    let printed: Vec<&str> = scored.lines().skip(1).map(|line| line.split_once(',').unwrap().1).collect();
    assert_eq!(printed, numbers.split(',').collect::<Vec<_>>());
}
