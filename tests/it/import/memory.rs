//! What a file of another library takes while a server judges it, beside the bound that the server prints.

use serde_json::{Value, json};

use super::cases::Case;
use crate::support::path;
use crate::support::process::{SMALL, Server};

/// A model of many trees: those of a case of the library's, over and over.
fn many_trees(times: usize) -> Vec<u8> {
    let case = Case::all("xgb-sqerr", &["json"]).remove(0);
    let mut file: Value = serde_json::from_slice(&std::fs::read(&case.files[0]).unwrap()).unwrap();
    let model = &mut file["learner"]["gradient_booster"]["model"];
    let one = model["trees"].as_array().unwrap().clone();
    let mut trees: Vec<Value> = one.iter().cycle().take(one.len() * times).cloned().collect();
    trees.iter_mut().enumerate().for_each(|(i, tree)| tree["id"] = json!(i));
    model["tree_info"] = json!(vec![0; trees.len()]);
    model["iteration_indptr"] = json!((0..=trees.len()).collect::<Vec<_>>());
    model["gbtree_model_param"]["num_trees"] = json!(trees.len().to_string());
    model["trees"] = json!(trees);
    serde_json::to_vec(&file).unwrap()
}

/// All of them are refused: for their schema, or for what they are.
#[test]
fn a_file_of_another_library_stays_below_the_bound() {
    let zeros = "0,".repeat(2_000_000);
    let list = format!(
        "{{\"learner\":{{\"gradient_booster\":{{\"model\":{{\"trees\":[{{\"split_conditions\":[{zeros}0]}}]}}}}}}}}"
    );
    let files = [
        ("trees", many_trees(100)),
        ("a list of numbers", list.into_bytes()),
        ("a text's numbers", format!("tree\nversion=v4\nfeature_infos={}\n", "0 ".repeat(2_000_000)).into_bytes()),
        ("a pickled list", [&b"\x80\x02]("[..], &b"K\x00".repeat(1_000_000), b"e."].concat()),
        ("a pickled nest", [&b"\x80\x02"[..], &b"]".repeat(500_000), &b"a".repeat(499_999), b"."].concat()),
    ];
    for (what, bytes) in files {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("m.model");
        std::fs::copy(path("tests/fixtures/artifacts/boston-ridge.model"), &model).unwrap();
        let words = ["--model", model.to_str().unwrap(), "--reload-interval", "1h"];
        let mut server = Server::start(&[&words[..], &SMALL].concat());
        let (highest, bound) = server.memory_of_refusing(&model, &bytes);
        assert!(highest <= bound, "{what}: {highest} bytes of {bound}");
    }
}
