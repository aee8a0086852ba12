//! `XGBoost`'s JSON and UBJSON.

use smartserve::import::{Answers, ImportOptions, Iterations};
use smartserve::model::Model;
use smartserve::model::prediction::Prediction;
use smartserve::model::schema::FeatureKind;
use smartserve::serve::contents::Contents;
use smartserve::serve::error::LoadError;
use smartserve::serve::loader;

use super::cases::{Case, assert_same_bits, batch, folder, load, predict, raw, values};
use crate::support::path;
use crate::support::random::Random;

/// The case whose rows name categories that its file cannot tell: see `names_that_xgboost_stores_wrongly_are_not_guessed`.
const WRONG_NAMES: &str = "xgb-pandascat";

#[test]
fn margins_and_answers_of_every_case_have_the_librarys_bits() {
    let mut compared = 0;
    let mut cases = Case::all("xgb-", &["json", "ubj"]);
    cases.extend(Case::all("xgboost-", &["json", "ubj"]));
    for case in cases {
        assert_eq!(case.files.len(), 2, "{}", case.name);
        if case.name == WRONG_NAMES {
            continue;
        }
        for file in &case.files {
            let what = format!("{} {}", case.name, file.extension().unwrap().display());
            let model = load(file, Answers::Library).unwrap();
            let batch = case.batch(&model);
            assert_same_bits(&format!("{what}: margins"), &case.numbers("margin"), &raw(&model, &batch));
            let answers = values(&predict(&model, &batch), &model);
            assert_same_bits(&format!("{what}: predict"), &case.numbers("predict"), &answers);
            compared += 1;
        }
    }
    assert!(compared >= 2 * (16 - 1 + 8 + 8), "{compared}");
}

/// Each version's own answers; the fixtures' program makes them. Its models have several outputs.
#[test]
fn vector_leaves_and_several_outputs_have_the_bits_of_the_version_that_wrote_them() {
    let cases = Case::fixtures("tests/fixtures/xgboost", &["json", "ubj"]);
    let of = |version: &str, name: &str| {
        let n = cases.iter().filter(|case| case.name.starts_with(version) && case.name.contains(name)).count();
        assert!(n > 0, "no case {name} of {version}");
        n
    };
    for (version, n) in [("2.1.4", 8), ("3.0.5", 8), ("3.1.3", 8), ("3.2.0", 15)] {
        assert!(of(version, "/vectors") >= n, "{version}");
        of(version, "/quantiles");
    }
    of("1.7.6", "/softprob");
    for case in &cases {
        assert_eq!(case.files.len(), 2, "{}", case.name);
        for file in &case.files {
            let what = file.display().to_string();
            let model = load(file, Answers::Library).unwrap();
            let batch = case.batch(&model);
            assert_same_bits(&format!("{what}: margins"), &case.numbers("margin"), &raw(&model, &batch));
            let answers = values(&predict(&model, &batch), &model);
            assert_same_bits(&format!("{what}: predict"), &case.numbers("predict"), &answers);
        }
    }
}

#[test]
fn both_encodings_give_the_same_model() {
    let mut cases = Case::all("xgb-", &["json", "ubj"]);
    cases.extend(Case::fixtures("tests/fixtures/xgboost", &["json", "ubj"]));
    for case in cases {
        let sections = case.files.iter().map(|file| {
            let bytes = std::fs::read(file).unwrap();
            let artifact = loader::artifact_bytes(file, &Contents::of_file(bytes), &ImportOptions::default(), &|_| {})
                .unwrap()
                .into_owned();
            let opened = smartserve::model::artifact::open(&artifact).unwrap();
            (opened.header.golden.clone(), opened.section("neutral").unwrap().to_vec())
        });
        let sections: Vec<_> = sections.collect();
        assert!(sections[0] == sections[1], "{}", case.name);
    }
}

#[test]
fn labels_come_with_the_probabilities_that_the_library_predicts() {
    for (name, k) in [("xgb-logistic", 2), ("xgb-dart", 2), ("xgb-softprob", 4)] {
        let case = Case::all(name, &["json"]).remove(0);
        let model = load(&case.files[0], Answers::Label).unwrap();
        let batch = case.batch(&model);
        let Prediction::Classification { classes, probability } = predict(&model, &batch) else { panic!("{name}") };
        let (got, expected) = (probability.unwrap(), case.numbers("predict"));
        assert_eq!(model.schema().target().classes, (0..k).map(|i| i.to_string()).collect::<Vec<_>>());
        for (row, class) in classes.iter().enumerate() {
            let of_row = &got[row * k..(row + 1) * k];
            if k == 2 {
                let p = expected[row];
                assert_same_bits(name, &[f64::from(1.0 - p as f32), p], of_row);
                assert_eq!(*class == 1, p > 0.5, "{name}: {p}");
            } else {
                assert_same_bits(name, &expected[row * k..(row + 1) * k], of_row);
                let largest = of_row.iter().copied().reduce(f64::max).unwrap();
                assert_eq!(of_row.iter().position(|p| *p == largest), Some(*class as usize), "{name}");
            }
        }
    }
}

#[test]
fn a_hinge_answers_a_label_alone() {
    let case = Case::all("xgb-hinge", &["ubj"]).remove(0);
    for answers in [Answers::Label, Answers::Library] {
        let model = load(&case.files[0], answers).unwrap();
        let answer = predict(&model, &case.batch(&model));
        assert!(matches!(answer, Prediction::Classification { probability: None, .. }));
        assert_same_bits("hinge", &case.numbers("predict"), &values(&answer, &model));
    }
}

#[test]
fn names_that_xgboost_stores_wrongly_are_not_guessed() {
    let case = Case::all(WRONG_NAMES, &["json", "ubj"]).remove(0);
    for file in &case.files {
        let model = load(file, Answers::Library).unwrap();
        // The column with an ü takes codes, and the file says so; the integers beside it keep their names.
        let color = &model.schema().features()[model.schema().position("color").unwrap()];
        assert_eq!(color.kind, FeatureKind::Numeric);
        let notes = &model.header().source.as_ref().unwrap().notes;
        assert!(notes.iter().any(|note| note.contains("\"color\"") && note.contains("not ASCII")), "{notes:?}");
        let n = &model.schema().features()[model.schema().position("n").unwrap()];
        assert_eq!((n.kind, n.categories.len(), n.categories[0].as_str()), (FeatureKind::Categorical, 7, "10"));
        // By codes, in pandas' order of the names, the answers are the library's.
        let text = std::fs::read_to_string(&case.rows).unwrap();
        let coded = text.replace("blue", "0").replace("green", "1").replace("red", "2").replace("ünï", "3");
        let answers = values(&predict(&model, &batch(coded.as_bytes(), &model)), &model);
        assert_same_bits("predict", &case.numbers("predict"), &answers);
    }
}

#[test]
fn the_binary_format_and_broken_trees_are_refused_by_name() {
    let refused = |file: &str| load(&folder().join(file), Answers::Label).unwrap_err();
    for version in ["2.1.4", "3.1.3"] {
        for name in ["dart", "gblinear", "softprob"] {
            let file = format!("xgboost-{version}/{name}.deprecated");
            let begins_so = std::fs::read(folder().join(&file)).unwrap().starts_with(b"binf");
            match load(&folder().join(&file), Answers::Label) {
                Ok(_) => assert!(!begins_so, "{file}"),
                Err(e) => assert!(e.contains("binary format") && e.contains("save_model('MODEL.ubj')"), "{e}"),
            }
        }
    }
    let cycle = refused("evil/xgb_cycle.json");
    assert!(cycle.contains("learner.gradient_booster.model.trees.[0]"), "{cycle}");
    let child = refused("evil/xgb_oob_child.json");
    assert!(child.contains("trees.[0]") && child.contains("has the children"), "{child}");
}

/// A model of two trees, one round each; `change` is done to the JSON.
fn small(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let tree = |left: f64, right: f64| {
        serde_json::json!({
            "id": 0, "left_children": [1, -1, -1], "right_children": [2, -1, -1], "parents": [2_147_483_647, 0, 0],
            "split_indices": [1, 0, 0], "split_conditions": [0.5, left, right], "default_left": [1, 0, 0],
            "split_type": [0, 0, 0], "categories": [], "categories_nodes": [], "categories_segments": [],
            "categories_sizes": [], "base_weights": [0, 0, 0], "loss_changes": [0, 0, 0], "sum_hessian": [3, 1, 2],
            "tree_param": {"num_nodes": "3", "num_feature": "2", "num_deleted": "0", "size_leaf_vector": "1"}
        })
    };
    let mut model = serde_json::json!({
        "learner": {
            "attributes": {}, "feature_names": [], "feature_types": [],
            "gradient_booster": {"name": "gbtree", "model": {
                "gbtree_model_param": {"num_trees": "2", "num_parallel_tree": "1"}, "iteration_indptr": [0, 1, 2],
                "tree_info": [0, 0], "trees": [tree(1.0, 2.0), tree(10.0, 20.0)]
            }},
            "learner_model_param": {"base_score": "5E-1", "num_class": "0", "num_feature": "2", "num_target": "1"},
            "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}}
        },
        "version": [2, 0, 0]
    });
    change(&mut model);
    serde_json::to_vec(&model).unwrap()
}

/// The model in these bytes.
fn load_bytes(bytes: &[u8], options: &ImportOptions) -> Result<Model, LoadError> {
    loader::load_contents("m".as_ref(), &Contents::of_file(bytes.to_vec()), options, &|_| {})
}

/// What the small model answers for a few rows: below, on and above its threshold, and missing.
fn asked(bytes: &[u8], options: &ImportOptions) -> Result<Vec<f64>, String> {
    let model = load_bytes(bytes, options).map_err(|e| e.to_string())?;
    let rows = batch(b"f0,f1\n1,0.4999\n1,0.5\n1,\n1,0\n", &model);
    Ok(values(&predict(&model, &rows), &model))
}

#[test]
fn trees_are_read_up_to_the_best_iteration_where_the_library_does() {
    let all = [11.5, 22.5, 11.5, 11.5];
    let best = [1.5, 2.5, 1.5, 1.5];
    let noted = |model: &mut serde_json::Value| model["learner"]["attributes"]["best_iteration"] = "0".into();
    let wrapped = |model: &mut serde_json::Value| {
        noted(model);
        model["learner"]["attributes"]["scikit_learn"] = "{}".into();
    };
    let of = |iterations| ImportOptions { iterations, ..ImportOptions::default() };
    assert_eq!(asked(&small(|_| ()), &of(None)).unwrap(), all);
    assert_eq!(asked(&small(noted), &of(None)).unwrap(), all, "Booster.predict takes all");
    assert_eq!(asked(&small(noted), &of(Some(Iterations::Best))).unwrap(), best);
    assert_eq!(asked(&small(wrapped), &of(None)).unwrap(), best, "XGBModel.predict stops there");
    assert_eq!(asked(&small(wrapped), &of(Some(Iterations::All))).unwrap(), all);
    let model = load_bytes(&small(wrapped), &of(None)).unwrap();
    assert!(model.header().source.as_ref().unwrap().notes.iter().any(|note| note.starts_with("1 of 2 trees are read")));
}

#[test]
fn rounds_are_counted_where_a_file_does_not_note_where_they_begin() {
    // Of two trees a round with a number each, and of one tree a round with a vector.
    for name in ["1.7.6/targets-best.json", "3.2.0/vectors-best.json"] {
        let file = path("tests/fixtures/xgboost").join(name);
        let whole = std::fs::read(&file).unwrap();
        let mut value: serde_json::Value = serde_json::from_slice(&whole).unwrap();
        value["learner"]["gradient_booster"]["model"].as_object_mut().unwrap().remove("iteration_indptr");
        let read = |bytes: &[u8]| load_bytes(bytes, &ImportOptions::default()).unwrap();
        let [noted, counted] = [read(&whole), read(&serde_json::to_vec(&value).unwrap())];
        let rows = std::fs::read(file.with_extension("csv")).unwrap();
        let [expected, got] = [&noted, &counted].map(|model| raw(model, &batch(&rows, model)));
        assert_same_bits(name, &expected, &got);
    }
}

#[test]
fn the_base_of_raw_logits_is_a_probability_up_to_1_2_and_a_margin_after_it() {
    let of = |version: [i32; 3]| {
        let bytes = small(|model| {
            model["version"] = serde_json::json!(version);
            model["learner"]["objective"]["name"] = "binary:logitraw".into();
            model["learner"]["learner_model_param"]["base_score"] = "7E-1".into();
        });
        asked(&bytes, &ImportOptions::default()).unwrap()[0]
    };
    // What these versions answer without trees; the two leaves are 11 together.
    for (version, base) in [([1, 0, 2], 0.847_297_8_f32), ([1, 2, 1], 0.847_297_8), ([1, 3, 3], 0.7), ([1, 5, 2], 0.7)]
    {
        assert_eq!(of(version), f64::from(base + 1.0 + 10.0), "{version:?}");
    }
}

#[test]
fn failure_times_are_of_an_exponential_in_32_bits_up_to_2_0_and_in_64_after_it() {
    let of = |version: [i32; 3]| {
        let bytes = small(|model| {
            model["version"] = serde_json::json!(version);
            model["learner"]["objective"]["name"] = "survival:aft".into();
            model["learner"]["learner_model_param"]["base_score"] = "1.989E0".into();
        });
        asked(&bytes, &ImportOptions::default()).unwrap()[0]
    };
    // Of ln 1.989 + 11 in 32 bits: expf, and exp rounded.
    let (narrow, wide) = (119_089.625, 119_089.617_187_5);
    for (version, answer) in [([1, 7, 6], narrow), ([2, 0, 3], narrow), ([2, 1, 4], wide), ([3, 2, 0], wide)] {
        assert_eq!(of(version), answer, "{version:?}");
    }
}

#[test]
fn a_version_that_is_not_known_is_refused_and_one_that_is_not_tested_is_noted() {
    let of = |version: serde_json::Value| small(|model| model["version"] = version);
    let read = |bytes: &[u8]| load_bytes(bytes, &ImportOptions::default());
    for version in [[9, 0, 0], [4, 0, 0], [0, 90, 0], [3, -1, 0]] {
        let error = read(&of(serde_json::json!(version))).unwrap_err().to_string();
        let shown = version.map(|part| part.to_string()).join(".");
        let expected = format!("version: the file is of XGBoost {shown}, read are files of 1.0 to 3.x");
        assert!(error.contains(&expected), "{error}");
    }
    let absent = small(|model| drop(model.as_object_mut().unwrap().remove("version")));
    for bytes in [absent, of(serde_json::json!([3]))] {
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.contains("version: it is not there"), "{error}");
    }
    for (version, is_tested) in [([1, 0, 2], false), ([2, 0, 0], false), ([3, 4, 1], false), ([3, 2, 7], true)] {
        let model = read(&of(serde_json::json!(version))).unwrap();
        let note = format!("Read, not tested against XGBoost {}.{}: tested are 1.7, 2.1,", version[0], version[1]);
        let notes = &model.header().source.as_ref().unwrap().notes;
        assert_eq!(notes.iter().any(|own| own.starts_with(&note)), !is_tested, "{notes:?}");
    }
}

#[test]
fn a_zero_is_missing_where_that_is_asked_for() {
    let options = ImportOptions { zero_as_missing: true, ..ImportOptions::default() };
    let right = |model: &mut serde_json::Value| {
        for tree in model["learner"]["gradient_booster"]["model"]["trees"].as_array_mut().unwrap() {
            tree["default_left"] = serde_json::json!([0, 0, 0]);
        }
    };
    assert_eq!(asked(&small(right), &options).unwrap(), [11.5, 22.5, 22.5, 22.5]);
    assert_eq!(asked(&small(right), &ImportOptions::default()).unwrap(), [11.5, 22.5, 22.5, 11.5]);
}

#[test]
fn nodes_that_xgboost_deleted_are_left_out() {
    let with_orphans = small(|model| {
        let tree = &mut model["learner"]["gradient_booster"]["model"]["trees"][0];
        for (key, value) in [("left_children", -1), ("right_children", -1), ("split_indices", 7), ("default_left", 0)] {
            tree[key].as_array_mut().unwrap().push(value.into());
        }
        tree["split_conditions"].as_array_mut().unwrap().push(9.0.into());
        tree["split_type"].as_array_mut().unwrap().push(0.into());
        tree["tree_param"]["num_deleted"] = "1".into();
    });
    assert_eq!(asked(&with_orphans, &ImportOptions::default()).unwrap(), [11.5, 22.5, 11.5, 11.5]);
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    let refused = |change: &dyn Fn(&mut serde_json::Value)| {
        asked(&small(|model| change(model)), &ImportOptions::default()).unwrap_err()
    };
    let tree = |change: &dyn Fn(&mut serde_json::Value)| {
        refused(&|model| change(&mut model["learner"]["gradient_booster"]["model"]["trees"][1]))
    };
    let says = |message: String, parts: &[&str]| {
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        assert!(!message.contains('\n'), "{message}");
    };
    says(
        refused(&|m| m["learner"]["objective"]["name"] = "reg:new".into()),
        &["learner.objective.name", "\"reg:new\""],
    );
    says(refused(&|m| m["learner"]["gradient_booster"]["name"] = "gbnew".into()), &["gradient_booster.name", "gbnew"]);
    says(
        refused(&|m| m["learner"]["learner_model_param"]["base_score"] = "{1}".into()),
        &["base_score", "neither a number"],
    );
    says(
        refused(&|m| m["learner"]["learner_model_param"]["base_score"] = "[1,2]".into()),
        &["2 numbers for 1 outputs"],
    );
    says(
        refused(&|m| {
            m["learner"]["learner_model_param"]["base_score"] = "2".into();
            m["learner"]["objective"]["name"] = "binary:logistic".into();
        }),
        &["base_score", "\"2\" is no probability"],
    );
    says(refused(&|m| m["learner"]["learner_model_param"]["num_feature"] = "1".into()), &["splits on column 1 of 1"]);
    says(
        refused(&|m| m["learner"]["feature_names"] = serde_json::json!(["a"])),
        &["1 feature_names", "num_feature is 2"],
    );
    says(
        refused(&|m| m["learner"]["gradient_booster"]["model"]["tree_info"] = serde_json::json!([0, 1])),
        &["tree_info[1] is 1"],
    );
    says(tree(&|t| t["right_children"] = serde_json::json!([1, -1, -1])), &["trees.[1]", "the children 1 and 1"]);
    says(tree(&|t| t["left_children"] = serde_json::json!([0, -1, -1])), &["the children 0 and 2"]);
    says(tree(&|t| t["left_children"] = serde_json::json!([1, -1])), &["trees.[1]", "3 elements, left_children 2"]);
    says(tree(&|t| t["split_type"] = serde_json::json!([2, 0, 0])), &["node 0", "split_type 2"]);
    says(tree(&|t| t["default_left"] = serde_json::json!([2, 0, 0])), &["default_left is 2"]);
    says(tree(&|t| t["split_type"] = serde_json::json!([1, 0, 0])), &["no categories"]);
    says(tree(&|t| t["split_conditions"] = serde_json::json!(["a", 0, 0])), &["trees.[1].split_conditions", "byte "]);
    says(tree(&|t| t["tree_param"]["size_leaf_vector"] = "2".into()), &["of 2 numbers, those before of 1"]);
    let twice = String::from_utf8(small(|_| ())).unwrap().replace("\"id\":0,", "\"id\":0,\"id\":0,");
    says(asked(twice.as_bytes(), &ImportOptions::default()).unwrap_err(), &["\"id\"", "twice"]);
}

#[test]
fn no_part_of_a_file_is_told_twice_to_make_more_of_it() {
    let refused = |change: &dyn Fn(&mut serde_json::Value)| {
        let change = |model: &mut serde_json::Value| {
            model["learner"]["gradient_booster"]["model"]["trees"].as_array_mut().unwrap().iter_mut().for_each(change);
        };
        asked(&small(change), &ImportOptions::default()).unwrap_err()
    };
    let sets = refused(&|tree| {
        tree["split_type"] = serde_json::json!([1, 0, 0]);
        tree["categories"] = serde_json::json!([0, 1]);
        tree["categories_nodes"] = serde_json::json!([0, 1]);
        tree["categories_segments"] = serde_json::json!([0, 0]);
        tree["categories_sizes"] = serde_json::json!([2, 2]);
    });
    assert!(sets.contains("trees.[0]") && sets.contains("the categories of node 1 are another's"), "{sets}");
    let vectors = refused(&|tree| {
        tree["tree_param"]["size_leaf_vector"] = "2".into();
        tree["right_children"] = serde_json::json!([2, 0, 0]);
        tree["leaf_weights"] = serde_json::json!([1.0, 2.0]);
    });
    assert!(vectors.contains("trees.[0]") && vectors.contains("has another's vector"), "{vectors}");
    // Elements of the type T have no bytes: a million of them would take three.
    let mut bytes = b"{U\x07version[$T#l".to_vec();
    bytes.extend_from_slice(&1_000_000_i32.to_be_bytes());
    bytes.resize(bytes.len() + 1_000_000, b'N');
    let elements = asked(&bytes, &ImportOptions::default()).unwrap_err();
    assert!(elements.contains("'T' is not the type of a number"), "{elements}");
}

#[test]
fn no_bytes_make_the_readers_panic() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let ubjson = std::fs::read(folder().join("xgboost-3.1.3/logistic.ubj")).unwrap();
    for (bytes, n) in [(small(|_| ()), 3_000), (ubjson, 1_000)] {
        for _ in 0..n {
            let mut mutant = bytes.clone();
            for _ in 0..1 + random.below(4) {
                if mutant.len() < 2 {
                    break;
                }
                let at = random.below(mutant.len());
                match random.below(4) {
                    0 => mutant[at] = random.below(256) as u8,
                    1 => mutant[at] = b"{}[]\",:0-9LlUdS$#"[random.below(17)],
                    2 => mutant.truncate(at.max(1)),
                    _ => {
                        let end = (at + random.below(40)).min(mutant.len());
                        mutant.drain(at..end);
                    }
                }
            }
            let _ = load_bytes(&mutant, &ImportOptions::default());
        }
    }
}
