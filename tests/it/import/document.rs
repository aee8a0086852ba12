//! What the document and the metadata say of imported models: raw scores, several outputs, probabilities where there are any,
//! codes of categories, the platform.

use serde_json::{Value, json};

use super::cases::folder;
use crate::support::process::{Server, run_with};

const MODELS: [(&str, &str); 4] = [
    ("soft", "xgb-softprob/model.ubj"),
    ("hinge", "xgb-hinge/model.json"),
    ("pipe", "sk-full-pipe-rf/model.skops"),
    ("codes", "xgb-pandascat/model.ubj"),
];

fn server() -> Server {
    let models: Vec<String> =
        MODELS.iter().map(|(name, file)| format!("{name}={}", folder().join(file).display())).collect();
    let mut flags: Vec<&str> = models.iter().flat_map(|model| ["--model", model.as_str()]).collect();
    flags.extend(["--answer", "soft=library"]);
    Server::start(&flags)
}

fn parameters<'d>(document: &'d Value, path: &str) -> Vec<&'d str> {
    let parameters = document["paths"][path]["post"]["parameters"].as_array().unwrap();
    parameters.iter().filter_map(|parameter| parameter["$ref"].as_str()).collect()
}

#[test]
fn raw_scores_are_in_the_document_where_a_model_has_them() {
    let server = server();
    let (_, document) = server.ask("GET", "/openapi.json", "");
    let raw = "#/components/parameters/Raw";
    for path in ["/predict", "/models/soft/predict", "/v2/models/pipe/infer"] {
        assert!(parameters(&document, path).contains(&raw), "{path}");
    }
    assert_eq!(document["components"]["parameters"]["Raw"]["schema"]["type"], "boolean");
    let schemas = &document["components"]["schemas"];
    let four = json!({"type": "array", "minItems": 4, "maxItems": 4, "items": {"type": "number", "format": "double"}});
    assert_eq!(schemas["soft.Answer"]["properties"]["raw"]["items"], four);
    assert_eq!(schemas["soft.Answer"]["properties"]["prediction"]["items"], four, "several outputs");
    assert_eq!(schemas["hinge.Answer"]["properties"]["raw"]["items"], json!({"type": "number", "format": "double"}));
    let outputs = &schemas["pipe.Infer"]["properties"]["outputs"]["items"]["properties"]["name"]["enum"];
    assert_eq!(*outputs, json!(["predict", "predict_proba", "raw", "baseline", "contributions"]));
    assert!(schemas["V2Parameters"]["properties"]["raw"].is_object());
    // A model without them is not said to have them.
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("near.model");
    let file = model.to_str().unwrap();
    let data = crate::support::path("data/iris.csv");
    let data = data.to_str().unwrap();
    let train = ["train", "--data", data, "--target", "species", "--algorithm", "knn", "--folds", "0", "-o", file];
    assert_eq!(run_with(&[], &train).code, Some(0));
    let document: Value = serde_json::from_str(&run_with(&[], &["openapi", "--model", file]).out).unwrap();
    assert!(!parameters(&document, "/predict").contains(&raw));
    assert!(document["components"]["schemas"]["near.Answer"]["properties"]["raw"].is_null());
}

#[test]
fn a_model_without_probabilities_is_not_said_to_have_them() {
    let server = server();
    let (_, document) = server.ask("GET", "/openapi.json", "");
    let schemas = &document["components"]["schemas"];
    assert!(schemas["pipe.Answer"]["properties"]["probability"].is_object());
    assert!(schemas["hinge.Answer"]["properties"]["probability"].is_null());
    let csv = |name: &str| {
        let answer = &document["components"]["responses"][format!("{name}.predict")]["content"]["text/csv"];
        answer["schema"]["description"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        csv("hinge"),
        "A line a row: `prediction`; with `raw=true` `raw` too; with `explain=true` `baseline` and `contribution_FEATURE` too."
    );
    let soft = "A line a row: `prediction_0` to `prediction_3`; with `raw=true` `raw_0` to `raw_3` too";
    assert!(csv("soft").starts_with(soft), "{}", csv("soft"));
    assert!(csv("pipe").starts_with("A line a row: `prediction`, and `probability_CLASS` for each class"));
}

#[test]
fn the_platform_names_the_source_and_codes_of_categories_are_said_to_be_such() {
    let server = server();
    let platform = |name: &str| server.ask("GET", &format!("/v2/models/{name}"), "").1["platform"].clone();
    assert_eq!(["soft", "hinge", "pipe"].map(platform), ["xgboost_ubj", "xgboost_json", "sklearn_skops"]);
    let (_, document) = server.ask("GET", "/openapi.json", "");
    let color = &document["components"]["schemas"]["codes.Record"]["properties"]["color"];
    assert!(color["description"].as_str().unwrap().contains("A category by its code."), "{color}");
    let (_, about) = server.ask("GET", "/models/codes", "");
    let described: Vec<&Value> =
        about["features"].as_array().unwrap().iter().filter(|f| f["description"].is_string()).collect();
    assert!(described.iter().all(|f| f["kind"] == "numeric") && !described.is_empty(), "{about}");
}

#[test]
fn query_parameters_that_are_not_there_are_told_by_those_that_are() {
    let server = server();
    let body =
        json!({"columns": (0..8).map(|i| format!("f{i}")).collect::<Vec<_>>(), "data": [[0, 0, 0, 0, 0, 0, 0, 0]]});
    let detail = |query: &str| {
        let (status, answer) = server.ask("POST", &format!("/models/soft/predict?{query}"), &body.to_string());
        assert_eq!(status, 400, "{answer}");
        answer["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(detail("row=1"), "There is no query parameter \"row\"; there are raw, explain and interval");
    assert_eq!(detail("raw=1"), "raw must be true or false, not \"1\"");
}

#[test]
fn the_platform_is_one_word_of_library_and_format_from_a_directory_too() {
    let of = |file: &str| folder().join(file).display().to_string();
    let fixture = |file: &str| crate::support::path("tests/fixtures/sklearn").join(file).display().to_string();
    let models = [
        ("text", of("lgb-l2/model.txt"), "lightgbm_text"),
        ("mlflow", of("mlflow/lgb-sklearn"), "lightgbm_skops"),
        ("alone", fixture("xgboost-booster/model.zlib.joblib"), "xgboost_pickle"),
        ("lgb", fixture("lightgbm-booster/model.zlib.joblib"), "lightgbm_pickle"),
        ("pipe", fixture("xgboost-marked/model.zlib.joblib"), "sklearn_pickle"),
    ];
    let flags: Vec<String> = models.iter().map(|(name, file, _)| format!("--model={name}={file}")).collect();
    let server = Server::start(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    for (name, file, platform) in models {
        assert_eq!(server.ask("GET", &format!("/v2/models/{name}"), "").1["platform"], platform, "{file}");
    }
}
