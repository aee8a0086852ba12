//! Each structural check of the loader has a file, resealed with a right hash, that only this check refuses: the rest
//! of the file is sound, and the message is the check's own.

use crate::support::artifact::{Parts, seal, trained};
use crate::support::smartcore::{Boosting, Forest, Linear, Logistic, Node, Ridge, Tree, Voters};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::calibration::{Calibration, Scores};
use smartserve::model::out_of_fold;
use smartserve::train::TaskChoice;

/// A sound model without the sections that depend on the estimator's shape.
pub(super) fn bare(data: &str, target: &str, algorithm: Algorithm) -> Parts {
    let task = (data == "iris").then_some(TaskChoice::Classification);
    let mut parts = Parts::of(&trained(data, target, algorithm, task));
    parts.sections.retain(|(name, _)| name == "estimator");
    let toc = parts.header["payload"]["sections"].as_array_mut().unwrap();
    toc.retain(|section| section["name"] == "estimator");
    parts.header.as_object_mut().unwrap().remove("calibration");
    Model::load(&parts.clone().sealed()).unwrap();
    parts
}

fn boston() -> Parts {
    Parts::of(&trained("boston", "MEDV", Algorithm::RandomForest, None))
}

pub(super) fn iris() -> Parts {
    Parts::of(&trained("iris", "species", Algorithm::RandomForest, Some(TaskChoice::Classification)))
}

/// Lets a removed value go.
pub(super) fn gone<T>(_: T) {}

/// The file is refused, in these words.
#[track_caller]
pub(super) fn refused(bytes: &[u8], words: &str) {
    let said = Model::load(bytes).map(|_| ()).expect_err("it was taken").to_string();
    assert!(said.contains(words), "{said:?} does not say {words:?}");
    assert!(!said.contains('\n'), "{said:?} is more than one line");
}

/// Changes the estimator of a bare model and expects these words.
#[track_caller]
fn estimator<T: Serialize + DeserializeOwned>(parts: &Parts, words: &str, change: impl FnOnce(&mut T)) {
    let mut parts = parts.clone();
    let section = parts.section("estimator");
    let mut object: T = postcard::from_bytes(section).unwrap();
    assert_eq!(&postcard::to_allocvec(&object).unwrap(), section, "the mirror is not smartcore's layout");
    change(&mut object);
    *section = postcard::to_allocvec(&object).unwrap();
    refused(&parts.sealed(), words);
}

/// Changes the head and expects these words.
#[track_caller]
pub(super) fn head(parts: &Parts, words: &str, change: impl FnOnce(&mut Value)) {
    let mut parts = parts.clone();
    change(&mut parts.header);
    refused(&parts.sealed(), words);
}

fn trees(forest: &mut Forest) -> &mut Vec<Tree> {
    forest.fitted.as_mut().unwrap().trees.as_mut().unwrap()
}

/// The first node of the first tree with this property.
fn node(forest: &mut Forest, is: impl Fn(&Node) -> bool) -> &mut Node {
    trees(forest)[0].nodes.iter_mut().find(|n| is(n)).unwrap()
}

#[test]
fn the_frame_is_checked() {
    let sound = trained("boston", "MEDV", Algorithm::Linear, None);
    refused(&sound[..30], "too few");
    let mut long = sound.clone();
    long[..8].copy_from_slice(&(17_u64 << 20).to_le_bytes());
    refused(&long, "not a smartserve model");
    let mut cut = sound.clone();
    cut[..8].copy_from_slice(&(sound.len() as u64).to_le_bytes());
    refused(&cut, "cut off");
    let mut damaged = sound.clone();
    *damaged.last_mut().unwrap() ^= 1;
    refused(&damaged, "SHA-256 does not match");
    refused(&seal(b"{\"format\":\"\xff\"}", b""), "not UTF-8");
    let n = usize::try_from(u64::from_le_bytes(sound[..8].try_into().unwrap())).unwrap();
    let text = std::str::from_utf8(&sound[8..8 + n]).unwrap();
    let payload = &sound[8 + n..sound.len() - 32];
    let twice = text.replacen("\"bytes\":", "\"bytes\":1,\"bytes\":", 1);
    refused(&seal(twice.as_bytes(), payload), "\"bytes\" is there twice");
    let twice = text.replacen("\"hyperparameters\":{", "\"hyperparameters\":{\"a\":1,\"a\":1,", 1);
    refused(&seal(twice.as_bytes(), payload), "\"a\" is there twice");
    let many = text.replacen('{', &format!("{{\"more\":[{}0],", "0,".repeat(5 << 20)), 1);
    refused(&seal(many.as_bytes(), payload), "values are more than");
}

#[test]
fn the_head_must_be_whole() {
    let parts = boston();
    head(&parts, "its format is \"smartserve/9\"", |h| h["format"] = "smartserve/9".into());
    head(&parts, "written by smartcore \"0.6.0\"", |h| h["smartcore"] = "0.6.0".into());
    head(&parts, "does not fit", |h| h["task"] = "ranking".into());
    head(&parts, "does not fit", |h| gone(h.as_object_mut().unwrap().remove("golden")));
    head(&parts, "the name", |h| h["name"] = "a/b".into());
}

#[test]
fn sections_must_fit_the_payload() {
    let parts = boston();
    let told = |pointer: &str, value: Value, words: &str| {
        let mut parts = parts.clone();
        parts.tell(pointer, value);
        refused(&parts.sealed_as_told(), words);
    };
    told("/payload/bytes", json!(1), "bytes of payload");
    told("/payload/sections/0/bytes", json!(u64::MAX), "longer than the payload");
    told("/payload/sections/2/bytes", json!(1), "belong to no section");
    head(&parts, "is there twice", |h| h["payload"]["sections"][1]["name"] = "estimator".into());
    head(&parts, "encoded as \"json\"", |h| h["payload"]["sections"][0]["encoding"] = "json".into());
    head(&parts, "no estimator section", |h| {
        h["payload"]["sections"][0]["name"] = "other".into();
        h["payload"]["sections"][0]["required"] = false.into();
    });
    let mut newer = parts.clone();
    newer.sections.push(("cipher".to_owned(), vec![1]));
    let toc = newer.header["payload"]["sections"].as_array_mut().unwrap();
    toc.push(json!({"name": "cipher", "encoding": "postcard", "bytes": 1, "required": true}));
    refused(&newer.clone().sealed(), "needs the section \"cipher\"");
    newer.header["payload"]["sections"][4]["required"] = false.into();
    Model::load(&newer.sealed()).expect("a section that is not required may be unknown");
}

/// 150,000 sections took 48 s.
#[test]
fn sections_and_texts_have_limits() {
    let sections = |n: usize| {
        let mut parts = bare("boston", "MEDV", Algorithm::Linear);
        for i in 1..n {
            parts.sections.push((format!("s{i}"), Vec::new()));
            let toc = parts.header["payload"]["sections"].as_array_mut().unwrap();
            toc.push(json!({"name": format!("s{i}"), "encoding": "postcard", "bytes": 0, "required": false}));
        }
        parts.sealed()
    };
    Model::load(&sections(64)).unwrap();
    refused(&sections(65), "65 sections are more than 64");
    refused(&sections(150_000), "150000 sections are more than 64");
    let parts = bare("boston", "MEDV", Algorithm::Linear);
    let mut longest = parts.clone();
    longest.header["description"] = "x".repeat(4096).into();
    longest.header["features"][0]["more"] = json!({"k".repeat(256): 1});
    Model::load(&longest.sealed()).unwrap();
    head(&parts, "a text of 4097 bytes is longer than 4096", |h| h["description"] = "x".repeat(4097).into());
    head(&parts, "a text of 5000 bytes is longer", |h| h["features"][0]["name"] = "x".repeat(5000).into());
    head(&parts, "a key of 257 bytes is longer than 256", |h| h["more"] = json!({"k".repeat(257): 1}));
    head(&parts, "more than 1000 keys", |h| {
        h["more"] = (0..1001).map(|i| (i.to_string(), json!(0))).collect::<serde_json::Map<_, _>>().into();
    });
    head(&parts, "more than 1048576 texts", |h| h["more"] = json!(vec![""; 1 << 20]));
    head(&parts, "65537 categories are more than 65536", |h| {
        h["features"][0]["kind"] = "categorical".into();
        h["features"][0]["categories"] = (0..65_537).map(|i| format!("{i:05}")).collect::<Vec<_>>().into();
    });
}

#[test]
fn the_schema_must_be_one() {
    let parts = bare("boston", "MEDV", Algorithm::Linear);
    head(&parts, "no features", |h| h["features"] = json!([]));
    head(&parts, "is listed twice", |h| h["features"][1]["name"] = "CRIM".into());
    head(&parts, "empty name", |h| h["features"][1]["name"] = "".into());
    head(&parts, "numeric but lists categories", |h| h["features"][0]["categories"] = json!(["a"]));
    head(&parts, "lists no categories", |h| h["features"][0]["kind"] = "categorical".into());
    head(&parts, "not distinct and in byte order", |h| {
        h["features"][0]["kind"] = "categorical".into();
        h["features"][0]["categories"] = json!(["b", "a"]);
    });
    head(&parts, "imputed value does not fit", |h| h["features"][0]["impute"] = json!({"most_frequent": "a"}));
    head(&parts, "0 classes do not fit the task binary", |h| h["task"] = "binary".into());
    let parts = bare("iris", "species", Algorithm::Logistic);
    head(&parts, "class \"setosa\" is listed twice", |h| h["target"]["classes"][1] = "setosa".into());
    head(&parts, "1001 classes do not fit", |h| {
        h["target"]["classes"] = (0..1001).map(|i| format!("{i:04}")).collect();
    });
    let parts = bare("boston", "MEDV", Algorithm::Linear);
    head(&parts, "65536 features", |h| {
        let small =
            json!({"name": "x", "kind": "numeric", "stats": {"count": 0, "missing": 0, "bins": {"counts": [0, 0]}}});
        h["features"] = (0..65_536).map(|_| small.clone()).collect();
    });
}

#[test]
fn statistics_must_agree_with_themselves() {
    let parts = bare("boston", "MEDV", Algorithm::Linear);
    let stats =
        |words: &str, change: &dyn Fn(&mut Value)| head(&parts, words, |h| change(&mut h["features"][0]["stats"]));
    stats("bins and edges do not agree", &|s| gone(s["bins"]["edges"].as_array_mut().unwrap().pop()));
    stats("bins and edges do not agree", &|s| s["bins"]["edges"][0] = json!(1e300));
    stats("bins and edges do not agree", &|s| s["bins"]["categories"] = json!([0]));
    stats("more than 20", &|s| s["bins"]["counts"] = json!(vec![1; 21]));
    stats("bins do not count every row", &|s| s["bins"]["counts"][0] = json!(9_999));
    stats("bins do not count every row", &|s| s["bins"]["counts"][0] = json!(u64::MAX));
    stats("quantiles", &|s| s["quantiles"] = json!([1.0, 2.0]));
    stats("quantiles", &|s| s["quantiles"][0] = json!(1e300));
    stats("histogram", &|s| s["histogram"]["counts"] = json!([1]));
    stats("edges are not ascending", &|s| s["histogram"]["edges"][0] = json!(1e300));
    stats("above the largest", &|s| s["min"] = json!(1e300));
    stats("above the largest", &|s| s["max"] = json!(-1e300));
    stats("outside of the smallest", &|s| s["min"] = s["quantiles"][1].clone());
    stats("one is absent", &|s| gone(s.as_object_mut().unwrap().remove("max")));
    stats("a standard deviation is -1", &|s| s["sd"] = json!(-1.0));
    head(&parts, "prediction_stats", |h| h["prediction_stats"]["count"] = json!(1));
}

#[test]
fn preprocessing_must_fit_the_columns() {
    let parts = bare("boston", "MEDV", Algorithm::Ridge);
    let columns = |words: &str, change: &dyn Fn(&mut Value)| head(&parts, words, |h| change(&mut h["preprocessing"]));
    columns("leaves no column", &|p| p["columns"] = json!([]));
    columns("does not fit the feature", &|p| p["columns"][0]["rare"] = json!([0]));
    columns("not in feature order", &|p| p["columns"][1]["feature"] = json!(0));
    columns("feature 99 does not exist", &|p| p["columns"][12]["feature"] = json!(99));
    columns("does not fit the feature", &|p| p["columns"][0]["category"] = json!(0));
    columns("mean and sd must be finite", &|p| p["columns"][0]["sd"] = json!(0.0));
    columns("mean and sd must be finite", &|p| p["columns"][0]["sd"] = json!(-1.0));
    columns("scaled although the model is not", &|p| p["scaled"] = json!(false));
    columns("a matrix is 13×1, expected 12×1", &|p| gone(p["columns"].as_array_mut().unwrap().pop()));
}

#[test]
fn trees_must_be_trees() {
    let parts = bare("boston", "MEDV", Algorithm::RandomForest);
    let change = |words: &str, change: &dyn Fn(&mut Forest)| estimator(&parts, words, change);
    change("never fitted", &|f| f.fitted = None);
    change("never fitted", &|f| f.fitted.as_mut().unwrap().trees = None);
    change("has no trees", &|f| trees(f).clear());
    change("a tree has no nodes", &|f| trees(f)[0].nodes.clear());
    change("has the child 0", &|f| trees(f)[0].nodes[0].true_child = Some(0));
    change("has the child 100000", &|f| trees(f)[0].nodes[0].false_child = Some(100_000));
    change("too large an index", &|f| trees(f)[0].nodes[0].false_child = Some(1 << 40));
    change("has two parents", &|f| trees(f)[0].nodes[0].true_child = trees(f)[0].nodes[0].false_child);
    change("has one child", &|f| trees(f)[0].nodes[0].true_child = None);
    change("has no parent", &|f| {
        let leaf = node(f, |n| n.true_child.is_none()).clone();
        trees(f)[0].nodes.push(leaf);
    });
    change("splits on column 13 of 13", &|f| trees(f)[0].nodes[0].split_feature = 13);
    change("splits on column 65536", &|f| trees(f)[0].nodes[0].split_feature = 65_536);
    change("threshold of node 0 is not finite", &|f| trees(f)[0].nodes[0].split_value = None);
    change("threshold of node 0 is not finite", &|f| trees(f)[0].nodes[0].split_value = Some(f64::INFINITY));
    change("leaf value is not finite", &|f| node(f, |n| n.true_child.is_none()).output = f64::NAN);
    change("a root mass is NaN", &|f| trees(f)[0].root_mass = f64::NAN);
    change("a score is NaN", &|f| trees(f)[0].nodes[0].split_score = Some(f64::NAN));
    change("a threshold is NaN", &|f| node(f, |n| n.true_child.is_none()).split_value = Some(f64::NAN));
    change("leaves may add up to inf, beyond the range of numbers", &|f| {
        for tree in trees(f) {
            tree.nodes.iter_mut().for_each(|node| node.output = f64::MAX);
        }
    });
    change("no splitter 7", &|f| trees(f)[0].parameters.as_mut().unwrap().splitter = 7);
    change("fitted on 12 columns", &|f| f.fitted.as_mut().unwrap().num_features = Some(12));
    change("the trees' samples", &|f| f.fitted.as_mut().unwrap().samples = Some(vec![vec![true]]));
}

#[test]
fn a_section_ends_where_its_object_does() {
    let parts = bare("boston", "MEDV", Algorithm::RandomForest);
    let bytes = |words: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut parts = parts.clone();
        change(parts.section("estimator"));
        refused(&parts.sealed(), words);
    };
    bytes("1 bytes too many", &|b| b.push(0));
    bytes("ends too early", &|b| gone(b.pop()));
    bytes("neither 0 nor 1", &|b| b[0] = 2);
    // Byte 2 is where the number of trees begins.
    bytes("trees cannot fit", &|b| gone(b.splice(2..3, [0xff, 0xff, 0xff, 0xff, 0x0f])));
    bytes("an integer is too long", &|b| gone(b.splice(2..3, [0xff; 10])));
    bytes("trees cannot fit", &|b| gone(b.splice(2..3, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])));
}

#[test]
fn forests_must_vote_for_their_classes() {
    let parts = bare("iris", "species", Algorithm::RandomForest);
    let change = |words: &str, change: &dyn Fn(&mut Voters)| estimator(&parts, words, change);
    change("predicts class 3 of 3", &|v| v.trees.as_mut().unwrap()[0].nodes[0].output = 3);
    change("fitted on 4 classes", &|v| v.trees.as_mut().unwrap()[0].num_classes = 4);
    change("2 classes, the header lists 3", &|v| gone(v.trees.as_mut().unwrap()[0].classes.pop()));
    change("not 0, 1, … in order", &|v| v.classes.as_mut().unwrap().swap(0, 1));
    change("no such split criterion", &|v| {
        v.trees.as_mut().unwrap()[0].parameters.as_mut().unwrap().criterion = 3;
    });
    change("fitted on 5 columns", &|v| v.trees.as_mut().unwrap()[0].num_features = 5);
    change("the trees' samples", &|v| v.samples = Some(Vec::new()));
    change("the classes is absent", &|v| v.classes = None);
}

#[test]
fn boosting_must_be_complete() {
    let parts = bare("boston", "MEDV", Algorithm::GradientBoosting);
    let change = |words: &str, change: &dyn Fn(&mut Boosting)| estimator(&parts, words, change);
    change("the parameters say 6", &|b| b.parameters.as_mut().unwrap().n_estimators = 6);
    change("learning rate is not finite", &|b| b.parameters.as_mut().unwrap().learning_rate = f64::NAN);
    change("base score is not finite", &|b| b.parameters.as_mut().unwrap().base_score = f64::INFINITY);
    change("no such objective", &|b| b.parameters.as_mut().unwrap().objective = 1);
    change("the parameters is absent", &|b| b.parameters = None);
    change("has one child", &|b| b.trees.as_mut().unwrap()[0].right = None);
    change("has one child", &|b| b.trees.as_mut().unwrap()[0].left = None);
    change("splits on column", &|b| b.trees.as_mut().unwrap()[0].feature = 13);
    change("splits on column", &|b| b.trees.as_mut().unwrap()[0].feature = usize::MAX);
    change("leaf value is not finite", &|b| b.trees.as_mut().unwrap()[0].value = f64::NAN);
    change("a threshold is NaN", &|b| b.trees.as_mut().unwrap()[0].threshold = f64::NAN);
    change("a lambda is NaN", &|b| b.parameters.as_mut().unwrap().lambda = f64::NAN);
    change("beyond the range of numbers", &|b| b.parameters.as_mut().unwrap().base_score = f64::MAX);
    change("beyond the range of numbers", &|b| b.parameters.as_mut().unwrap().learning_rate = f64::MAX);
    // A chain deeper than any stack: open a left child 3,000,000 times, never close it.
    let mut deep = parts.clone();
    let section = deep.section("estimator");
    *section = [vec![1, 1], vec![1; 3_000_000]].concat();
    refused(&deep.sealed(), "ends too early");
}

#[test]
fn matrices_must_have_the_shape_of_the_model() {
    let linear = bare("boston", "MEDV", Algorithm::Linear);
    let change = |words: &str, change: &dyn Fn(&mut Linear)| estimator(&linear, words, change);
    change("a matrix is 12×1, expected 13×1", &|l| l.coefficients.as_mut().unwrap().nrows = 12);
    change("matrix holds 12 values", &|l| gone(l.coefficients.as_mut().unwrap().values.pop()));
    change("coefficients is not finite", &|l| l.coefficients.as_mut().unwrap().values[0] = f64::NAN);
    change("a matrix is 1×2, expected 1×1", &|l| l.intercept.as_mut().unwrap().ncols = 2);
    change("the coefficients is absent", &|l| l.coefficients = None);
    let ridge = bare("boston", "MEDV", Algorithm::Ridge);
    estimator::<Ridge>(&ridge, "intercept is not finite", |r| r.intercept = Some(f64::NAN));
    estimator::<Ridge>(&ridge, "the intercept is absent", |r| r.intercept = None);
    let logistic = bare("iris", "species", Algorithm::Logistic);
    let change = |words: &str, change: &dyn Fn(&mut Logistic)| estimator(&logistic, words, change);
    change("expected 3×4", &|l| l.coefficients.as_mut().unwrap().nrows = 2);
    change("fitted on 5 columns", &|l| l.num_attributes = 5);
    change("fitted on 2 classes", &|l| l.num_classes = 2);
    head(&linear, "logistic does not do regression", |h| h["algorithm"] = "logistic".into());
    head(&logistic, "linear does not do multiclass", |h| h["algorithm"] = "linear".into());
}

#[test]
fn cover_must_count_every_node() {
    let parts = boston();
    let change = |words: &str, change: &dyn Fn(&mut Vec<Vec<u32>>)| {
        let mut parts = parts.clone();
        let section = parts.section("cover");
        let mut cover: Vec<Vec<u32>> = postcard::from_bytes(section).unwrap();
        change(&mut cover);
        *section = postcard::to_allocvec(&cover).unwrap();
        refused(&parts.sealed(), words);
    };
    change("cover counts 4 trees", &|c| gone(c.pop()));
    change("nodes of tree 0, it has", &|c| gone(c[0].pop()));
    change("not the sum of its children's", &|c| c[0][0] += 1);
    let mut linear = Parts::of(&trained("boston", "MEDV", Algorithm::Linear, None));
    linear.sections.push(("cover".to_owned(), vec![0]));
    let toc = linear.header["payload"]["sections"].as_array_mut().unwrap();
    toc.push(json!({"name": "cover", "encoding": "postcard", "bytes": 1, "required": false}));
    refused(&linear.sealed(), "the estimator has no trees");
}

#[test]
fn calibration_must_have_an_entry_a_row() {
    let change = |parts: &Parts, words: &str, change: &dyn Fn(&mut Calibration)| {
        let mut parts = parts.clone();
        let section = parts.section("calibration");
        let mut calibration = Calibration::decode(section).unwrap();
        change(&mut calibration);
        *section = calibration.to_section().unwrap();
        refused(&parts.sealed(), words);
    };
    let residuals = |c: &mut Calibration, edit: &dyn Fn(&mut Vec<f64>, &mut Vec<f64>)| match &mut c.scores {
        Scores::Residuals { residual, difficulty } => edit(residual, difficulty),
        Scores::Probabilities { .. } => panic!("regression"),
    };
    let probabilities = |c: &mut Calibration, edit: &dyn Fn(&mut Vec<u32>, &mut Vec<f64>)| match &mut c.scores {
        Scores::Probabilities { observed, probability } => edit(observed, probability),
        Scores::Residuals { .. } => panic!("classification"),
    };
    let (boston, iris) = (boston(), iris());
    let unfit = "does not fit the model";
    change(&boston, "disagree on rows or folds", &|c| c.folds = 2);
    change(&boston, "disagree on rows or folds", &|c| gone(c.fold.pop()));
    change(&boston, unfit, &|c| c.fold[0] = 3);
    change(&boston, unfit, &|c| residuals(c, &|r, _| gone(r.pop())));
    change(&boston, unfit, &|c| residuals(c, &|r, _| r[0] = f64::NAN));
    change(&boston, unfit, &|c| residuals(c, &|_, d| gone(d.pop())));
    change(&boston, unfit, &|c| residuals(c, &|_, d| d[0] = -1.0));
    change(&iris, unfit, &|c| probabilities(c, &|o, _| o[0] = 3));
    change(&iris, unfit, &|c| probabilities(c, &|_, p| p[0] = 1.5));
    change(&iris, unfit, &|c| probabilities(c, &|_, p| gone(p.pop())));
    head(&boston, "header and payload disagree", |h| gone(h.as_object_mut().unwrap().remove("calibration")));
}

#[test]
fn predictions_out_of_fold_must_be_those_of_the_calibration() {
    let (boston, iris) = (boston(), iris());
    let change = |words: &str, change: &dyn Fn(&mut Vec<f64>)| {
        let mut parts = boston.clone();
        let section = parts.section("out_of_fold");
        let mut predictions = out_of_fold::decode(section).unwrap();
        change(&mut predictions);
        *section = out_of_fold::to_section(&predictions).unwrap();
        refused(&parts.sealed(), words);
    };
    change("has 403 predictions, the calibration 404 rows", &|p| gone(p.pop()));
    change("prediction of row 7 is not finite", &|p| p[7] = f64::INFINITY);
    let with = |parts: &Parts, bytes: Vec<u8>| {
        let mut parts = parts.clone();
        parts.sections.retain(|(name, _)| name != "out_of_fold");
        parts.sections.push(("out_of_fold".to_owned(), bytes));
        let toc = parts.header["payload"]["sections"].as_array_mut().unwrap();
        toc.retain(|section| section["name"] != "out_of_fold");
        toc.push(json!({"name": "out_of_fold", "encoding": "postcard", "bytes": 1, "required": false}));
        parts.sealed()
    };
    refused(&with(&boston, vec![0, 0]), "the out_of_fold section has 1 bytes too many");
    refused(&with(&boston, vec![200]), "the out_of_fold section: ");
    refused(&with(&iris, vec![0]), "which is of numbers, and the model answers with classes");
    let bare = bare("boston", "MEDV", Algorithm::Linear);
    refused(&with(&bare, vec![0]), "an out_of_fold section without a calibration section");
}

#[test]
fn importance_and_coefficients_must_be_of_the_model() {
    let parts = bare("boston", "MEDV", Algorithm::Linear);
    head(&parts, "there is no feature \"LSTAD\"", |h| h["importance"]["features"][0]["feature"] = "LSTAD".into());
    head(&parts, "is there twice", |h| h["importance"]["features"][0] = h["importance"]["features"][1].clone());
    head(&parts, "is negative", |h| h["importance"]["features"][3]["sd"] = json!(-0.1));
    head(&parts, "102 rows out of 101", |h| h["importance"]["of_rows"] = json!(101));
    let others = "the header's coefficients are not the estimator's";
    head(&parts, others, |h| h["coefficients"][0]["intercept"] = json!(1.0));
    head(&parts, others, |h| gone(h["coefficients"][0]["coefficients"].as_array_mut().unwrap().pop()));
    head(&parts, others, |h| h["coefficients"] = json!([]));
    let tree = bare("boston", "MEDV", Algorithm::DecisionTree);
    head(&tree, others, |h| h["coefficients"] = parts.header["coefficients"].clone());
}

#[test]
fn golden_rows_must_fit_the_schema() {
    let parts = bare("boston", "MEDV", Algorithm::Linear);
    head(&parts, "0 golden rows", |h| h["golden"] = json!([]));
    head(&parts, "65 golden rows", |h| {
        let one = h["golden"][0].clone();
        h["golden"] = (0..65).map(|_| one.clone()).collect();
    });
    head(&parts, "has 12 cells", |h| gone(h["golden"][0]["row"].as_array_mut().unwrap().pop()));
    head(&parts, "must be a number", |h| h["golden"][0]["row"][0] = "x".into());
    head(&parts, "is missing", |h| h["golden"][0]["row"][0] = Value::Null);
    head(&parts, "does not fit the target", |h| h["golden"][0]["prediction"] = json!({"class": "a"}));
    let parts = bare("iris", "species", Algorithm::Logistic);
    head(&parts, "does not fit the target", |h| h["golden"][0]["prediction"] = json!(1.0));
    head(&parts, "does not fit the target", |h| h["golden"][0]["prediction"]["class"] = "rose".into());
    head(&parts, "1 probabilities for 3 classes", |h| h["golden"][0]["prediction"]["probability"] = json!([1.0]));
}

#[test]
fn a_golden_difference_is_its_own_error() {
    let mut parts = bare("boston", "MEDV", Algorithm::Linear);
    parts.header["golden"][3]["prediction"] = json!(1.0);
    let model = Model::load(&parts.sealed()).unwrap();
    let differences = model.check_golden().unwrap_err();
    assert_eq!(differences.len(), 1);
    assert!(differences[0].to_string().starts_with("golden row 3: expected 1, got "), "{}", differences[0]);
}
