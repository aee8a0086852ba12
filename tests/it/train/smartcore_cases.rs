//! Where smartcore panics, overflows the stack or answers something wrong, for every algorithm: a clear error, or a fit
//! that is sound. What files that lie to it do is in the `hostile_…` tests.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use crate::support::router::post;
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::app::Options as HttpOptions;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::open;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::ServedModel;
use smartserve::table::{ErrorClass, Head, RowReader, TableFile};
use smartserve::train::{Options, TrainSpec, Trained, train};

/// An algorithm and what it predicts: numbers, or two classes.
#[derive(Debug, Clone, Copy)]
struct Case {
    algorithm: Algorithm,
    classes: bool,
}

fn cases() -> impl Iterator<Item = Case> {
    let of = |algorithm: Algorithm| {
        let numbers = algorithm.does_regression().then_some(Case { algorithm, classes: false });
        numbers.into_iter().chain(algorithm.does_classification().then_some(Case { algorithm, classes: true }))
    };
    Algorithm::ALL.into_iter().filter(|a| !a.takes_raw_cells()).flat_map(of)
}

/// Numbers that look like chance.
fn chance(i: usize) -> usize {
    (i * 7_919 + i * i * 104_729 + 12_345) / 7 % 101
}

impl Case {
    fn target(self, i: usize) -> String {
        let y = 3 * chance(i) + i % 5;
        if self.classes { ["low", "high"][usize::from(y > 150)].to_owned() } else { y.to_string() }
    }

    /// 60 rows `a,b,…,y`; `more` gives the cells between.
    fn csv(self, more: &str, cells: impl Fn(usize) -> String) -> String {
        let mut text = format!("a,b{more},y\n");
        for i in 0..60 {
            writeln!(text, "{},{}{},{}", chance(i), chance(i + 200), cells(i), self.target(i)).unwrap();
        }
        text
    }

    fn plain(self) -> String {
        self.csv("", |_| String::new())
    }

    fn spec(self) -> TrainSpec {
        let mut spec = TrainSpec { folds: Some(3), test_size: 0.0, ..TrainSpec::new("m", "y", self.algorithm) };
        if self.algorithm.is_averaged() || self.algorithm == Algorithm::GradientBoosting {
            spec.options.set("trees", 5).unwrap();
        }
        spec
    }

    fn fitted(self, csv: &str) -> Trained {
        train(&self.spec(), &table(csv), &()).unwrap_or_else(|e| panic!("{self:?}: {e}"))
    }

    #[track_caller]
    fn refused(self, csv: &str, expected: &str) {
        let error = train(&self.spec(), &table(csv), &()).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.class()), (expected, ErrorClass::Invalid), "{self:?}");
    }
}

fn table(csv: &str) -> TableFile {
    TableFile::from_bytes("t.csv", csv.as_bytes().to_vec())
}

fn estimator(trained: &Trained) -> Vec<u8> {
    open(&trained.artifact).unwrap().section("estimator").unwrap().to_vec()
}

/// A model of each case, on `a` and `b`.
fn models() -> &'static [(Case, Model)] {
    static MODELS: OnceLock<Vec<(Case, Model)>> = OnceLock::new();
    MODELS.get_or_init(|| {
        cases().map(|case| (case, Model::load(&case.fitted(&case.plain()).artifact).unwrap())).collect()
    })
}

/// What `predict` says of a file.
fn predict_says(model: &Model, csv: &str) -> String {
    RowReader::new(csv.as_bytes(), "r.csv", model.schema(), Head::Present)
        .and_then(RowReader::reject_unknown)
        .and_then(|mut rows| rows.next_chunk(10))
        .unwrap_err()
        .to_string()
}

/// A server of one case's model.
fn server(case: Case) -> Service {
    let model = Model::load(&case.fitted(&case.plain()).artifact).unwrap();
    let served = Arc::new(ServedModel::new("m", model, true));
    let server = ServerState::new(vec![served], Limits::default(), ExtraFeatures::Reject);
    router(Arc::new(server), Role::Main, HttpOptions::default())
}

/// Every body is answered with its status and words by a model of every algorithm.
async fn server_says(bodies: &[(&'static str, u16, &str)]) {
    for case in cases() {
        let server = server(case);
        for (body, status, words) in bodies {
            let answer = post(&server, "/predict", *body).await;
            assert_eq!(answer.status.as_u16(), *status, "{case:?} {body}: {}", answer.text());
            assert!(answer.text().contains(words), "{case:?} {body}: {}", answer.text());
        }
        assert_eq!(post(&server, "/predict", r#"{"a":1,"b":2}"#).await.status.as_u16(), 200, "{case:?}");
    }
}

#[tokio::test]
async fn a_missing_column_is_named() {
    for (case, model) in models() {
        assert_eq!(predict_says(model, "b\n1\n"), "r.csv: no column \"a\"; the header has \"b\"", "{case:?}");
    }
    server_says(&[
        (r#"{"b":1}"#, 422, "a is missing"),
        (r#"{"columns":["b"],"data":[[1]]}"#, 422, "a is missing"),
        (r#"{"instances":[[1]]}"#, 422, "the row has 1 values, there are 2 columns"),
    ])
    .await;
}

#[tokio::test]
async fn an_unknown_column_is_named() {
    for (case, model) in models() {
        assert_eq!(predict_says(model, "a,b,c\n1,2,3\n"), "r.csv: no feature is called \"c\"", "{case:?}");
    }
    server_says(&[
        (r#"{"a":1,"b":1,"c":1}"#, 422, r#"\"c\" is not a feature of this model; it has a, b"#),
        (r#"{"instances":[[1,2,3]]}"#, 422, "the row has 3 values, there are 2 columns"),
    ])
    .await;
}

#[tokio::test]
async fn a_row_with_nan_or_nothing_is_refused() {
    for (case, model) in models() {
        for cell in ["NaN", ""] {
            let says = predict_says(model, &format!("a,b\n1,{cell}\n"));
            let expected = "r.csv, line 2, column 2 (b): b is missing, and no cell of it was missing in training";
            assert!(says.starts_with(expected), "{case:?}: {says}");
        }
    }
    server_says(&[
        (r#"{"a":1,"b":null}"#, 422, "b is missing, and no cell of it was missing"),
        (r#"{"a":1,"b":NaN}"#, 400, "JSON has no NaN and no Infinity; a missing value is null"),
        (r#"{"a":1,"b":"NaN"}"#, 422, "b must be a number"),
    ])
    .await;
}

#[tokio::test]
async fn a_row_with_an_infinite_number_is_refused() {
    for (case, model) in models() {
        for (cell, words) in
            [("inf", "b must be a number, not \"inf\""), ("1.7e308", "b must be between -1e150 and 1e150")]
        {
            let says = predict_says(model, &format!("a,b\n1,{cell}\n"));
            assert!(says.starts_with(&format!("r.csv, line 2, column 2 (b): {words}")), "{case:?}: {says}");
        }
    }
    server_says(&[
        (r#"{"a":1,"b":1e999}"#, 400, "beyond the range of a 64-bit float"),
        (r#"{"a":1,"b":Infinity}"#, 400, "JSON has no NaN and no Infinity"),
        (r#"{"a":1,"b":-1.7e308}"#, 422, "b must be between -1e150 and 1e150"),
    ])
    .await;
}

#[test]
fn nan_is_fitted_as_the_median() {
    let with = |cell: &'static str| {
        move |i: usize| format!(",{}", if i % 6 == 2 { cell.to_owned() } else { (i % 7).to_string() })
    };
    for case in cases() {
        let expected = estimator(&case.fitted(&case.csv(",c", with("3"))));
        for cell in ["NaN", "", "NA"] {
            let trained = case.fitted(&case.csv(",c", with(cell)));
            assert!(estimator(&trained) == expected, "{case:?} with {cell:?}");
        }
    }
}

#[test]
fn nan_as_the_target_is_refused() {
    for case in cases() {
        // Among words "NaN" is a word.
        for cell in if case.classes { vec![""] } else { vec!["NaN", ""] } {
            let line = case.plain().lines().nth(4).unwrap().to_owned();
            let features = line.rsplit_once(',').unwrap().0;
            let csv = case.plain().replace(&line, &format!("{features},{cell}"));
            case.refused(&csv, "t.csv, line 5, column 3 (y): the target is missing; remove the row");
        }
    }
}

#[test]
fn infinities_are_not_fitted_on() {
    for case in cases() {
        for cell in ["inf", "-Infinity", "1e999", "1.7e308"] {
            let csv = case.csv(",c", |i| format!(",{}", if i == 9 { cell.to_owned() } else { i.to_string() }));
            let most = "larger in size than 1e150, the most that training computes with";
            case.refused(&csv, &format!("t.csv, line 11, column 3 (c): {cell} is {most}"));
        }
    }
}

#[test]
fn a_constant_column_changes_nothing() {
    for case in cases() {
        let trained = case.fitted(&case.csv(",c", |_| ",7".to_owned()));
        assert!(estimator(&trained) == estimator(&case.fitted(&case.plain())), "{case:?}");
        assert!(trained.report.warnings.iter().any(|w| w.contains("c")), "{:?}", trained.report.warnings);
        let only = case
            .plain()
            .lines()
            .skip(1)
            .map(|l| format!("7,7,{}\n", l.rsplit(',').next().unwrap()))
            .collect::<String>();
        let expected = "t.csv: every feature has one value in 60 rows to fit on: use other features or fewer --folds";
        case.refused(&format!("a,b,y\n{only}"), expected);
    }
}

/// The k-fold figure.
fn score(trained: &Trained) -> f64 {
    let mean = &trained.report.evaluation.k_fold.as_ref().unwrap().mean;
    mean.accuracy.or(mean.r2).unwrap()
}

#[test]
fn a_duplicate_column_does_no_harm() {
    for case in cases() {
        let trained = case.fitted(&case.csv(",c", |i| format!(",{}", chance(i))));
        let (score, without) = (score(&trained), score(&case.fitted(&case.plain())));
        assert!(score > without - 0.1, "{case:?}: {score} with it, {without} without");
    }
}

#[test]
fn one_class_or_one_value_is_refused() {
    for case in cases() {
        let same = if case.classes { "high" } else { "5" };
        let rows: String = (0..60).map(|i| format!("{},{},{same}\n", chance(i), chance(i + 200))).collect();
        let expected = if case.classes {
            "t.csv, column 3 (y): all 60 rows are of one class, \"high\": there is nothing to tell apart"
        } else {
            "t.csv, column 3 (y): the target is 5 in all 60 rows: there is nothing to learn"
        };
        case.refused(&format!("a,b,y\n{rows}"), expected);
    }
}

#[test]
fn few_rows_are_fitted_or_refused() {
    let names: Vec<String> = (0..40).map(|c| format!("x{c}")).collect();
    for case in cases() {
        let mut csv = format!("{},y\n", names.join(","));
        for i in 0..24 {
            let cells: Vec<String> = (0..40).map(|c| chance(i * 41 + c).to_string()).collect();
            writeln!(
                csv,
                "{},{}",
                cells.join(","),
                if case.classes { ["s", "t"][i % 2].to_owned() } else { i.to_string() }
            )
            .unwrap();
        }
        if matches!(case.algorithm, Algorithm::Linear | Algorithm::Ridge | Algorithm::Lasso) {
            let expected = format!(
                "t.csv: 24 rows to fit on are too few for 40 encoded columns: {} needs more rows than columns; --drop \
                 columns, add rows, or use random-forest",
                case.algorithm
            );
            case.refused(&csv, &expected);
            continue;
        }
        let model = Model::load(&case.fitted(&csv).artifact).unwrap();
        let batch = Batch::from_rows(model.schema(), vec![50.0; 40]).unwrap();
        model.predict(&batch, &mut Scratch::default()).unwrap();
    }
}

#[test]
fn an_ensemble_of_no_trees_is_a_usage_error() {
    for algorithm in [Algorithm::RandomForest, Algorithm::ExtraTrees, Algorithm::GradientBoosting] {
        let mut none = Options::default();
        none.set("trees", 0).unwrap();
        assert_eq!(none.resolve(algorithm).unwrap_err().to_string(), "--trees 0 is out of range: it is 1 to 10000");
    }
}

#[test]
fn bad_rows_are_refused_by_their_line() {
    for case in cases() {
        for (line, fields) in [("1,2", 2), ("1,2,3,4", 4)] {
            let mut lines: Vec<String> = case.plain().lines().map(str::to_owned).collect();
            lines[5] = line.to_owned();
            case.refused(&lines.join("\n"), &format!("t.csv, line 6: {fields} fields where the header has 3"));
        }
    }
}
