//! Columns of dates through the program: recognised, trained, served in every dialect, told as dates.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::process::{Ran, Server, run_with};
use smartserve::model::artifact::{Header, open};
use smartserve::text::date::Instant;

/// Trains on `table` without folds; gives what was said, the file called `t.csv`.
pub(super) fn train(directory: &Path, table: &str, algorithm: &str, more: &[&str]) -> Ran {
    let (data, model) = (directory.join("t.csv"), directory.join("m.model"));
    std::fs::write(&data, table).unwrap();
    let (data, model) = (data.to_str().unwrap(), model.to_str().unwrap());
    let args = ["train", "--data", data, "--target", "y", "--algorithm", algorithm, "--folds", "0", "-o", model];
    let mut ran = run_with(&[], &[&args[..], more].concat());
    ran.err = ran.err.replace(data, "t.csv");
    ran
}

pub(super) fn header(directory: &Path) -> Header {
    open(&std::fs::read(directory.join("m.model")).unwrap()).unwrap().header
}

/// The predictions for a CSV text, as they are printed.
pub(super) fn predict(directory: &Path, rows: &str) -> Result<Vec<String>, String> {
    let (input, model) = (directory.join("rows.csv"), directory.join("m.model"));
    std::fs::write(&input, rows).unwrap();
    let ran = run_with(&[], &["predict", "--model", model.to_str().unwrap(), "--input", input.to_str().unwrap()]);
    if ran.code != Some(0) {
        return Err(ran.err.replace(input.to_str().unwrap(), "rows.csv"));
    }
    Ok(ran.out.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().to_owned()).collect())
}

fn at(seconds: i64) -> String {
    Instant { seconds, nanoseconds: 0 }.to_string()
}

/// Every seventh hour of a year from 2021 on: `y` is by the hour, and 50 more at the weekend.
pub(super) fn hours() -> String {
    (0..600_i64).fold("when,x,y\n".to_owned(), |mut text, i| {
        let time = Instant { seconds: 1_609_459_200 + i * 25_200, nanoseconds: 0 };
        let [_, _, _, weekday, hour] = time.civil();
        let _ = writeln!(text, "{time},{},{}", i % 5, hour + if weekday > 4 { 50 } else { 0 });
        text
    })
}

#[test]
fn a_column_of_dates_becomes_its_parts() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    for algorithm in ["hist-gradient-boosting", "decision-tree", "ridge"] {
        let ran = train(directory, &hours(), algorithm, &[]);
        assert!(ran.code == Some(0) && !ran.err.contains("warning"), "{algorithm}: {}", ran.err);
        let said =
            "when is read as a date, 2021-01-01 to 2021-06-24T17:00:00Z: year, month, day, weekday, hour, seconds";
        assert!(ran.out.contains(said), "{}", ran.out);
        let header = header(directory);
        assert_eq!(header.features[0].kind.name(), "date");
        let r2 = header.evaluation.unwrap().holdout.unwrap().r2.unwrap();
        assert!(r2 > if algorithm == "ridge" { 0.5 } else { 0.95 }, "{algorithm}: {r2}");
        if let Some(preprocessing) = header.preprocessing {
            let parts: Vec<&str> = preprocessing.columns.iter().filter_map(|c| c.part).map(|p| p.name()).collect();
            // The year is one and the same.
            assert_eq!(parts, ["month", "day", "weekday", "hour", "seconds"]);
        }
        // A Saturday, and the Monday after; neither is in the file.
        let answers = predict(directory, "when,x\n2022-05-07T03:30:00Z,1\n2022-05-09T03:30:00Z,1\n").unwrap();
        let answers: Vec<f64> = answers.iter().map(|answer| answer.parse().unwrap()).collect();
        assert!(answers[0] - answers[1] > 20.0, "{algorithm}: {answers:?}");
    }
    let coefficients: Vec<String> =
        header(directory).coefficients.unwrap()[0].coefficients.iter().map(|c| c.name()).collect();
    assert_eq!(coefficients, ["when.month", "when.day", "when.weekday", "when.hour", "when.seconds", "x"]);
}

#[test]
fn every_dialect_reads_a_date_as_the_file_does() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    assert_eq!(train(directory, &hours(), "random-forest", &["--trees", "5", "--allow-missing"]).code, Some(0));
    let rows = "when,x\n2021-05-08T14:00:00Z,1\n2021-05-08 16:00:00+02:00,1\n2021-05-08 14:00,1\n2021/5/8 2:00 PM,1\n";
    let answers = predict(directory, rows).unwrap();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let expected: f64 = answers[0].parse().unwrap();
    let server = Server::start(&["--model", directory.join("m.model").to_str().unwrap()]);
    let when = "2021-05-08T14:00:00.000";
    for body in [
        json!({ "when": when, "x": 1 }),
        json!([{ "when": when, "x": 1 }]),
        json!({ "when": { "0": when }, "x": { "0": 1 } }),
        json!({ "when": [when], "x": [1] }),
        json!({ "columns": ["when", "x"], "index": [0], "data": [[when, 1]] }),
    ] {
        assert_eq!(server.predict(&body), json!([expected]), "{body}");
    }
    let (status, csv) = server.ask_csv("/predict", "when,x\n2021-05-08T14:00:00Z,1\n");
    assert_eq!((status, csv.contains(&answers[0])), (200, true), "{csv}");
    let line = format!("{{\"when\":\"{when}\",\"x\":1}}\n");
    let (status, lines) = server.ask_as("application/x-ndjson", "/predict", &line);
    assert_eq!((status, lines.contains(&answers[0])), (200, true), "{lines}");
    let tensor = |datatype: &str, data: Value| {
        let inputs = [
            json!({ "name": "when", "shape": [1], "datatype": datatype, "data": [data] }),
            json!({ "name": "x", "shape": [1], "datatype": "FP64", "data": [1] }),
        ];
        server.ask("POST", "/v2/models/m/infer", &json!({ "inputs": inputs }).to_string())
    };
    assert_eq!(tensor("BYTES", json!(when)).1["outputs"][0]["data"], json!([expected]));
    let (status, refused) = tensor("INT64", json!(1_620_482_400_000_i64));
    assert_eq!(status, 422);
    let expected = "when must be a date such as 2021-03-04, 2021-03-04T17:06:07Z or 2021-03-04 17:06:07+01:00, not \
                    1620482400000; a number is not read as a date: write it as text (pandas: \
                    to_json(date_format=\"iso\")); training saw 2021-01-01";
    assert!(refused["errors"][0]["detail"].as_str().unwrap().starts_with(expected), "{refused}");
    for wrong in [json!(1_620_482_400_000_i64), json!(1.5), json!(true), json!("08.05.2021"), json!("2021-02-30")] {
        let (status, refused) = server.ask("POST", "/predict", &json!({ "when": wrong, "x": 1 }).to_string());
        assert_eq!(status, 422, "{wrong}");
        assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("must be a date such as"), "{refused}");
    }
    assert_eq!(server.ask("POST", "/predict", "{\"when\":null,\"x\":1}").0, 200);
    let (_, metadata) = server.ask("GET", "/v2/models/m", "");
    assert_eq!(metadata["inputs"][0]["datatype"], "BYTES");
    let (_, document) = server.ask("GET", "/openapi.json", "");
    let property = &document["components"]["schemas"]["m.Record"]["properties"]["when"];
    assert_eq!(
        (&property["type"], &property["format"]),
        (&json!(["string", "null"]), &json!("date-time")),
        "{document}"
    );
    assert_eq!(property["x-training"]["min"], "2021-01-01");
    let example = property["examples"][0].as_str().unwrap();
    assert!(server.predict(&json!({ "when": example, "x": 1 })).is_array(), "{example}");
    let (_, metrics) = server.ask("GET", "/metrics", "");
    assert!(metrics.as_str().unwrap().contains("feature=\"when\",bin=\"2021-01-19T15:18:00Z\"} 0\n"));
    let error = predict(directory, "when,x\n2021-05-08,1\n1620482400,1\n").unwrap_err();
    assert!(error.starts_with("smartserve: rows.csv, line 3, column 1 (when): when must be a date"), "{error}");
}

#[test]
fn the_cells_say_whether_the_day_is_first_or_a_flag_does() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let table = |cell: &dyn Fn(i64) -> String| {
        (0..60_i64).fold("when,x,y\n".to_owned(), |text, i| format!("{text}{},{},{i}\n", cell(i), i % 7))
    };
    let kind = || header(directory).features[0].kind.name();
    let of_day = |i: i64| -> [i64; 3] {
        let [year, month, day, ..] = Instant { seconds: (18_700 + i) * 86_400, nanoseconds: 0 }.civil();
        [year, month, day]
    };
    let cases: [(&dyn Fn(i64) -> String, &str); 4] = [
        (
            &|i| {
                let [y, m, d] = of_day(i);
                format!("{d:02}.{m:02}.{y}")
            },
            "date-day-first",
        ),
        (
            &|i| {
                let [y, m, d] = of_day(i);
                format!("{d}/{m}/{y} 17:30")
            },
            "date-day-first",
        ),
        (
            &|i| {
                let [y, m, d] = of_day(i);
                format!("{m}/{d}/{y} 5:30 PM")
            },
            "date-month-first",
        ),
        (
            &|i| {
                let [y, m, d] = of_day(i);
                format!("{y}/{m}/{d}")
            },
            "date",
        ),
    ];
    for (cell, expected) in cases {
        let ran = train(directory, &table(cell), "decision-tree", &[]);
        assert_eq!(ran.code, Some(0), "{}: {}", cell(0), ran.err);
        assert_eq!(kind(), expected);
        let min = header(directory).features[0].stats.as_ref().unwrap().min.unwrap();
        assert_eq!(min.rem_euclid(86_400.0), if cell(0).contains(':') { 63_000.0 } else { 0.0 });
        // What pandas' JSON says of the same frame is read too.
        let iso = predict(directory, "when,x\n2021-03-20T00:00:00,1\n").unwrap();
        assert_eq!(iso.len(), 1);
    }
    let undecided = table(&|i| format!("{}/{}/2021", i % 12 + 1, i / 12 + 1));
    let ran = train(directory, &undecided, "decision-tree", &[]);
    let expected = "smartserve: t.csv, column 1 (when): \"1/1/2021\" and all other cells can be read with the day first or \
                    the month first: say --date when=day-first or --date when=month-first, or --categorical when or --drop \
                    when\n";
    assert_eq!((ran.code, ran.err.as_str()), (Some(65), expected));
    for (form, day) in [("when=day-first", "2021-01-02"), ("when=month-first", "2021-02-01")] {
        assert_eq!(train(directory, &undecided, "decision-tree", &["--date", form]).code, Some(0));
        let same = predict(directory, &format!("when,x\n2/1/2021,1\n{day},1\n")).unwrap();
        assert_eq!(same[0], same[1]);
    }
    assert_eq!(train(directory, &undecided, "decision-tree", &["--categorical", "when"]).code, Some(0));
    assert_eq!(kind(), "categorical");
}

#[test]
fn what_is_no_date_is_told_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let table = |odd: &str| {
        let day = |i: i64| {
            if i == 3 { odd.to_owned() } else { at((18_700 + i) * 86_400) }
        };
        (0..60).fold("when,y\n".to_owned(), |text, i| format!("{text}{},{}\n", day(i), i % 7))
    };
    let ran = train(directory, &table("soon"), "hist-gradient-boosting", &["--date", "when"]);
    let expected = "smartserve: t.csv, line 5, column 1 (when): \"soon\" is not a date such as 2021-03-04, \
                    2021-03-04T17:06:07Z or 2021-03-04 17:06:07+01:00 (--date); 59 of 60 cells of the column are dates so \
                    written\n";
    assert_eq!((ran.code, ran.err.as_str()), (Some(65), expected));
    let ran = train(directory, &table("2021-02-30"), "hist-gradient-boosting", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let expected = "when is read as categories because of \"2021-02-30\" on line 5, though most of its cells are dates; \
                    --date when makes such cells an error";
    assert!(ran.out.contains(expected), "{}", ran.out);
    let epoch = (0..60).fold("when,y\n".to_owned(), |text, i| format!("{text}{},{}\n", 1_600_000_000 + i, i % 7));
    let ran = train(directory, &epoch, "hist-gradient-boosting", &["--date", "when"]);
    let expected = "smartserve: t.csv, line 2, column 1 (when): \"1600000000\" is not a date such as";
    assert!(ran.code == Some(65) && ran.err.starts_with(expected), "{}", ran.err);
    assert!(ran.err.contains("seconds and the like since 1970, are numbers already"), "{}", ran.err);
    let both = train(directory, &epoch, "hist-gradient-boosting", &["--date", "when", "--numeric", "when"]);
    assert_eq!((both.code, both.err.as_str()), (Some(2), "smartserve: \"when\" is in both --numeric and --date\n"));
    let unused = train(directory, &epoch, "hist-gradient-boosting", &["--date", "y"]);
    assert_eq!(
        (unused.code, unused.err.as_str()),
        (Some(2), "smartserve: \"y\" (--date) is not one of the features\n")
    );
}

#[test]
fn missing_dates_are_the_median_instant_or_left_to_boosting() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let day = |i: i64| {
        if i % 6 == 0 { ["", "NaT", "null"][(i / 6 % 3) as usize].to_owned() } else { at((18_700 + i) * 86_400) }
    };
    let table = (0..90)
        .fold("when,y\n".to_owned(), |text, i| format!("{text}{},{}\n", day(i), if i % 6 == 0 { 500 } else { i }));
    let ran = train(directory, &table, "decision-tree", &["--test-size", "0"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let answers = predict(directory, "when\n\"\"\nNaT\n2021-04-28\n").unwrap();
    assert!(answers.iter().all(|answer| *answer == answers[2]), "{answers:?}");
    let inspected = run_with(&[], &["inspect", directory.join("m.model").to_str().unwrap()]).out;
    let line = inspected.lines().find(|line| line.starts_with("when")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, ["when", "date", "2021-03-15", "to", "2021-06-11", "median", "2021-04-28"], "{inspected}");
    let ran = train(directory, &table, "hist-gradient-boosting", &["--test-size", "0", "--min-samples-leaf", "3"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let answers = predict(directory, "when\n\"\"\n2021-04-28\n").unwrap();
    let answers: Vec<f64> = answers.iter().map(|answer| answer.parse().unwrap()).collect();
    assert!(answers[0] > 300.0 && answers[1] < 150.0, "{answers:?}");
}

#[test]
fn a_refused_column_of_dates_and_a_column_of_times_are_read_as_dates_are() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let table = |day: &dyn Fn(i64) -> String| {
        (0..300).fold("when,x,y\n".to_owned(), |text, i| format!("{text}{},{},{}\n", day(i), i % 7, i * 3))
    };
    let odd = table(&|i| {
        if i == 3 { "2021-02-30".to_owned() } else { at((18_700 + i) * 86_400) }
    });
    let ran = train(directory, &odd, "linear", &[]);
    let told = "; most of its cells are dates, and \"2021-02-30\" is none: --date when makes such cells an error\n";
    assert!(ran.code == Some(65) && ran.err.ends_with(told), "{}", ran.err);
    let month_first = |i: i64| format!("{}/{}/2021", i % 12 + 1, i / 12 + 1);
    let times = table(&|i| {
        if i % 5 == 0 { "12/25/2021".to_owned() } else { month_first(i) }
    });
    assert_eq!(train(directory, &times, "linear", &["--time", "when"]).code, Some(0));
    let undecided = table(&|i| month_first(i % 144));
    let ran = train(directory, &undecided, "linear", &["--time", "when"]);
    let told = "say --date when=day-first or --date when=month-first\n";
    assert!(ran.code == Some(65) && ran.err.ends_with(told), "{}", ran.err);
    let ran = train(directory, &undecided, "linear", &["--time", "when", "--date", "when=day-first"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}
