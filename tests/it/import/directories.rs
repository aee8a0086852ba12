//! Directories that hold a model: MLflow's, MLServer's, and those with one model file.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use smartserve::import::{Answers, ImportOptions};
use smartserve::serve::loader;
use tempfile::TempDir;

use super::cases::{assert_same_bits, folder, load, predict, raw};
use crate::support::process::{Server, run_with};

/// A copy of one of MLflow's directories.
fn mlflow(name: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder().join("mlflow").join(name)).unwrap() {
        let entry = entry.unwrap();
        fs::write(copy.path().join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
    }
    copy
}

/// A directory with these files, each a copy of one of the cases'.
fn of_cases(files: &[(&str, &str)]) -> TempDir {
    let made = tempfile::tempdir().unwrap();
    for (name, case) in files {
        fs::write(made.path().join(name), fs::read(folder().join(case)).unwrap()).unwrap();
    }
    made
}

/// Replaces a text in a file.
fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

fn refused(path: &Path) -> String {
    loader::load(path, &ImportOptions::default()).unwrap_err().to_string()
}

/// The exit code of `verify`, and the one line that says why.
fn exit(path: &Path) -> (Option<i32>, String) {
    let ran = run_with(&[], &["verify", path.to_str().unwrap()]);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    (ran.code, ran.err)
}

#[test]
fn every_directory_of_mlflow_answers_as_the_file_in_it_under_its_signatures_names() {
    let rows = fs::read(folder().join("mlflow/rows.csv")).unwrap();
    for (name, file) in [
        ("xgb-booster", "model.ubj"),
        ("xgb-sklearn", "model.ubj"),
        ("lgb-booster", "model.lgb"),
        ("lgb-sklearn", "model.skops"),
        ("sk-default", "model.skops"),
        ("sk-cloudpickle", "model.pkl"),
    ] {
        let directory = folder().join("mlflow").join(name);
        let model = load(&directory, Answers::Label).unwrap();
        let names: Vec<&str> = model.schema().features().iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c c", "d"], "{name}");
        let alone = load(&directory.join(file), Answers::Label).unwrap();
        let of = |model: &_| {
            let mut text = String::from_utf8(rows.clone()).unwrap();
            let names: Vec<&str> =
                smartserve::model::Model::schema(model).features().iter().map(|f| f.name.as_str()).collect();
            text.replace_range(..text.find('\n').unwrap(), &names.join(","));
            let batch = super::cases::batch(text.as_bytes(), model);
            (format!("{:?}", predict(model, &batch)), raw(model, &batch))
        };
        let ((answers, margins), (answers_alone, margins_alone)) = (of(&model), of(&alone));
        assert_eq!(answers, answers_alone, "{name}");
        assert_same_bits(name, &margins_alone, &margins);
        let notes = model.header().source.as_ref().unwrap().notes.join("\n");
        assert!(notes.contains("MLflow 3.17.2 saved it by its flavor"), "{notes}");
    }
    assert!(
        refused(&folder().join("mlflow/cat"))
            .ends_with("MLmodel: flavors: catboost is not read; xgboost, lightgbm, sklearn are")
    );
}

#[test]
fn a_signature_of_other_columns_is_refused_and_names_are_taken_where_the_model_has_none() {
    let directory = mlflow("xgb-booster");
    let described = directory.path().join("MLmodel");
    edit(&described, "\"name\": \"d\"", "\"name\": \"e\"");
    let why = refused(directory.path());
    assert!(why.ends_with("MLmodel: signature.inputs: it calls a column \"e\" that the model calls \"d\""), "{why}");
    edit(&described, "{\"type\": \"double\", \"name\": \"a\", \"required\": true}, ", "");
    assert!(refused(directory.path()).ends_with("signature.inputs: it has 3 columns, the model takes 4"));
    // A model without names of its own takes those of the signature.
    let inputs: Vec<Value> = (0..8).map(|i| json!({"type": "double", "name": format!("size {i}")})).collect();
    let text = format!(
        "flavors:\n  xgboost: {{data: ./model.ubj}}\nsignature:\n  inputs: '{}'\n",
        serde_json::to_string(&inputs).unwrap()
    );
    fs::write(&described, text).unwrap();
    fs::write(directory.path().join("model.ubj"), fs::read(folder().join("xgb-sqerr/model.ubj")).unwrap()).unwrap();
    let model = load(directory.path(), Answers::Label).unwrap();
    assert_eq!(model.schema().features()[7].name, "size 7");
}

#[test]
fn an_mlmodel_with_more_than_plain_yaml_or_paths_that_lead_out_is_refused() {
    let directory = mlflow("xgb-booster");
    let path = directory.path().join("MLmodel");
    let with = |text: &str| {
        fs::write(&path, text).unwrap();
        let (code, why) = exit(directory.path());
        assert_eq!(code, Some(65), "{why}");
        why
    };
    for (text, what) in [
        ("flavors: &a {xgboost: {data: model.ubj}}\n", "an anchor"),
        ("a: &a b\nflavors: *a\n", "an anchor"),
        ("flavors: !!map {xgboost: {data: model.ubj}}\n", "a tag"),
        ("flavors: {xgboost: {data: model.ubj}}\n---\na: b\n", "a second document"),
        ("flavors: {xgboost: {data: model.ubj}}\nflavors: {}\n", "stands there twice"),
        ("flavors: {xgboost: {data: /etc/passwd}}\n", "is absolute"),
        ("flavors: {xgboost: {data: ../model.ubj}}\n", "leads out of its folder"),
        ("flavors: {xgboost: {data: a/../../model.ubj}}\n", "leads out of its folder"),
        ("flavors: {xgboost: {data: none.ubj}}\n", "\"none.ubj\", which is not there"),
        ("flavors: {python_function: {loader_module: mlflow.pyfunc.model}}\n", "mlflow.pyfunc.model: code"),
        ("flavors: [\n", "no YAML"),
        ("", "it is empty"),
        ("\u{0}", "no YAML"),
    ] {
        let why = with(text);
        assert!(why.contains("MLmodel: ") && why.contains(what), "{text:?}: {why}");
    }
    assert!(with(&("a: ".to_owned() + &"[".repeat(40) + &"]".repeat(40))).contains("32 open maps and lists"));
    assert!(with(&"- ".repeat(200_000)).contains("open maps and lists"));
    assert!(with(&"- a\n".repeat(30_000)).contains("20000 values"));
    assert!(with(&"#".repeat((1 << 20) + 1)).contains("it has more than 1048576 bytes"));
}

#[test]
fn links_that_lead_out_are_refused_and_those_of_a_configmap_are_followed() {
    let outside = of_cases(&[("model.ubj", "xgb-sqerr/model.ubj")]);
    let directory = tempfile::tempdir().unwrap();
    symlink(outside.path().join("model.ubj"), directory.path().join("model.ubj")).unwrap();
    let (code, why) = exit(directory.path());
    assert!(code == Some(65) && why.contains("model.ubj: it is a link that leads out of the directory"), "{why}");
    fs::remove_file(directory.path().join("model.ubj")).unwrap();
    // As the kubelet writes a ConfigMap.
    let data = directory.path().join("..2026_11_29");
    fs::create_dir(&data).unwrap();
    fs::copy(outside.path().join("model.ubj"), data.join("model.ubj")).unwrap();
    symlink("..2026_11_29", directory.path().join("..data")).unwrap();
    symlink("..data/model.ubj", directory.path().join("model.ubj")).unwrap();
    assert!(load(directory.path(), Answers::Label).is_ok());
}

#[test]
fn a_directory_with_one_model_file_is_that_model_and_one_with_two_or_none_is_refused() {
    for (name, case) in [
        ("model.bst", "xgb-sqerr/model.ubj"),
        ("model.bst", "lgb-l2/model.txt"),
        ("model.joblib", "sk-linear/model.joblib"),
        ("model.pkl", "sk-linear/model.p2.pkl"),
        ("xgboost-model", "xgb-logistic/model.json"),
    ] {
        let directory = of_cases(&[(name, case), (".hidden.ubj", "xgb-sqerr/model.ubj")]);
        fs::create_dir(directory.path().join("code")).unwrap();
        fs::write(directory.path().join("conda.yaml"), "channels:\n- conda-forge\n").unwrap();
        fs::write(directory.path().join("metadata.json"), "{\"version\": 1}").unwrap();
        fs::write(directory.path().join("requirements.txt"), "treelite\n").unwrap();
        let model = load(directory.path(), Answers::Label).unwrap();
        assert_eq!(model.version(), load(&folder().join(case), Answers::Label).unwrap().version(), "{case}");
    }
    let two = of_cases(&[("a.bst", "xgb-sqerr/model.ubj"), ("b.bst", "lgb-l2/model.txt")]);
    let (code, why) = exit(two.path());
    assert!(code == Some(65) && why.contains("two of its files are models, a.bst and b.bst"), "{why}");
    let none = tempfile::tempdir().unwrap();
    let (code, why) = exit(none.path());
    assert!(code == Some(66) && why.contains("the directory is empty"), "{why}");
    fs::write(none.path().join("notes.txt"), "tall stories").unwrap();
    let (code, why) = exit(none.path());
    assert!(code == Some(65) && why.contains("none of its files is a model that is read: notes.txt"), "{why}");
    for i in 0..64 {
        fs::write(none.path().join(format!("{i}.txt")), "").unwrap();
    }
    let (code, why) = exit(none.path());
    assert!(code == Some(65) && why.contains("more than 64 files"), "{why}");
}

#[test]
fn model_settings_name_a_model_its_file_or_its_folder() {
    let settings = |directory: &Path, value: &Value| {
        fs::write(directory.join("model-settings.json"), value.to_string()).unwrap();
    };
    let named = |path: &Path| load(path, Answers::Label).unwrap().header().name.clone();
    let directory = of_cases(&[("a.bst", "xgb-sqerr/model.ubj"), ("b.bst", "lgb-l2/model.txt")]);
    let runtime = "mlserver_xgboost.XGBoostModel";
    settings(directory.path(), &json!({"name": "price", "implementation": runtime, "parameters": {"uri": "./a.bst"}}));
    assert_eq!(named(directory.path()), "price");
    settings(directory.path(), &json!({"name": "price", "implementation": "my.Runtime"}));
    let (code, why) = exit(directory.path());
    assert!(
        code == Some(65) && why.contains("model-settings.json: implementation: the runtime \"my.Runtime\""),
        "{why}"
    );
    settings(directory.path(), &json!({"name": "price", "parameters": {"uri": "/mnt/models/a.bst"}}));
    assert!(refused(directory.path()).contains("parameters.uri: the path \"/mnt/models/a.bst\" is absolute"));
    // MLflow's runtime: the folder, or the settings' own.
    let saved = mlflow("sk-default");
    for uri in [".", "./"] {
        settings(
            saved.path(),
            &json!({"name": "iris", "implementation": "mlserver_mlflow.MLflowRuntime", "parameters": {"uri": uri}}),
        );
        assert_eq!(named(saved.path()), "iris");
    }
    let around = tempfile::tempdir().unwrap();
    let inner: PathBuf = around.path().join("saved");
    fs::create_dir(&inner).unwrap();
    for name in ["MLmodel", "model.skops"] {
        fs::copy(saved.path().join(name), inner.join(name)).unwrap();
    }
    settings(around.path(), &json!({"name": "flower", "parameters": {"uri": "saved"}}));
    assert_eq!(named(around.path()), "flower");
}

#[test]
fn a_directory_is_served_and_imported_as_a_file_is() {
    let directory = mlflow("xgb-booster");
    let path = directory.path().to_str().unwrap();
    let artifact = directory.path().with_extension("model");
    let ran = run_with(&[], &["import", path, "-o", artifact.to_str().unwrap(), "--name", "abc"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("note: MLflow 3.17.2 saved it by its flavor xgboost, as model.ubj"), "{}", ran.out);
    for command in [&["inspect"][..], &["verify"], &["openapi", "--model"]] {
        let ran = run_with(&[], &[command, &[path]].concat());
        assert!(ran.code == Some(0) && ran.out.contains("c c") | ran.out.contains("sound"), "{command:?} {}", ran.err);
    }
    let rows = folder().join("mlflow/rows.csv");
    let of = |model: &str| run_with(&[], &["predict", "--model", model, "--input", rows.to_str().unwrap()]).out;
    assert_eq!(of(path), of(artifact.to_str().unwrap()));
    let server = Server::start(&["--model", path, "--model", &format!("named={path}")]);
    let row = json!({"c c": 0.5, "d": 1, "b": 2, "a": 3});
    let plain = server.predict(&row);
    let (status, named) = server.ask("POST", "/models/named/predict", &row.to_string());
    assert_eq!((status, &named["prediction"]), (200, &plain));
    assert_eq!(server.ask("GET", "/models/model", "").0, 200, "a directory without a name is called model");
    fs::remove_file(artifact).unwrap();
}

#[test]
fn a_name_in_the_settings_that_no_model_can_have_matters_where_it_is_used() {
    let directory = of_cases(&[("a.bst", "xgb-sqerr/model.ubj")]);
    fs::write(directory.path().join("model-settings.json"), json!({"name": "my model"}).to_string()).unwrap();
    let (code, why) = exit(directory.path());
    assert!(code == Some(65) && why.contains("model-settings.json: name: the name \"my model\" is not"), "{why}");
    let path = directory.path().to_str().unwrap();
    let artifact = directory.path().with_extension("model");
    let ran = run_with(&[], &["import", path, "-o", artifact.to_str().unwrap(), "--name", "price"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    fs::remove_file(artifact).unwrap();
    let server = Server::start(&["--model", &format!("price={path}")]);
    assert_eq!(server.ask("GET", "/models/price", "").0, 200);
}

#[test]
fn a_column_that_is_optional_in_the_signature_but_needed_is_noted() {
    let noted = |case: &str| {
        let directory = mlflow(case);
        edit(
            &directory.path().join("MLmodel"),
            "\"name\": \"a\", \"required\": true",
            "\"name\": \"a\", \"required\": false",
        );
        let model = load(directory.path(), Answers::Label).unwrap();
        let notes = model.header().source.as_ref().unwrap().notes.join("\n");
        notes.contains("needed here: the model has no rule for a missing cell of \"a\"")
    };
    let needed = load(&folder().join("mlflow/sk-default"), Answers::Label).unwrap();
    assert_eq!(noted("sk-default"), !needed.schema().features()[0].missing);
    assert!(!noted("xgb-booster"), "XGBoost has a rule for it");
}
