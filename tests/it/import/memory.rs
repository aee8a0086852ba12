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

/// A booster of this many features, of which its trees use the few of a case of the library's.
fn many_features(n: usize) -> Vec<u8> {
    let case = Case::all("xgb-sqerr", &["json"]).remove(0);
    let mut file: Value = serde_json::from_slice(&std::fs::read(&case.files[0]).unwrap()).unwrap();
    file["learner"]["learner_model_param"]["num_feature"] = json!(n.to_string());
    for names in ["feature_names", "feature_types"] {
        file["learner"][names] = json!([]);
    }
    serde_json::to_vec(&file).unwrap()
}

/// A text of this many features and one leaf.
fn many_names(n: usize) -> Vec<u8> {
    let names: Vec<String> = (0..n).map(|i| format!("c{i:x}")).collect();
    let (last, names, infos) = (n - 1, names.join(" "), vec!["none"; n].join(" "));
    format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx={last}\n\
         objective=regression\nfeature_names={names}\nfeature_infos={infos}\n\nTree=0\nnum_leaves=1\nnum_cat=0\n\
         leaf_value=0.5\nshrinkage=1\n\nend of trees\n\nparameters:\n[boosting: gbdt]\n\nend of parameters\n\n\
         pandas_categorical:null\n"
    )
    .into_bytes()
}

/// UBJSON of trees of 63 nodes, whose lists take a byte a number: the shortest that there are.
fn short_numbers(n_trees: i32) -> Vec<u8> {
    const NODES: i8 = 63;
    let key = |name: &str| [&[b'i', u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
    let text = |text: &str| [b"S", key(text).as_slice()].concat();
    let list = |of: &dyn Fn(i8) -> i8| -> Vec<u8> {
        let numbers: Vec<u8> = (0..NODES).map(|i| of(i).cast_unsigned()).collect();
        [&b"[$i#i"[..], &[NODES.cast_unsigned()], &numbers].concat()
    };
    let child = |side: i8| move |i: i8| if i < NODES / 2 { 2 * i + side } else { -1 };
    let tree = [
        &b"{"[..],
        &[key("left_children"), list(&child(1)), key("right_children"), list(&child(2))].concat(),
        &[key("split_indices"), list(&|_| 0), key("split_conditions"), list(&|i| i)].concat(),
        &[key("default_left"), list(&|_| 0)].concat(),
        b"}",
    ]
    .concat();
    let n = n_trees.to_string();
    let info = [&b"[$i#l"[..], &n_trees.to_be_bytes(), &vec![0; usize::try_from(n_trees).unwrap()]].concat();
    let object = |members: &[(&str, Vec<u8>)]| {
        let members: Vec<u8> = members.iter().flat_map(|(name, value)| [key(name), value.clone()].concat()).collect();
        [&b"{"[..], &members, b"}"].concat()
    };
    let trees = [&b"["[..], &tree.repeat(usize::try_from(n_trees).unwrap()), b"]"].concat();
    let model = object(&[
        ("gbtree_model_param", object(&[("num_parallel_tree", text("1")), ("num_trees", text(&n))])),
        ("iteration_indptr", b"[]".to_vec()),
        ("tree_info", info),
        ("trees", trees),
    ]);
    let parameters = object(&[
        ("base_score", text("0.5")),
        ("num_class", text("0")),
        ("num_feature", text("1")),
        ("num_target", text("1")),
    ]);
    let learner = object(&[
        ("attributes", b"{}".to_vec()),
        ("feature_names", b"[]".to_vec()),
        ("feature_types", b"[]".to_vec()),
        ("gradient_booster", object(&[("model", model), ("name", text("gbtree"))])),
        ("learner_model_param", parameters),
        ("objective", object(&[("name", text("reg:squarederror"))])),
    ]);
    object(&[("learner", learner), ("version", b"[i\x02i\x01i\x04]".to_vec())])
}

/// All of them are refused: for their schema, or for what they are.
#[test]
fn a_file_of_another_library_stays_below_the_bound() {
    let zeros = "0,".repeat(2_000_000);
    let list = format!(
        "{{\"learner\":{{\"gradient_booster\":{{\"model\":{{\"trees\":[{{\"split_conditions\":[{zeros}0]}}]}}}}}}}}"
    );
    let files = [
        ("features without names", many_features(20_000)),
        ("features with names", many_names(20_000)),
        ("short numbers", short_numbers(4_000)),
        ("one list of many columns", std::fs::read(path("tests/fixtures/sklearn/shared-list.pkl")).unwrap()),
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
