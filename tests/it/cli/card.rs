//! `inspect --html`: the model card.

use serde_json::Value;

use crate::support::path;
use crate::support::process::run_with;

fn card(model: &str) -> String {
    let ran = run_with(&[], &["inspect", "--html", model]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    ran.out
}

fn fixture(name: &str) -> String {
    path(&format!("tests/fixtures/artifacts/{name}.model")).display().to_string()
}

/// The titles of its plots.
fn titles(html: &str) -> Vec<String> {
    html.split("<text class=\"title\"").skip(1).map(|rest| rest.split(['>', '<']).nth(1).unwrap().to_owned()).collect()
}

#[test]
fn a_regression_is_drawn_and_has_the_figures_of_inspect() {
    let model = fixture("boston-ridge");
    let html = card(&model);
    let said = run_with(&[], &["inspect", &model]).out;
    let holdout = said.lines().find_map(|line| line.strip_prefix("holdout")).unwrap().trim();
    assert!(html.contains(holdout), "{holdout}\n{html}");
    assert!(html.contains("<h3>Coefficients</h3>") || html.contains("importance"), "{html}");
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
    for forbidden in ["<script", "http://", "https://", " style=", "onerror", "url("] {
        assert!(!html.contains(forbidden), "{forbidden}: {html}");
    }
    assert!(html.contains("default-src 'none'; style-src 'sha256-"), "{html}");
}

/// Two classes, told by x in part; names that are marks.
fn classifier(directory: &std::path::Path, mark: &str) -> String {
    let quoted = format!("\"{}\"", mark.replace('"', "\"\""));
    let row = |i: usize| {
        let class = if i % 20 > i / 5 % 20 { &quoted } else { "no" };
        format!("{},{},{class}\n", i % 20, if i.is_multiple_of(3) { &quoted } else { "b" })
    };
    let table = (0..120).fold(format!("x,{quoted},y\n"), |table, i| table + &row(i));
    let (data, model) = (directory.join("t.csv"), directory.join("m.model"));
    std::fs::write(&data, table).unwrap();
    let (data, model) = (data.display().to_string(), model.display().to_string());
    let words = ["train", "--data", &data, "--target", "y", "--algorithm", "logistic", "--folds", "4", "-o", &model];
    let ran = run_with(&[], &[&words[..], &["--description", mark, "--threshold", "0.3"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    model
}

#[test]
fn what_a_model_says_is_text() {
    let directory = tempfile::tempdir().unwrap();
    let mark = "<img src=x onerror=alert(1)>'\"&amp;";
    let model = classifier(directory.path(), mark);
    let html = card(&model);
    assert!(
        !html.contains("<img") && html.contains("&lt;img src=x onerror=alert(1)&gt;&#39;&quot;&amp;amp;"),
        "{html}"
    );
    let class = "&lt;img src=x onerror=alert(1)&gt;";
    let drawn = titles(&html);
    let of: Vec<&str> = drawn.iter().map(|title| title.split(": ").next().unwrap()).collect();
    assert_eq!(of, ["ROC", "Precision and recall", "Calibration", "Threshold"], "{html}");
    assert!(drawn.iter().all(|title| title.contains("&lt;img") || title.ends_with("no")), "{drawn:?}, {class}");
}

#[test]
fn an_imported_model_says_what_is_not_known() {
    let html = card(&path("docs/examples/lightgbm.txt").display().to_string());
    assert!(html.contains("a model of lightgbm") && html.contains("imported without data"), "{html}");
    assert!(html.contains("There are no plots") && html.contains("There are no figures"), "{html}");
}

#[test]
fn html_and_json_are_one_or_the_other() {
    let ran = run_with(&[], &["inspect", "--html", "--json", &fixture("iris-logistic")]);
    assert_eq!(ran.code, Some(2));
    let json: Value =
        serde_json::from_str(&run_with(&[], &["inspect", "--json", &fixture("iris-logistic")]).out).unwrap();
    assert_eq!(json["name"], "logistic");
    // One plot a class of each of the four kinds.
    assert_eq!(titles(&card(&fixture("iris-logistic"))).len(), 12);
}
