//! Versions before 1.1, by pickles written here as those versions laid them out: module names, node layouts, counts.

use smartserve::import::{ImportOptions, OneFile, artifact, read};
use smartserve::model::Model;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;

/// Opcodes of a value.
type Bytes = Vec<u8>;

fn text(text: &str) -> Bytes {
    [b"X".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

fn raw(bytes: &[u8]) -> Bytes {
    [b"B".as_slice(), &(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

fn int(v: i32) -> Bytes {
    [b"J".as_slice(), &v.to_le_bytes()].concat()
}

fn float(v: f64) -> Bytes {
    [b"G".as_slice(), &v.to_be_bytes()].concat()
}

fn none() -> Bytes {
    b"N".to_vec()
}

fn many(end: u8, parts: &[Bytes]) -> Bytes {
    [b"(".as_slice(), &parts.concat(), &[end]].concat()
}

fn tuple(parts: &[Bytes]) -> Bytes {
    many(b't', parts)
}

fn dict(pairs: &[(&str, Bytes)]) -> Bytes {
    let parts: Vec<Bytes> = pairs.iter().flat_map(|(key, value)| [text(key), value.clone()]).collect();
    many(b'd', &parts)
}

fn global(module: &str, name: &str) -> Bytes {
    format!("c{module}\n{name}\n").into_bytes()
}

fn built(callee: Bytes, args: Bytes, state: Bytes) -> Bytes {
    [callee, args, b"R".to_vec(), state, b"b".to_vec()].concat()
}

/// An object as protocol 0 and 1 make it.
fn object(module: &str, name: &str, state: &[(&str, Bytes)]) -> Bytes {
    let args = tuple(&[global(module, name), global("__builtin__", "object"), none()]);
    built(global("copy_reg", "_reconstructor"), args, dict(state))
}

fn dtype_state(names: Bytes, fields: Bytes, size: i32) -> Bytes {
    tuple(&[int(3), text("<"), none(), names, fields, int(size), int(1), int(0)])
}

fn dtype(code: &str) -> Bytes {
    built(global("numpy", "dtype"), tuple(&[text(code), int(0), int(1)]), dtype_state(none(), none(), -1))
}

/// A type of records of fields without gaps.
fn records(fields: &[(&str, &str)]) -> (Bytes, usize) {
    let size = |code: &str| code[1..].parse::<usize>().unwrap();
    let mut at = 0;
    let mut described = Vec::new();
    for (name, code) in fields {
        described.push((*name, tuple(&[dtype(code), int(at as i32)])));
        at += size(code);
    }
    let names: Vec<Bytes> = fields.iter().map(|(name, _)| text(name)).collect();
    let state = dtype_state(tuple(&names), dict(&described), at as i32);
    (built(global("numpy", "dtype"), tuple(&[text(&format!("V{at}")), int(0), int(1)]), state), at)
}

fn array(shape: &[i32], dtype: Bytes, data: &[u8]) -> Bytes {
    let args = tuple(&[global("numpy", "ndarray"), tuple(&[int(0)]), raw(b"b")]);
    let shape: Vec<Bytes> = shape.iter().map(|n| int(*n)).collect();
    let state = tuple(&[int(1), tuple(&shape), dtype, b"I00\n".to_vec(), raw(data)]);
    built(global("numpy.core.multiarray", "_reconstruct"), args, state)
}

fn numbers(shape: &[i32], values: &[f64]) -> Bytes {
    array(shape, dtype("f8"), &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
}

/// A tree of one split at 0.5 of the second of two columns; its integers are of so many bytes.
fn tree(module: &str, width: usize, shape: &[i32], values: &[f64]) -> Bytes {
    let whole = if width == 8 { "i8" } else { "i4" };
    let (nodes, _) = records(&[
        ("left_child", whole),
        ("right_child", whole),
        ("feature", whole),
        ("threshold", "f8"),
        ("impurity", "f8"),
        ("n_node_samples", whole),
        ("weighted_n_node_samples", "f8"),
    ]);
    let mut data = Vec::new();
    for (left, right, feature, threshold) in [(1, 2, 1, 0.5), (-1, -1, -2, -2.0), (-1, -1, -2, -2.0)] {
        let put = |data: &mut Vec<u8>, v: i64| data.extend(&v.to_le_bytes()[..width]);
        [left, right, feature].into_iter().for_each(|v| put(&mut data, v));
        data.extend(f64::to_le_bytes(threshold));
        data.extend(0_f64.to_le_bytes());
        put(&mut data, 4);
        data.extend(4_f64.to_le_bytes());
    }
    let state = [
        ("max_depth", int(1)),
        ("node_count", int(3)),
        ("nodes", array(&[3], nodes, &data)),
        ("values", numbers(shape, values)),
    ];
    let args = tuple(&[int(2), numbers(&[1], &[1.0]), int(1)]);
    built(global(module, "Tree"), args, dict(&state))
}

fn imported(value: Bytes) -> (Model, Vec<String>) {
    let bytes = [b"\x80\x02".to_vec(), value, b".".to_vec()].concat();
    let made = read(&OneFile { bytes: &bytes }, &ImportOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    let notes = made.origin.notes.clone();
    (Model::load(&artifact(made, &ImportOptions::default()).unwrap()).unwrap(), notes)
}

/// Answers for three rows: below, on and above the threshold.
fn answers(model: &Model) -> Prediction {
    let rows = vec![0.0, 0.25, 9.0, 0.5, 0.0, 0.75];
    model.predict(&Batch::from_rows(model.schema(), rows).unwrap(), &mut Scratch::default()).unwrap()
}

#[test]
fn trees_of_old_module_names_and_of_integers_of_32_bits_are_read() {
    for (module, version, width) in [("sklearn.tree.tree", None, 8), ("sklearn.tree._classes", Some("0.22.2"), 4)] {
        let mut state = vec![
            ("criterion", text("mse")),
            ("n_features_", int(2)),
            ("tree_", tree("sklearn.tree._tree", width, &[3, 1, 1], &[0.0, 1.5, 2.5])),
        ];
        state.extend(version.map(|version| ("_sklearn_version", text(version))));
        let (model, notes) = imported(object(module, "DecisionTreeRegressor", &state));
        assert_eq!(answers(&model), Prediction::Regression { values: vec![1.5, 1.5, 2.5], n_outputs: 1 });
        let note = if version.is_none() {
            "does not note scikit-learn's version"
        } else {
            "Read, not tested against scikit-learn 0.22"
        };
        assert!(notes.iter().any(|own| own.contains(note)), "{notes:?}");
        assert!(!model.schema().features()[0].accepts_missing(), "these trees had no rule for missing cells");
    }
}

#[test]
fn class_counts_of_before_1_4_become_shares() {
    let values = [3.0, 5.0, 3.0, 1.0, 0.0, 4.0];
    let one = |module: &str| {
        let state = [("tree_", tree("sklearn.tree._tree", 8, &[3, 1, 2], &values))];
        object(module, "DecisionTreeClassifier", &state)
    };
    let classes = array(&[2], dtype("i8"), &[5_i64.to_le_bytes(), 7_i64.to_le_bytes()].concat());
    let state = [
        ("n_features_", int(2)),
        ("classes_", classes),
        ("estimators_", many(b'l', &[one("sklearn.tree._classes"), one("sklearn.tree._classes")])),
        ("_sklearn_version", text("0.24.1")),
    ];
    let (model, _) = imported(object("sklearn.ensemble._forest", "RandomForestClassifier", &state));
    assert_eq!(model.schema().target().classes, ["5", "7"]);
    let probability = Some(vec![0.75, 0.25, 0.75, 0.25, 0.0, 1.0]);
    assert_eq!(answers(&model), Prediction::Classification { classes: vec![0, 0, 1], probability });
}

#[test]
fn boosting_of_before_1_0_starts_from_its_dummy() {
    let tree = object(
        "sklearn.tree._classes",
        "DecisionTreeRegressor",
        &[("tree_", tree("sklearn.tree._tree", 8, &[3, 1, 1], &[0.0, 1.0, 2.0]))],
    );
    let args = tuple(&[global("numpy", "ndarray"), tuple(&[int(0)]), raw(b"b")]);
    let objects = tuple(&[int(1), tuple(&[int(1), int(1)]), dtype("O8"), b"I00\n".to_vec(), many(b'l', &[tree])]);
    let estimators = built(global("numpy.core.multiarray", "_reconstruct"), args, objects);
    let init = object("sklearn.dummy", "DummyRegressor", &[("constant_", numbers(&[1, 1], &[10.0]))]);
    let state = [
        ("loss", text("ls")),
        ("learning_rate", float(0.5)),
        ("n_features_", int(2)),
        ("init_", init),
        ("estimators_", estimators),
        ("_sklearn_version", text("0.23.2")),
    ];
    let (model, _) = imported(object("sklearn.ensemble._gb", "GradientBoostingRegressor", &state));
    assert_eq!(answers(&model), Prediction::Regression { values: vec![10.5, 10.5, 11.0], n_outputs: 1 });
}
