//! What cannot be trained is refused in one clear line, of the right class; what smartcore panics on never reaches it.

use proptest::prelude::*;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::table::{ErrorClass, TableFile};
use smartserve::train::{OPTIONS, Options, TaskChoice, TrainError, TrainSpec, train};

fn table(text: &str) -> TableFile {
    TableFile::from_bytes("t.csv", text.as_bytes().to_vec())
}

/// Rows `i, i mod 3, text, y` under `a,b,c,y`.
fn plain(n: usize) -> TableFile {
    let rows: String = (0..n).map(|i| format!("{i},{},{},{}\n", i % 3, ["u", "v"][i % 2], i * i % 11)).collect();
    table(&format!("a,b,c,y\n{rows}"))
}

fn fails(spec: &TrainSpec, table: &TableFile) -> (String, ErrorClass) {
    let error: TrainError = train(spec, table, &()).unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    (text, error.class())
}

fn spec(algorithm: Algorithm) -> TrainSpec {
    TrainSpec::new("m", "y", algorithm)
}

#[test]
fn bad_data_is_named_with_its_place() {
    let forest = || spec(Algorithm::RandomForest);
    let cases: [(TrainSpec, &str, &str); 13] = [
        (
            forest(),
            "a,y\n1,5\n2,5\n3,5\n",
            "t.csv, column 2 (y): the target is 5 in all 3 rows: there is nothing to learn",
        ),
        (
            forest(),
            "a,y\n1,s\n2,s\n",
            "t.csv, column 2 (y): all 2 rows are of one class, \"s\": there is nothing to tell apart",
        ),
        (
            forest(),
            "a,y\n1,s\n2,t\n3,s\n",
            "t.csv, line 3, column 2 (y): the class \"t\" has one row; a class needs 2: add rows or remove it",
        ),
        (forest(), "a,y\n1,2\n\n2,\n", "t.csv, line 4, column 2 (y): the target is missing; remove the row"),
        (forest(), "a,y\n1,2\n2,NA\n3,4\n", "t.csv, line 3, column 2 (y): the target is missing; remove the row"),
        (forest(), "a,y\n1,2\n", "t.csv: one row is too few to learn from"),
        (
            forest(),
            "a,y\n1,2\n2,3\n3,5\n4,4\n",
            "t.csv: 3 training rows are too few, 10 are needed: use fewer --folds or a smaller --test-size",
        ),
        (
            spec(Algorithm::Ridge),
            "a,y\n1,2\n2,x\n",
            "t.csv, line 3, column 2 (y): \"x\" is not a number, and ridge is to predict one; classes need an algorithm for them",
        ),
        (
            TrainSpec { numeric: vec!["a".into()], ..forest() },
            "a,y\n1,2\nx,3\n",
            "t.csv, line 3, column 1 (a): \"x\" is not a number; correct it or leave the cell empty",
        ),
        (forest(), "a,b,y\n1,,2\n2,NA,3\n", "t.csv, column 2 (b): it holds no value in any row; --drop it"),
        (forest(), "a,y\n1,\n2,NA\n", "t.csv, column 2 (y): the target holds no value"),
        (forest(), "y\n1\n2\n", "t.csv: no column is left to predict from"),
        (
            TrainSpec { target: "Y".into(), ..forest() },
            "a,y\n1,2\n",
            "t.csv: no column is called \"Y\" (--target); did you mean \"y\"?",
        ),
    ];
    for (spec, text, expected) in cases {
        assert_eq!(fails(&spec, &table(text)), (expected.to_owned(), ErrorClass::Invalid));
    }
}

#[test]
fn contradicting_options_are_refused() {
    let forest = || spec(Algorithm::RandomForest);
    let list = |name: &str| vec![name.to_owned()];
    let cases = [
        (TrainSpec { features: list("a"), drop: list("a"), ..forest() }, "\"a\" is in --features and --drop"),
        (TrainSpec { features: list("y"), ..forest() }, "\"y\" is in --features and --target"),
        (TrainSpec { features: vec!["a".into(), "a".into()], ..forest() }, "\"a\" is in --features twice"),
        (TrainSpec { drop: list("y"), ..forest() }, "\"y\" is both --target and in --drop"),
        (
            TrainSpec { drop: list("a"), sensitive: list("a"), ..forest() },
            "\"a\" (--sensitive) is not one of the features",
        ),
        (TrainSpec { drop: list("a"), numeric: list("a"), ..forest() }, "\"a\" (--numeric) is not one of the features"),
        (
            TrainSpec { categorical: list("a"), numeric: list("a"), ..forest() },
            "\"a\" is in both --categorical and --numeric",
        ),
        (TrainSpec { folds: Some(1), ..forest() }, "--folds 1 is out of range: it is 0 or 2 to 1000"),
        (TrainSpec { test_size: 1.0, ..forest() }, "--test-size 1 is out of range: it is 0 to 0.9"),
        (TrainSpec { test_size: f64::NAN, ..forest() }, "--test-size NaN is out of range: it is 0 to 0.9"),
        (
            TrainSpec { task: Some(TaskChoice::Regression), ..spec(Algorithm::Logistic) },
            "logistic does not do regression",
        ),
        (
            TrainSpec { task: Some(TaskChoice::Classification), ..spec(Algorithm::Ridge) },
            "ridge does not do classification",
        ),
    ];
    for (spec, expected) in cases {
        assert_eq!(fails(&spec, &plain(40)), (expected.to_owned(), ErrorClass::Usage));
    }
    assert_eq!(fails(&TrainSpec { name: "no name".into(), ..forest() }, &plain(40)).1, ErrorClass::Usage);
}

fn given(options: &[(&str, &str)]) -> Options {
    let mut all = Options::default();
    options.iter().for_each(|(name, value)| all.set(name, value).unwrap());
    all
}

#[test]
fn unknown_options_are_refused() {
    let alpha = given(&[("alpha", "1")]);
    let text = alpha.resolve(Algorithm::RandomForest).unwrap_err().to_string();
    let expected =
        "--alpha does not apply to random-forest; it has --trees, --max-depth, --min-samples-leaf, --max-features";
    assert_eq!(text, expected);
    let text = alpha.resolve(Algorithm::Linear).unwrap_err().to_string();
    assert_eq!(text, "--alpha does not apply to linear; it has none");
}

#[test]
fn panics_of_smartcore_are_out_of_range() {
    let cases = [
        (Algorithm::RandomForest, given(&[("trees", "0")]), "--trees 0 is out of range: it is 1 to 10000"),
        (
            Algorithm::ExtraTrees,
            given(&[("max-features", "0")]),
            "--max-features 0 is out of range: it is sqrt, third, all, or a number from 1",
        ),
        (
            Algorithm::DecisionTree,
            given(&[("min-samples-leaf", "0")]),
            "--min-samples-leaf 0 is out of range: it is 1 to 1000000000",
        ),
        (
            Algorithm::GradientBoosting,
            given(&[("max-depth", "65")]),
            "--max-depth 65 is out of range: it is 1 to 65534, or to 64 for gradient-boosting",
        ),
        (
            Algorithm::GradientBoosting,
            given(&[("learning-rate", "0.0")]),
            "--learning-rate 0 is out of range: it is above 0, at most 1",
        ),
        (
            Algorithm::Ridge,
            given(&[("alpha", "inf")]),
            "--alpha inf is out of range: it is 0 to 1e100, above 0 for lasso and elastic-net",
        ),
        (
            Algorithm::Lasso,
            given(&[("alpha", "0.0")]),
            "--alpha 0 is out of range: it is 0 to 1e100, above 0 for lasso and elastic-net",
        ),
        (
            Algorithm::ElasticNet,
            given(&[("l1-ratio", "0.0")]),
            "--l1-ratio 0 is out of range: it is above 0, at most 1",
        ),
        (
            Algorithm::Knn,
            given(&[("neighbors", "0")]),
            "--neighbors 0 is out of range: it is 1 to 1000000000, at most the rows to fit on",
        ),
        (Algorithm::Svr, given(&[("c", "0.0")]), "--c 0 is out of range: it is above 0, at most 1e100"),
        (Algorithm::Svr, given(&[("epsilon", "nan")]), "--epsilon NaN is out of range: it is 0 to 1e100"),
        (
            Algorithm::Svc,
            given(&[("gamma", "0.0")]),
            "--gamma 0 is out of range: it is 0 to 1e100, above 0 for svr and svc",
        ),
        (Algorithm::Svc, given(&[("degree", "21"), ("kernel", "poly")]), "--degree 21 is out of range: it is 1 to 20"),
    ];
    for (algorithm, options, expected) in cases {
        assert_eq!(options.resolve(algorithm).unwrap_err().to_string(), expected);
    }
}

#[test]
fn options_of_another_kernel_are_refused() {
    let cases = [
        (given(&[("degree", "2")]), "--degree does not apply to the kernel rbf, but to poly"),
        (
            given(&[("gamma", "0.1"), ("kernel", "linear")]),
            "--gamma does not apply to the kernel linear, but to rbf and poly and sigmoid",
        ),
        (
            given(&[("coef0", "0.1"), ("kernel", "rbf")]),
            "--coef0 does not apply to the kernel rbf, but to poly and sigmoid",
        ),
    ];
    for (options, expected) in cases {
        for algorithm in [Algorithm::Svr, Algorithm::Svc] {
            assert_eq!(options.resolve(algorithm).unwrap_err().to_string(), expected);
        }
    }
    let poly = given(&[("degree", "2"), ("coef0", "-1.0"), ("kernel", "poly")]);
    assert_eq!(poly.resolve(Algorithm::Svc).unwrap().to_map().len(), 5);
}

#[test]
fn options_have_algorithms_and_defaults() {
    for option in &OPTIONS {
        assert!(Algorithm::ALL.iter().any(|a| option.default_for(*a).is_some()), "{}", option.name);
    }
    for algorithm in Algorithm::ALL {
        let resolved = Options::default().resolve(algorithm).unwrap().to_map();
        let own: Vec<&str> = OPTIONS.iter().filter(|o| o.default_for(algorithm).is_some()).map(|o| o.name).collect();
        // The default kernel has no degree and no constant term.
        let of_other_kernels = own.iter().filter(|name| matches!(**name, "degree" | "coef0")).count();
        assert_eq!(resolved.len() + of_other_kernels, own.len());
    }
}

#[test]
fn linear_models_need_enough_rows() {
    let names: Vec<String> = (0..30).map(|c| format!("x{c}")).collect();
    let rows: String = (0..20_u64)
        .map(|r| {
            format!(
                "{},{}\n",
                (0..30_u64).map(|c| (r * 7 + c * c * r % 13).to_string()).collect::<Vec<_>>().join(","),
                r % 5
            )
        })
        .collect();
    let table = table(&format!("{},y\n{rows}", names.join(",")));
    for algorithm in [Algorithm::Linear, Algorithm::Ridge, Algorithm::Lasso] {
        let (text, class) = fails(&spec(algorithm), &table);
        let expected = "t.csv: 14 rows to fit on are too few for";
        assert!(text.starts_with(expected) || text.starts_with("t.csv: 16 rows"), "{text}");
        assert!(text.contains(algorithm.as_str()), "{text}");
        assert_eq!(class, ErrorClass::Invalid);
    }
    train(&spec(Algorithm::RandomForest), &table, &()).unwrap();
}

#[test]
fn unsolvable_columns_never_panic() {
    let n = 40;
    let columns: [(&str, &dyn Fn(usize) -> f64); 6] = [
        ("duplicate", &|i| i as f64),
        ("constant", &|_| 3.0),
        ("tiny", &|i| i as f64 * 1e-300),
        ("huge", &|i| (i as f64 - 20.0) * 1e147),
        ("nearly constant", &|i| 1.0 + if i == 5 { f64::EPSILON } else { 0.0 }),
        ("subnormal", &|i| i as f64 * 5e-324),
    ];
    for (name, column) in columns {
        for algorithm in Algorithm::ALL {
            let label =
                |i: usize| if algorithm.does_regression() { (i % 7).to_string() } else { format!("c{}", i % 2) };
            let rows: String = (0..n).map(|i| format!("{i},{:e},{}\n", column(i), label(i))).collect();
            let outcome =
                train(&TrainSpec { folds: Some(4), ..spec(algorithm) }, &table(&format!("a,b,y\n{rows}")), &());
            if let Err(e) = outcome {
                let no_spread = algorithm == Algorithm::GaussianNb && e.to_string().contains("have the same b");
                assert!(matches!(e, TrainError::Fit { .. }) || no_spread, "{algorithm} with a {name} column: {e}");
                assert!(!e.to_string().contains("panicked"), "{e}");
            }
        }
    }
}

#[test]
fn too_many_columns_are_refused_early() {
    let rows: String = (0..60_000).map(|i| format!("id{i},{}\n", i % 9)).collect();
    let (text, class) = fails(&spec(Algorithm::RandomForest), &table(&format!("id,y\n{rows}")));
    let expected = "t.csv: \"id\" has 60000 categories, more than 255 one-hot columns: --drop it, or put those of fewer than \
                    2 rows together with --min-frequency 2 (none is left then), or use --algorithm hist-gradient-boosting, \
                    which takes categories as they are";
    assert_eq!((text.as_str(), class), (expected, ErrorClass::Invalid));
    let code = |i: usize| if i < 300 { i % 30 } else { i };
    let rows: String = (0..1_000).map(|i| format!("c{},{}\n", code(i), i % 9)).collect();
    let few = |n| TrainSpec { min_frequency: Some(n), folds: Some(0), test_size: 0.0, ..spec(Algorithm::DecisionTree) };
    let without = TrainSpec { min_frequency: None, ..few(2) };
    let (text, _) = fails(&without, &table(&format!("code,y\n{rows}")));
    assert!(
        text.contains("\"code\" has 730 categories") && text.contains("--min-frequency 2 (30 are left then)"),
        "{text}"
    );
    assert_eq!(train(&few(2), &table(&format!("code,y\n{rows}")), &()).unwrap().report.data.encoded_columns, 31);
    let rows: String = (0..1_000).map(|i| format!("c{},{}\n", i % 500, i % 9)).collect();
    let (text, _) = fails(&few(2), &table(&format!("code,y\n{rows}")));
    assert!(
        text.contains("500 categories of at least 2 training rows") && text.contains("--min-frequency 3"),
        "{text}"
    );
}

#[test]
fn identifiers_and_spoilt_numbers_warn() {
    let rows: String = (0..120)
        .map(|i| format!("id{i},{},{}\n", if i % 5 == 3 { "6;5".to_owned() } else { i.to_string() }, i % 9))
        .collect();
    let trained =
        train(&TrainSpec { folds: Some(2), ..spec(Algorithm::DecisionTree) }, &table(&format!("id,n,y\n{rows}")), &())
            .unwrap();
    let warnings = trained.report.warnings.join("\n");
    assert!(warnings.contains("id has 120 categories in 120 rows: if it is an identifier, --drop id"), "{warnings}");
    let spoilt =
        "n is read as categories because of \"6;5\" on line 5, \"6;5\" on line 10, \"6;5\" on line 15, though most";
    assert!(warnings.contains(spoilt), "{warnings}");
}

const CELLS: [&str; 16] =
    ["", "NA", "0", "-0", "1", "2.5", "-1e-320", "1e150", "-1e150", "1e151", "a", "b", " a ", "\"x,y\"", "1e-5", "3"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_table_trains_or_is_refused(
        algorithm in prop::sample::select(Algorithm::ALL.to_vec()),
        cells in prop::collection::vec((0..CELLS.len(), 0..CELLS.len(), 2..6_usize), 2..40),
        text_target: bool,
        folds in prop::sample::select(vec![Some(0), Some(2), Some(3)]),
        test_size in prop::sample::select(vec![0.0, 0.3]),
        scale: Option<bool>,
        seed: u64,
    ) {
        let label = |y: usize| if text_target { ["p", "q", "r", "s"][y - 2].to_owned() } else { CELLS[y].to_owned() };
        let rows: String = cells.iter().map(|(a, b, y)| format!("{},{},{}\n", CELLS[*a], CELLS[*b], label(*y))).collect();
        let scale = scale.filter(|_| !algorithm.takes_raw_cells());
        let mut spec = TrainSpec { folds, test_size, scale, seed, ..spec(algorithm) };
        if algorithm.is_averaged() || algorithm == Algorithm::GradientBoosting {
            spec.options.set("trees", 3).unwrap();
        }
        if algorithm.takes_raw_cells() {
            spec.options.set("min-samples-leaf", 1).unwrap();
        }
        match train(&spec, &table(&format!("a,b,y\n{rows}")), &()) {
            Ok(trained) => prop_assert!(Model::load(&trained.artifact).unwrap().check_golden().is_ok()),
            Err(TrainError::Broken(e)) => prop_assert!(false, "{e}"),
            Err(e) => {
                let text = e.to_string();
                prop_assert!(!text.contains('\n') && !text.contains("panicked"), "{}", text);
            }
        }
    }
}
