//! What an artifact holds of dates, and what of it is refused.

use serde_json::json;

use super::dates::{hours, train};
use crate::support::artifact::Parts;
use smartserve::model::Model;
use smartserve::text::date::{DateForm, Instant};

#[test]
fn the_artifact_names_the_form_and_the_parts() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    assert_eq!(train(directory, &hours(), "decision-tree", &["--test-size", "0"]).code, Some(0));
    let bytes = std::fs::read(directory.join("m.model")).unwrap();
    let head = String::from_utf8_lossy(&bytes[8..]).into_owned();
    for text in ["\"name\":\"when\",\"kind\":\"date\"", "\"part\":\"weekday\"", "[\"2021-"] {
        assert!(head.contains(text), "{text} is not in the header");
    }
    let model = Model::load(&bytes).unwrap();
    assert!(model.check_golden().is_ok());
    assert_eq!(Instant::parse("2021-01-01", DateForm::YearFirst).unwrap().to_f64(), 1_609_459_200.0);
}

#[test]
fn a_damaged_date_is_refused_at_load() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    assert_eq!(train(directory, &hours(), "decision-tree", &["--test-size", "0", "--allow-missing"]).code, Some(0));
    let bytes = std::fs::read(directory.join("m.model")).unwrap();
    let does_not_fit = |column: usize, name: &str| {
        format!("preprocessing column {column}: the category or the part does not fit the feature {name:?}")
    };
    let cases = [
        (
            "/features/0/kind",
            json!("date-of-mars"),
            "unknown kind `date-of-mars`, expected one of `numeric`, ".to_owned(),
        ),
        ("/features/0/categories", json!(["a"]), "feature \"when\" is date but lists categories".to_owned()),
        ("/features/0/unknown", json!(true), "feature \"when\" is date but takes categories".to_owned()),
        ("/features/0/impute", json!({ "median": 1e15 }), "the imputed value does not fit the feature".to_owned()),
        ("/preprocessing/columns/0/part", json!(null), does_not_fit(0, "when")),
        ("/preprocessing/columns/5/part", json!("day"), does_not_fit(5, "x")),
        ("/preprocessing/columns/0/part", json!("century"), "unknown variant `century`".to_owned()),
        ("/preprocessing/columns/0/part", json!("hour"), "preprocessing columns are not in feature order".to_owned()),
    ];
    for (pointer, value, expected) in cases {
        let mut parts = Parts::of(&bytes);
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let place = parts.header.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        place.insert(key.to_owned(), value);
        let error = Model::load(&parts.sealed_as_told()).unwrap_err();
        assert!(error.contains(&expected), "{pointer}: {error}");
    }
}
