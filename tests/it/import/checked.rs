//! What `import` and `verify` ask of a model without data: each split on both sides and for a missing cell, each weight, rows
//! through all steps; and how far they say that they came.

use std::path::Path;

use super::cases::folder;
use crate::support::process::{Ran, run_with};

/// The numbers in a line.
fn numbers(line: &str) -> Vec<f64> {
    line.split([' ', ',', ';', ':']).filter_map(|word| word.parse().ok()).collect()
}

fn verify(model: &Path) -> Ran {
    run_with(&[], &["verify", model.to_str().unwrap()])
}

#[test]
fn trees_of_every_kind_are_asked_on_both_sides_of_their_splits_behind_steps_too() {
    for file in [
        "xgb-softprob/model.ubj",
        "xgb-dart/model.json",
        "xgb-pandascat/model.ubj",
        "lgb-cat/model.txt",
        "lgb-nomissing/model.txt",
        "sk-dtr-multi/model.skops",
        "sk-rfr-nan/model.joblib",
        "sk-hgbc-multi/model.skops",
        "sk-full-pipe-rf/model.skops",
        "sk-full-pipe-xgb/model.joblib",
    ] {
        let ran = verify(&folder().join(file));
        assert_eq!(ran.code, Some(0), "{file}: {ran:?}");
        assert!(ran.out.contains(", all answered as by a plain walk"), "{file}: {ran:?}");
        let said = ran.out.split("answered as written; ").nth(1).unwrap();
        let [taken, of, by_golden, missing, splits, rows] = numbers(said)[..6] else { panic!("{said}") };
        assert!(taken > 0.9 * of && of >= 2.0, "{file}: {said}");
        assert!(by_golden <= taken && by_golden > 0.0, "{file}: {said}");
        assert!(missing > 0.0 && missing <= splits && (splits - of / 2.0).abs() < 0.1, "{file}: {said}");
        assert!(rows >= 256.0, "{file}: {said}");
        // What was not asked is said.
        assert_eq!(taken < of, said.contains(" sides were not: "), "{file}: {said}");
    }
}

#[test]
fn each_weight_of_a_linear_model_is_asked_alone() {
    for file in ["sk-linear/model.skops", "sk-ridge-pipe/model.skops", "sk-logit-multi/model.skops"] {
        let ran = verify(&folder().join(file));
        assert_eq!(ran.code, Some(0), "{file}: {ran:?}");
        let said = ran.out.split("answered as written; ").nth(1).unwrap();
        assert!(said.contains("weights were asked, and 256 rows, all answered as by a plain walk"), "{file}: {said}");
        let [asked, of, ..] = numbers(said)[..] else { panic!("{said}") };
        assert!((asked - of).abs() < 0.1 && of >= 2.0, "{file}: {said}");
    }
}

#[test]
fn golden_rows_made_of_a_model_hold_missing_cells_and_each_category() {
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("m.model");
    let source = folder().join("sk-full-pipe-rf/model.skops");
    let ran = run_with(&[], &["import", source.to_str().unwrap(), "-o", model.to_str().unwrap()]);
    assert!(ran.code == Some(0) && ran.out.contains("\nchecked: "), "{ran:?}");
    let bytes = std::fs::read(&model).unwrap();
    let header = smartserve::model::artifact::open(&bytes).unwrap().header;
    assert_eq!(header.golden.len(), 64);
    let color = header.features.iter().position(|feature| feature.name == "color").unwrap();
    let cells: std::collections::BTreeSet<String> =
        header.golden.iter().map(|golden| serde_json::to_string(&golden.row[color]).unwrap()).collect();
    let feature = &header.features[color];
    let accepted = feature.categories.len() + usize::from(feature.unknown) + usize::from(feature.accepts_missing());
    assert_eq!(cells.len(), accepted, "{cells:?}");
}
