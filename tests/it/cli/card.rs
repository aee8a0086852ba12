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

/// The titles of the plots of its evaluation.
fn titles(html: &str) -> Vec<String> {
    let section = html.split("<h2>Row by row</h2>").nth(1).unwrap().split("</section>").next().unwrap();
    section
        .split("<text class=\"title\"")
        .skip(1)
        .map(|rest| rest.split(['>', '<']).nth(1).unwrap().to_owned())
        .collect()
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
    assert!(html.contains("There are no curves"), "{html}");
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

/// The ends of a curve are what `predict` answers there, for the rest of the row in the middle of training.
#[test]
fn a_curve_is_what_the_model_predicts() {
    let model = fixture("boston-ridge");
    let header: Value = serde_json::from_str(&run_with(&[], &["inspect", "--json", &model]).out).unwrap();
    let features = header["features"].as_array().unwrap();
    let name = |feature: &Value| feature["name"].as_str().unwrap().to_owned();
    let most_frequent = |feature: &Value| {
        let counts = feature["stats"]["bins"]["counts"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap());
        let at = counts.enumerate().max_by_key(|(at, n)| (*n, std::cmp::Reverse(*at))).unwrap().0;
        let position = feature["stats"]["bins"]["categories"][at].as_u64().unwrap();
        feature["categories"][position as usize].as_str().unwrap().to_owned()
    };
    let middle = |feature: &Value| match feature["kind"].as_str() {
        Some("categorical") => most_frequent(feature),
        _ => feature["stats"]["quantiles"][10].to_string(),
    };
    let html = card(&model);
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("rows.csv");
    for (at, feature) in features.iter().enumerate().filter(|(_, feature)| feature["kind"] == "numeric") {
        let ends = ["min", "max"].map(|end| feature["stats"][end].to_string());
        let row = |end: &String| {
            let cells = features.iter().enumerate().map(|(i, f)| if i == at { end.clone() } else { middle(f) });
            cells.collect::<Vec<String>>().join(",")
        };
        let names: Vec<String> = features.iter().map(name).collect();
        std::fs::write(&input, format!("{}\n{}\n{}\n", names.join(","), row(&ends[0]), row(&ends[1]))).unwrap();
        let answered = run_with(&[], &["predict", "--model", &model, "--input", input.to_str().unwrap()]).out;
        let predicted: Vec<f64> =
            answered.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect();
        let start = format!("aria-label=\"{}: {:.4} at ", name(feature), predicted[0]);
        let label = html.split(&start).nth(1).unwrap_or_else(|| panic!("{start}: {html}"));
        assert!(label.split('"').next().unwrap().contains(&format!(", {:.4} at ", predicted[1])), "{label}");
    }
    assert!(html.matches("class=\"shade\"").count() >= 20, "{html}");
}
