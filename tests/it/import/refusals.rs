//! What is said of models that are not read, or not measured: several class targets, texts that are cut off, rankers.

use std::fs;
use std::path::Path;

use super::cases::folder;
use crate::support::path;
use crate::support::process::{Ran, run_with};

fn import(source: &Path, flags: &[&str]) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("m.model");
    let ran = run_with(&[], &[&["import", source.to_str().unwrap(), "-o", output.to_str().unwrap()], flags].concat());
    assert_eq!(output.exists(), ran.code == Some(0), "an artifact is written where all is well: {ran:?}");
    ran
}

/// The files are of scikit-learn 1.9: a tree, and a forest of two, fitted on two columns of classes.
#[test]
fn an_estimator_of_several_class_targets_is_refused_by_name() {
    for (file, estimator) in [("tree.pkl", "DecisionTreeClassifier"), ("forest.joblib", "RandomForestClassifier")] {
        let source = path("tests/fixtures/sklearn-several-targets").join(file);
        let ran = import(&source, &[]);
        let what = "it classifies 2 targets at once, which is not read: fit one a target";
        let expected = format!("smartserve: {}: {estimator}: {what}\n", source.display());
        assert_eq!((ran.code, ran.err), (Some(65), expected));
    }
}

#[test]
fn a_lightgbm_text_that_is_cut_off_is_told_with_the_tree_and_what_it_lacks() {
    let text = fs::read_to_string(folder().join("lgb-cat/model.txt")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("cut.txt");
    let at = |what: &str| text.find(what).unwrap();
    let no_end = "the text ends before `end of trees`: the file is cut off";
    for (end, said) in [
        (at("\nTree=0"), "the text ends before its first tree: the file is cut off".to_owned()),
        (at("\nTree=1\n"), format!("Tree=0: {no_end}")),
        (at("\nend of trees"), format!("Tree=24: {no_end}")),
        (at("\nparameters:"), "the text ends before `end of parameters`: the file is cut off".to_owned()),
        (
            at("shrinkage=") + "shrinkag".len(),
            "Tree=0.line 30: `shrinkag` is not known in a tree of LightGBM's text; the text has no `end of trees`: the \
             file is cut off"
                .to_owned(),
        ),
    ] {
        fs::write(&source, &text[..end]).unwrap();
        let ran = import(&source, &[]);
        assert_eq!((ran.code, ran.err), (Some(65), format!("smartserve: {}: {said}\n", source.display())));
    }
}

#[test]
fn figures_of_a_model_that_ranks_come_with_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("rows.csv");
    for (file, prefix, objective) in
        [("lgb-rank/model.txt", "Column_", "lambdarank"), ("xgb-ndcg/model.json", "f", "rank:ndcg")]
    {
        let rows: String = (0..40).map(|i| format!("{},{},1,2,3,4,5,6,{}\n", i % 7, i % 3, i % 4)).collect();
        let names: Vec<String> = (0..8).map(|i| format!("{prefix}{i}")).collect();
        fs::write(&data, format!("{},grade\n{rows}", names.join(","))).unwrap();
        let with_data = ["--data", data.to_str().unwrap()];
        let warning = format!("warning: the model ranks ({objective}): R², RMSE and MAE of its scores say little\n");
        let ran = import(&folder().join(file), &[&with_data[..], &["--target", "grade"]].concat());
        assert!(ran.code == Some(0) && ran.out.contains("figures: R² ") && ran.out.contains(&warning), "{ran:?}");
        let ran = import(&folder().join(file), &with_data);
        assert!(ran.code == Some(0) && !ran.out.contains("warning"), "no figures, no warning: {ran:?}");
    }
}
