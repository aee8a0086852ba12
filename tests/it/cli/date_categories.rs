//! Dates that `--categorical` names: each text is a category, and another writer's spelling of it the same one.

use serde_json::json;
use smartserve::model::cell::Cell;
use smartserve::model::schema::{Feature, FeatureKind};

use super::dates::{header, predict, train};
use crate::support::process::Server;

#[test]
fn dates_that_are_called_categorical_are_categories_however_a_writer_spells_them() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let row = |i: i64| format!("2024-01-{:02},2024-01-{:02} 10:00:00,{}\n", 1 + i % 3, 1 + i % 4, i % 3 * 10 + i % 4);
    let table = (0..60).fold("day,at,y\n".to_owned(), |text, i| text + &row(i));
    let ran = train(directory, &table, "decision-tree", &["--categorical", "day,at"]);
    assert!(ran.code == Some(0) && !ran.err.contains("as a date"), "{}", ran.err);
    let kinds =
        header(directory).features.into_iter().map(|feature| (feature.kind.to_string(), feature.categories.len()));
    assert_eq!(kinds.collect::<Vec<_>>(), [("categorical".to_owned(), 3), ("categorical".to_owned(), 4)]);
    let rows = "day,at\n2024-01-02,2024-01-03 10:00:00\n2024-01-02T00:00:00.000,2024-01-03T10:00\n\
                2024-01-02 00:00:00,2024-01-03T10:00:00.000000\n2024-01-02T00:00:00Z,2024-01-03T10:00:00+00:00\n";
    let answers = predict(directory, rows).unwrap();
    assert_eq!(answers, ["12.0"; 4]);
    let server = Server::start(&["--model", directory.join("m.model").to_str().unwrap()]);
    let body = json!([["2024-01-02T00:00:00.000", "2024-01-03T10:00:00.000"]]);
    assert_eq!(server.ask("POST", "/predict", &body.to_string()).1["prediction"], json!([12.0]));
    let said = predict(directory, "day,at\n2024-01-02,2024-01-03 11:00:00\n").unwrap_err();
    assert!(said.contains("at has no category \"2024-01-03 11:00:00\""), "{said}");
}

/// Our own date categories match however a writer spells them; another library's are texts to it.
#[test]
fn a_date_among_imported_categories_is_one_text() {
    let spelled = |is_imported| {
        let categories = vec!["2024-01-05".to_owned()];
        let feature = Feature {
            kind: FeatureKind::Categorical,
            categories,
            is_imported,
            ..Feature::imported("day".to_owned(), false)
        };
        feature.read(Cell::Text("2024-01-05 00:00:00")).ok()
    };
    assert_eq!((spelled(false), spelled(true)), (Some(0.0), None));
}
