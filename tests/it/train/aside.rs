//! Rows set aside as people must: a file of their own, whole groups, the latest. What is held out teaches nothing, and what
//! cannot be split so is told.

use std::borrow::Cow;

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::{Header, open};
use smartserve::model::calibration::{Calibration, Scores};
use smartserve::table::TableFile;
use smartserve::train::random::SplitMix64;
use smartserve::train::{TrainError, TrainSpec, TrainTables, Trained, train};

use crate::support::process::run_with;

fn table(name: &str, text: String) -> TableFile {
    TableFile::from_bytes(name, text.into_bytes())
}

/// Rows `x,kind,patient,day,y`: 15 patients, days in another order than the rows; `y` of row `changed` is another.
fn visits_text(n_rows: usize, changed: Option<usize>) -> String {
    let mut random = SplitMix64::new(3, 3);
    let mut text = "x,kind,patient,day,y\n".to_owned();
    for row in 0..n_rows {
        let (x, patient) = (random.below(1_000) as f64 / 10.0, random.below(15));
        let day = (row * 37) % n_rows;
        let y = if changed == Some(row) { 9e6 } else { x * 3.0 + day as f64 };
        let date = format!("2024-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
        text += &format!("{x},{},p{patient},{date},{y}\n", ["a", "b"][row % 2]);
    }
    text
}

fn visits(n_rows: usize, changed: Option<usize>) -> TableFile {
    table("visits.csv", visits_text(n_rows, changed))
}

fn spec(algorithm: Algorithm) -> TrainSpec {
    let features = ["x", "kind"].map(str::to_owned).to_vec();
    let mut spec = TrainSpec { features, folds: Some(4), ..TrainSpec::new("m", "y", algorithm) };
    if algorithm == Algorithm::HistGradientBoosting {
        spec.options.set("trees", 10).unwrap();
    }
    spec
}

fn header(trained: &Trained) -> Header {
    open(&trained.artifact).unwrap().header
}

/// The section, and the bits of each entry's residual.
fn calibration(trained: &Trained) -> (Calibration, Vec<u64>) {
    let opened = open(&trained.artifact).unwrap();
    let calibration = Calibration::decode(opened.section("calibration").unwrap()).unwrap();
    let info = opened.header.calibration.as_ref().unwrap();
    calibration.check(info.n, info.folds, 0).unwrap();
    let Scores::Residuals { residual, .. } = &calibration.scores else { panic!() };
    let bits = residual.iter().map(|r| r.to_bits()).collect();
    (calibration, bits)
}

#[test]
fn folds_by_time_learn_from_earlier_rows_alone() {
    for algorithm in [Algorithm::Ridge, Algorithm::HistGradientBoosting] {
        let spec = TrainSpec { time: Some("day".to_owned()), test_size: 0.0, ..spec(algorithm) };
        let clean = train(&spec, &visits(100, None), &()).unwrap();
        let (calibrated, scores) = calibration(&clean);
        // The twenty earliest of 100 rows are held out by no fold.
        assert_eq!((scores.len(), calibrated.fold.len()), (80, 80));
        let held_out: Vec<usize> = (0..100).filter(|row| (row * 37) % 100 >= 20).collect();
        let of_day = |row: usize| ((row * 37) % 100 - 20) / 20;
        assert!(held_out.iter().zip(&calibrated.fold).all(|(row, fold)| *fold as usize == of_day(*row)), "{algorithm}");
        // A row of the third fold is changed: its own answers, and those of the folds before, are not.
        let changed = held_out.iter().copied().find(|row| of_day(*row) == 2).unwrap();
        let (_, other) = calibration(&train(&spec, &visits(100, Some(changed)), &()).unwrap());
        let same = |at: &usize| scores[*at] == other[*at];
        let (before, after): (Vec<usize>, Vec<usize>) =
            (0..80).filter(|at| held_out[*at] != changed).partition(|at| of_day(held_out[*at]) <= 2);
        assert!(before.iter().all(same), "{algorithm}: a later row leaked");
        assert!(!after.iter().any(same), "{algorithm}");
        assert_eq!(header(&clean).evaluation.unwrap().k_fold.unwrap().mean.n, 80);
        Model::load(&clean.artifact).unwrap().check_golden().unwrap();
    }
}

#[test]
fn the_latest_rows_are_set_aside() {
    let spec = TrainSpec { time: Some("day".to_owned()), ..spec(Algorithm::Ridge) };
    let trained = train(&spec, &visits(100, None), &()).unwrap();
    let evaluation = header(&trained).evaluation.unwrap();
    assert_eq!((evaluation.split.as_deref(), evaluation.holdout.as_ref().unwrap().n), (Some("time day"), 20));
    // What is fitted does not know the latest day.
    let latest = (0..100).find(|row| (row * 37) % 100 == 99).unwrap();
    let other = train(&spec, &visits(100, Some(latest)), &()).unwrap();
    let section = |trained: &Trained| open(&trained.artifact).unwrap().section("estimator").unwrap().to_vec();
    assert_eq!(section(&trained), section(&other));
    assert_ne!(evaluation.holdout, header(&other).evaluation.unwrap().holdout);
    let text = trained.report.to_string();
    assert!(text.contains("80 to train on, 20 set aside (the latest by day; folds go forward)"), "{text}");
}

#[test]
fn a_group_is_never_held_out_and_fitted_on() {
    let spec = TrainSpec { group: Some("patient".to_owned()), test_size: 0.0, ..spec(Algorithm::Ridge) };
    let clean = train(&spec, &visits(100, None), &()).unwrap();
    let (calibrated, scores) = calibration(&clean);
    let text = visits_text(100, None);
    let patients: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').nth(2).unwrap()).collect();
    for row in 0..100 {
        assert!(
            (0..100).all(|other| patients[row] != patients[other] || calibrated.fold[row] == calibrated.fold[other])
        );
    }
    let (_, other) = calibration(&train(&spec, &visits(100, Some(50)), &()).unwrap());
    let same = |row: &usize| scores[*row] == other[*row];
    let (its_fold, others): (Vec<usize>, Vec<usize>) =
        (0..100).filter(|row| *row != 50).partition(|row| calibrated.fold[*row] == calibrated.fold[50]);
    assert!(its_fold.iter().all(same) && !others.iter().any(same));
    assert_eq!(header(&clean).evaluation.unwrap().split.as_deref(), Some("group patient"));
    let aside = train(&TrainSpec { test_size: 0.2, ..spec }, &visits(100, None), &()).unwrap();
    assert!(aside.report.to_string().contains("set aside (whole groups of patient)"), "{}", aside.report);
}

#[test]
fn columns_of_group_and_time_are_no_features() {
    let features = |spec: TrainSpec| {
        let features = header(&train(&spec, &visits(60, None), &()).unwrap()).features;
        features.into_iter().map(|feature| feature.name).collect::<Vec<_>>()
    };
    let all = || TrainSpec { features: Vec::new(), folds: Some(2), ..spec(Algorithm::DecisionTree) };
    assert_eq!(features(TrainSpec { group: Some("patient".to_owned()), ..all() }), ["x", "kind", "day"]);
    assert_eq!(features(TrainSpec { time: Some("day".to_owned()), ..all() }), ["x", "kind", "patient"]);
    let named = vec!["x".to_owned(), "day".to_owned()];
    assert_eq!(features(TrainSpec { time: Some("day".to_owned()), features: named, ..all() }), ["x", "day"]);
}

#[test]
fn a_file_of_its_own_is_the_holdout() {
    let spec = spec(Algorithm::Ridge);
    let data = visits(80, None);
    // Other columns, another order, and a kind that the training file does not have.
    let test = table("later.csv", "y,extra,kind,x\n10,,a,1\n12,,c,2.5\n7,,b,\n".to_owned());
    let both = TrainTables { data: Cow::Borrowed(&data), test: Some(Cow::Borrowed(&test)) };
    let trained = train(&spec, both, &()).unwrap();
    let alone = train(&TrainSpec { test_size: 0.0, ..spec.clone() }, &data, &()).unwrap();
    let (header, of_data) = (header(&trained), header(&alone));
    assert_eq!(header.features[1].categories, ["a", "b", "c"]);
    let evaluation = header.evaluation.unwrap();
    assert_eq!((evaluation.holdout.unwrap().n, evaluation.k_fold.unwrap().mean.n), (3, 80));
    assert_eq!(
        header.features[0].stats, of_data.features[0].stats,
        "all rows of the data are trained on, and no others"
    );
    let report = &trained.report;
    assert_eq!((report.data.rows, report.data.test_rows, report.data.test_file.as_deref()), (80, 3, Some("later.csv")));
    let text = report.to_string();
    assert!(text.contains("80 rows, 80 to train on, 3 set aside in later.csv;"), "{text}");
    assert!(
        text.contains("2 of 3 test rows (first on line 3 of later.csv, kind) have a category or a missing"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_split_so_is_told() {
    let base = || spec(Algorithm::Ridge);
    let by_time = || TrainSpec { time: Some("t".to_owned()), features: vec!["x".to_owned()], ..base() };
    let by_group = || TrainSpec { group: Some("t".to_owned()), features: vec!["x".to_owned()], ..base() };
    let rows = |times: &[&str]| {
        let rows: String = times.iter().zip(0..).map(|(time, row)| format!("{row},{time},{}\n", row * row)).collect();
        table("t.csv", format!("x,t,y\n{rows}"))
    };
    let fails = |spec: &TrainSpec, table: &TableFile| train(spec, table, &()).unwrap_err().to_string();
    let cases = [
        (
            by_time(),
            vec!["1", "2", "3", "", "5", "6"],
            "t.csv, line 5, column 2 (t): the row's time is missing; fill it in, or remove the row",
        ),
        (
            by_group(),
            vec!["a", "b", "c", "", "e", "f"],
            "t.csv, line 5, column 2 (t): the row's group is missing; give it one of its own, or remove the row",
        ),
        (
            by_time(),
            vec!["2024-01-01", "2024-02-30"],
            "t.csv, line 3, column 2 (t): \"2024-02-30\" is neither a number nor a date or time such as 2021-03-04, 2021-03-04T17:06:07Z or 2021-03-04 17:06:07+01:00",
        ),
        (
            by_time(),
            vec!["2024-01-01", "7"],
            "t.csv, line 3, column 2 (t): \"7\" is a number, and other cells of the column are not; write all as numbers or all as 2021-03-04, 2021-03-04T17:06:07Z or 2021-03-04 17:06:07+01:00",
        ),
        (by_time(), vec!["1"; 8], "t.csv: all rows have one time in \"t\" (--time): none are later than others"),
        (
            by_time(),
            vec!["1", "1", "2", "2", "3", "3", "4", "4"],
            "t.csv: the training rows are of 3 times (--time), too few for 4 folds and rows before the first of them: use fewer --folds, or --folds 0 for none",
        ),
        (
            by_group(),
            vec!["a", "a", "b", "b", "c", "c", "d", "d"],
            "t.csv: the training rows are of 3 groups (--group), too few for 4 folds: use fewer --folds, or --folds 0 for none",
        ),
    ];
    for (spec, times, expected) in cases {
        assert_eq!(fails(&spec, &rows(&times)), expected);
    }
    let near = fails(&TrainSpec { time: Some("dya".to_owned()), ..base() }, &visits(40, None));
    assert_eq!(near, "visits.csv: no column is called \"dya\" (--time); did you mean \"day\"?");
    let taken = TrainSpec { group: Some("kind".to_owned()), ..base() };
    assert_eq!(fails(&taken, &visits(40, None)), "\"kind\" is in --features and --group");
    let both = TrainSpec { group: Some("patient".to_owned()), ..by_time() };
    assert!(
        matches!(train(&both, &visits(40, None), &()).unwrap_err(), TrainError::Usage(text) if text.starts_with("--group and --time"))
    );
}

#[test]
fn a_class_that_a_fit_would_not_see_is_told() {
    let rows: String =
        (0..40).map(|row| format!("{row},{},{row},g{}\n", ["a", "b"][usize::from(row >= 30)], row / 10)).collect();
    let data = table("t.csv", format!("x,y,t,g\n{rows}"));
    let spec = TrainSpec { features: vec!["x".to_owned()], ..TrainSpec::new("m", "y", Algorithm::Logistic) };
    let fails = |spec: TrainSpec| train(&spec, &data, &()).unwrap_err().to_string();
    let time = TrainSpec { time: Some("t".to_owned()), ..spec.clone() };
    assert_eq!(
        fails(TrainSpec { test_size: 0.25, ..time.clone() }),
        "t.csv: no training row is of class \"b\", all its rows are set aside: remove them, or set other rows aside"
    );
    assert_eq!(
        fails(TrainSpec { test_size: 0.0, folds: Some(3), ..time }),
        "t.csv: fold 1 of 3 would be fitted on no row of class \"b\": use fewer --folds, or --folds 0 for none, or remove the class"
    );
    let group = TrainSpec { group: Some("g".to_owned()), test_size: 0.0, folds: Some(4), ..spec };
    assert!(fails(group).contains("would be fitted on no row of class \"b\""));
}

#[test]
fn the_second_file_must_fit_the_first() {
    let spec = spec(Algorithm::Ridge);
    let data = visits(60, None);
    let fails = |spec: &TrainSpec, text: &str| {
        let test = table("later.csv", text.to_owned());
        train(spec, TrainTables { data: Cow::Borrowed(&data), test: Some(Cow::Borrowed(&test)) }, &())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(fails(&spec, "x,y\n1,2\n"), "later.csv: no column is called \"kind\" (--test-data); it has x, y");
    assert_eq!(
        fails(&spec, "x,kind,y\nz,a,2\n"),
        "later.csv, line 2, column 1 (x): \"z\" is not a number; correct it or leave the cell empty"
    );
    assert_eq!(
        fails(&spec, "kind,x,y\na,1,\n"),
        "later.csv, line 2, column 3 (y): the target is missing; remove the row"
    );
    let grouped = TrainSpec { group: Some("patient".to_owned()), ..spec };
    assert_eq!(
        fails(&grouped, "x,kind,y,patient\n1,a,2,new\n1,a,2,p3\n"),
        "later.csv, line 3, column 4 (patient): the group \"p3\" is in both files; leave its rows in one of them"
    );
}

#[test]
fn the_command_takes_a_file_of_rows_set_aside() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (data, test, model) = (path("data.csv"), path("test.csv"), path("m.model"));
    std::fs::write(&data, visits_text(60, None)).unwrap();
    std::fs::write(&test, "day,x,kind,y\n2024-01-02,1,a,4\n2024-09-01,3,b,70\n").unwrap();
    let common =
        ["train", "--data", &data, "--target", "y", "--algorithm", "ridge", "--features", "x,kind", "--folds", "3"];
    let run = |more: &[&str]| run_with(&[], &[&common, more].concat());
    let ran = run(&["--test-data", &test, "--time", "day", "-o", &model]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains(&format!("60 to train on, 2 set aside in {test} (the latest by day; folds go forward)")),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("1 of 2 rows of") && ran.out.contains("are not later than the last row that is trained on"),
        "{}",
        ran.out
    );
    for (more, said) in [
        (["--test-data", &test, "--test-size", "0.1", "-o", &model], "cannot be used with"),
        (["--group", "patient", "--time", "day", "-o", &model], "cannot be used with"),
    ] {
        let ran = run(&more);
        assert!(ran.code == Some(2) && ran.err.contains(said), "{ran:?}");
    }
    let absent = path("none.csv");
    assert_eq!(run(&["--test-data", &absent, "-o", &model]).code, Some(66));
    let clobbers = run(&["--test-data", &test, "-o", &test]);
    assert!(clobbers.code == Some(2) && clobbers.err.contains("the --test-data"), "{clobbers:?}");
}
