//! `inspect` says what a classifier's probabilities are, and when which class is answered.

use std::process::Command;

use serde_json::Value;

use crate::support::path;
use crate::support::process::BINARY;

fn run(arguments: &[&str]) -> String {
    let output = Command::new(BINARY).current_dir(path("")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Two classes, told by x in part.
fn table() -> String {
    let rows = (0..60).map(|i| format!("{},{}\n", i % 20, if i % 20 > i / 3 { "yes" } else { "no" }));
    std::iter::once("x,y\n".to_owned()).chain(rows).collect()
}

#[test]
fn probabilities_and_thresholds_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (data, model) = (file("data.csv"), file("m.model"));
    std::fs::write(&data, table()).unwrap();
    let fit = ["train", "--data", &data, "--target", "y", "--folds", "3", "-o", &model, "--algorithm"];
    let told = |more: &[&str]| {
        run(&[&fit[..], more].concat());
        let json: Value = serde_json::from_str(&run(&["inspect", "--json", &model])).unwrap();
        (run(&["inspect", &model]), json)
    };
    for (more, word) in [
        (&["decision-tree"][..], "shares"),
        (&["random-forest", "--trees", "3"], "shares"),
        (&["decision-tree", "--vote"], "votes"),
        (&["random-forest", "--trees", "3", "--vote"], "votes"),
        (&["svc"], "none"),
    ] {
        let (text, json) = told(more);
        assert!(text.contains(&format!("\nprobability      {word}: ")), "{text}");
        assert_eq!(json["probability"], word);
    }
    let (text, json) = told(&["logistic", "--threshold", "0.3", "--calibrate", "sigmoid"]);
    assert!(!text.contains("\nprobability "), "{text}");
    assert!(text.contains("\nthreshold        yes where its probability is above 0.3, else no\n"), "{text}");
    assert!(text.contains("\ncalibrated       sigmoid\n"), "{text}");
    // As in the report of training, and on the card.
    let line = text.lines().find_map(|line| line.strip_prefix("sets ")).unwrap().trim();
    assert!(
        line.starts_with("of 12 test rows: 80 % held ") && json["intervals"].as_array().unwrap().len() == 3,
        "{text}"
    );
    assert!(run(&["inspect", "--html", &model]).contains(line), "{line}");
    assert_eq!((&json["threshold"]["above"], &json["calibrator"]), (&0.3.into(), &"sigmoid".into()));
}
