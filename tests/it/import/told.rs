//! What is said of files and tables that people take for a model's, or for a table with commas.

use std::path::Path;

use super::cases::folder;
use crate::support::process::{Server, run_with};

/// What `inspect` says of a file of these bytes, which it refuses.
fn refusal(directory: &Path, bytes: &[u8]) -> String {
    let file = directory.join("model");
    std::fs::write(&file, bytes).unwrap();
    let ran = run_with(&[], &["inspect", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(65), "{}", ran.out);
    ran.err
}

/// An object of a class in a pickle of protocol 0, with one attribute.
fn object(module: &str, class: &str, attribute: &str) -> String {
    format!("ccopy_reg\n_reconstructor\n(c{module}\n{class}\nc__builtin__\nobject\nNtR(d{attribute}sb")
}

#[test]
fn what_was_written_for_people_is_sent_back_to_save_model() {
    let directory = tempfile::tempdir().unwrap();
    for dump in [
        "booster[0]:\n0:[age<47] yes=1,no=2,missing=2\n",
        "[\n  { \"nodeid\": 0, \"depth\": 0 }]",
        "{\"name\": \"tree\", \"version\": \"v4\", \"num_class\": 1}",
    ] {
        let told = refusal(directory.path(), dump.as_bytes());
        assert!(told.contains("dump_model writes") && told.contains("use save_model"), "{told}");
    }
    let file = std::fs::read(folder().join("xgb-sqerr/model.json")).unwrap();
    let mut config: serde_json::Value = serde_json::from_slice(&file).unwrap();
    config["learner"]["gradient_booster"].as_object_mut().unwrap().remove("model");
    let told = refusal(directory.path(), config.to_string().as_bytes());
    assert!(told.contains("save_config writes parameters alone"), "{told}");
}

#[test]
fn a_file_that_was_cut_off_is_called_so() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["xgb-sqerr/model.json", "xgb-sqerr/model.ubj"] {
        let whole = std::fs::read(folder().join(name)).unwrap();
        for length in [whole.len() / 3, whole.len() / 2, whole.len() - 40] {
            let told = refusal(directory.path(), &whole[..length]);
            assert!(told.contains("the file is cut off"), "{name}, {length}: {told}");
        }
    }
}

#[test]
fn a_class_that_is_not_read_is_named_and_a_search_is_sent_to_its_best_estimator() {
    let directory = tempfile::tempdir().unwrap();
    let search = object("sklearn.model_selection._search", "GridSearchCV", "Vcv\nI2\n") + ".";
    let told = refusal(directory.path(), search.as_bytes());
    assert!(told.contains("GridSearchCV is not an estimator that is read: save its best_estimator_"), "{told}");
    let (mine, tree) =
        (object("mine", "Ratio", "Vx\nI1\n"), object("sklearn.tree._classes", "DecisionTreeRegressor", "Vx\nI1\n"));
    let pipeline = object("sklearn.pipeline", "Pipeline", &format!("Vsteps\n(l(Va\n{mine}ta(Vb\n{tree}ta")) + ".";
    let told = refusal(directory.path(), pipeline.as_bytes());
    assert!(told.contains("mine.Ratio is not a transformer or an estimator that is read"), "{told}");
}

#[test]
fn a_table_that_is_not_separated_by_commas_is_read_and_one_with_an_index_is_told_so() {
    let model = folder().join("xgb-sqerr/model.ubj");
    let server = Server::start(&["--model", model.to_str().unwrap()]);
    let (_, expected) = server.ask_csv("/predict", "f0,f1\n1,2\n");
    for table in ["f0;f1\n1;2\n", "f0\tf1\n1\t2\n", "sep=|\nf0|f1\n1|2\n", "f0,f1,\n1,2,\n"] {
        let (status, told) = server.ask_csv("/predict", table);
        assert!(status == 200 && told == expected, "{status} {told}");
    }
    let (status, told) = server.ask_csv("/predict", "f0,f1,\n1,2,\n1,2,3\n");
    assert!(
        status == 422 && told.contains("\\\"3\\\" is in a column that has no name in the header"),
        "{status} {told}"
    );
    let (status, told) = server.ask_csv("/predict", ",f0,f1\n0,1,2\n");
    assert!(status == 422 && told.contains("leave it out with index=False"), "{status} {told}");
}
