//! `drift` offline, and beside it the same figures of a running server.

use serde_json::Value;

use super::{columns, csv, fixture, json, run, write};
use crate::support::process::Server;
use crate::support::random::Random;

const NAMES: [&str; 4] = ["CHAS", "RM", "TAX", "LSTAT"];

/// `n` rows of the training file, over and over, with `by` added to RM.
fn rows(n: usize, by: f64) -> String {
    let all = columns("boston.csv", &NAMES);
    let shifted = all.iter().cycle().take(n).cloned().map(|mut row| {
        row[1] = format!("{}", row[1].parse::<f64>().unwrap() + by);
        row
    });
    csv(&NAMES, shifted)
}

fn of<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["features"].as_array().unwrap().iter().find(|feature| feature["name"] == name).unwrap()
}

#[test]
fn rows_like_those_of_training_have_not_drifted() {
    let directory = tempfile::tempdir().unwrap();
    let input = write(directory.path(), "rows.csv", &rows(506, 0.0));
    let args = ["drift", "--model", &fixture("boston-ridge"), "--input", &input];
    let ran = run(&args);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.out.contains("506 rows against the 404 training rows of ridge, version "), "{}", ran.out);
    assert!(ran.out.contains("\n(predictions)") && !ran.out.contains("  drift\n"), "{}", ran.out);
    let (_, report) = json(&args);
    // The rows set aside for testing are among these: some values were not seen.
    assert!(of(&report, "RM")["out_of_range"].is_u64() && of(&report, "CHAS")["unseen_category"] == 0, "{report}");
    assert_eq!(report["refused_rows"], 0);
}

#[test]
fn a_shifted_feature_is_named_and_is_exit_code_1() {
    let directory = tempfile::tempdir().unwrap();
    let input = write(directory.path(), "rows.csv", &rows(506, 0.7));
    let args = ["drift", "--model", &fixture("boston-ridge"), "--input", &input];
    let ran = run(&args);
    assert_eq!(ran.code, Some(1));
    let said = format!("smartserve: {input}: drifted, with a PSI of 0.2 or more: \"RM\", \"MEDV\"\n");
    assert_eq!(ran.err, said);
    let second = ran.out.lines().nth(2).unwrap();
    assert!(second.starts_with("RM ") && second.ends_with("drift"), "{}", ran.out);
    let (code, report) = json(&[&args[..], &["--threshold", "5"]].concat());
    assert_eq!((code, &of(&report, "RM")["drifted"]), (0, &Value::Bool(false)));
}

#[test]
fn few_rows_alarm_only_above_what_chance_gives() {
    let directory = tempfile::tempdir().unwrap();
    let all = columns("boston.csv", &NAMES).into_iter().step_by(43);
    let input = write(directory.path(), "rows.csv", &csv(&NAMES, all));
    let (code, report) = json(&["drift", "--model", &fixture("boston-ridge"), "--input", &input]);
    let psi = |feature: &Value| (feature["psi"].as_f64().unwrap(), feature["chance"].as_f64().unwrap());
    let (psi, chance) = psi(of(&report, "RM"));
    assert!(code == 0 && psi > 0.2 && psi < chance, "{report}");
}

#[test]
fn cells_that_the_model_refuses_are_counted_and_not_predicted() {
    let directory = tempfile::tempdir().unwrap();
    let text = rows(500, 0.0) + "7,6.5,300,5\n,6.5,300,5\n0,6.5,,5\n";
    let input = write(directory.path(), "rows.csv", &text);
    let args = ["drift", "--model", &fixture("boston-ridge"), "--input", &input];
    let (_, report) = json(&args);
    assert_eq!((&report["rows"], &report["refused_rows"]), (&503.into(), &3.into()));
    assert_eq!(of(&report, "CHAS")["unseen_category"], 1);
    let missing = of(&report, "TAX")["missing_ratio"].as_f64().unwrap();
    assert!((missing - 1.0 / 503.0).abs() < 1e-12, "{missing}");
    let predicted = report["prediction"]["bins"].as_array().unwrap().iter().map(|bin| bin["count"].as_u64().unwrap());
    assert_eq!(predicted.sum::<u64>(), 500);
    let text = run(&args).out;
    assert!(text.contains("\nthe model refuses 3 of them: ") && text.contains("1 in no category"), "{text}");
}

#[test]
fn what_cannot_be_compared_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let input = write(directory.path(), "rows.csv", "CHAS,RM,TAXX,LSTAT\n0,6.5,300,5\n");
    let ran = run(&["drift", "--model", &fixture("boston-ridge"), "--input", &input]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("no column \"TAX\"") && ran.err.contains("\"TAXX\""), "{}", ran.err);
    let source = crate::support::path("docs/examples/lightgbm.txt").display().to_string();
    let ran = run(&["drift", "--model", &source, "--input", &input]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("imported without data (import --data)"), "{}", ran.err);
}

/// The series of a family of the model that is served as `ridge`.
fn series(server: &Server, start: &str) -> Option<f64> {
    let (_, text) = server.ask("GET", "/metrics", "");
    let lines = text.as_str().unwrap().lines().map(str::to_owned).collect::<Vec<String>>();
    lines.iter().find_map(|line| line.strip_prefix(start)?.trim().parse().ok())
}

#[test]
fn a_server_shows_the_same_psi_after_1000_rows() {
    let directory = tempfile::tempdir().unwrap();
    let model = fixture("boston-ridge");
    let server = Server::start(&["--model", &model]);
    let (all, gauge) = (rows(2_000, 0.3), "smartserve_feature_drift_psi{model=\"ridge\",feature=\"RM\"}");
    let lines: Vec<&str> = all.lines().collect();
    let part = |from: usize, to: usize| format!("{}\n{}\n", lines[0], lines[1 + from..=to].join("\n"));
    let send = |text: &str| assert_eq!(server.ask_csv("/predict", text).0, 200);
    send(&part(0, 999));
    assert_eq!(series(&server, gauge), None);
    send(&part(999, 1_000));
    let offline = |text: &str| {
        let input = write(directory.path(), "rows.csv", text);
        json(&["drift", "--model", &model, "--input", &input]).1
    };
    let report = offline(&part(0, 1_000));
    for name in NAMES {
        let shown = series(&server, &gauge.replace("RM", name));
        assert_eq!(shown, of(&report, name)["psi"].as_f64(), "{name}");
    }
    let shown = series(&server, "smartserve_prediction_drift_psi{model=\"ridge\"}");
    assert_eq!(shown, report["prediction"]["psi"].as_f64());
    // The next window begins anew, and ends with the request that fills it.
    let other = rows(1_200, 2.0);
    send(&other);
    assert_eq!(series(&server, gauge), of(&offline(&other), "RM")["psi"].as_f64());
}

/// Rows whose target is noise for the greater part.
fn noisy(n: usize, random: &mut Random) -> String {
    let mut row = |_| {
        let (x, z) = (random.number(), random.number());
        let noise = (0..6).map(|_| random.number()).sum::<f64>();
        vec![x.to_string(), z.to_string(), (0.2 * x + noise).to_string()]
    };
    csv(&["x", "z", "y"], (0..n).map(&mut row).collect::<Vec<_>>())
}

/// A forest fits its 400 training rows closely, so that its answers for them are spread wider than those for new rows.
#[test]
fn predictions_of_a_close_fit_do_not_drift_on_rows_like_those_of_training() {
    let directory = tempfile::tempdir().unwrap();
    let random = &mut Random(0x2545_f491_4f6c_dd1d);
    let data = write(directory.path(), "fit.csv", &noisy(400, random));
    let today = write(directory.path(), "today.csv", &noisy(1_000, random));
    let psi = |folds: &str| {
        let model = directory.path().join("m.model").display().to_string();
        let words = ["train", "--data", &data, "--target", "y", "--test-size", "0", "--trees", "30", "-o", &model];
        let ran = run(&[&words[..], &["--algorithm", "random-forest", "--folds", folds]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let (code, report) = json(&["drift", "--model", &model, "--input", &today]);
        (code, report["prediction"]["psi"].as_f64().unwrap())
    };
    let (code, out_of_fold) = psi("10");
    assert!(code == 0 && out_of_fold < 0.1, "{out_of_fold}");
    // Without folds there are only the answers for the training rows.
    let (code, in_sample) = psi("0");
    assert!(code == 1 && in_sample > 0.2, "{in_sample}");
}

#[test]
fn answers_that_many_rows_share_do_not_alarm_on_rows_like_those_of_training() {
    let directory = tempfile::tempdir().unwrap();
    // Four categories are four answers; the model of each fold has four others near them.
    let mut random = Random(7);
    let table = csv(
        &["kind", "y"],
        (0..400).map(|row| {
            let kind = ["a", "b", "c", "d"][row * 7 % 4];
            vec![
                kind.to_owned(),
                format!("{:.3}", f64::from(u32::try_from(row * 7 % 4).unwrap()) + random.number() / 2.0),
            ]
        }),
    );
    let data = write(directory.path(), "t.csv", &table);
    let model = directory.path().join("m.model").display().to_string();
    for algorithm in ["ridge", "hist-gradient-boosting"] {
        let ran = run(&["train", "--data", &data, "--target", "y", "--algorithm", algorithm, "-o", &model]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let (code, report) = json(&["drift", "--model", &model, "--input", &data]);
        let psi = report["prediction"]["psi"].as_f64().unwrap();
        assert!(code == 0 && psi < 0.02, "{algorithm}: {report}");
    }
    // What has drifted is told: only two of the kinds.
    let some: Vec<&str> = table.lines().filter(|line| !line.starts_with(['c', 'd'])).collect();
    let input = write(directory.path(), "some.csv", &(some.join("\n") + "\n"));
    let (code, report) = json(&["drift", "--model", &model, "--input", &input]);
    assert!(code == 1 && report["prediction"]["psi"].as_f64().unwrap() > 0.2, "{report}");
}
