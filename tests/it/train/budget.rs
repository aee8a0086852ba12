//! How long fits take, by a clock that the tests set: what a budget skips is named, what will be long is said before.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use smartserve::model::algorithm::Algorithm;
use smartserve::table::TableFile;
use smartserve::train::{Progress, TrainError, TrainSpec, compare, train};

/// A clock that stands still but for the seconds that each fit takes, by what it is called; and what was said.
struct Clock {
    start: Instant,
    passed: Mutex<Duration>,
    seconds: fn(&str) -> f64,
    said: Mutex<Vec<String>>,
}

impl Clock {
    fn new(seconds: fn(&str) -> f64) -> Self {
        let (start, passed, said) = (Instant::now(), Mutex::default(), Mutex::default());
        Self { start, passed, seconds, said }
    }

    fn pass(&self, fit: &str) {
        *self.passed.lock().unwrap() += Duration::from_secs_f64((self.seconds)(fit));
    }

    fn passed(&self) -> f64 {
        self.passed.lock().unwrap().as_secs_f64()
    }
}

impl Progress for Clock {
    fn warn(&self, warning: &str) {
        self.said.lock().unwrap().push(warning.to_owned());
    }
    fn timing(&self, fit: &str) {
        self.pass(fit);
    }
    fn begin(&self, _: usize) {}
    fn began(&self, fit: &str) {
        self.pass(fit);
    }
    fn fitted(&self) {}
    fn now(&self) -> Instant {
        self.start + *self.passed.lock().unwrap()
    }
}

/// So many rows of two numbers, and a number to predict.
fn table(n_rows: usize) -> TableFile {
    let rows: String = (0..n_rows).map(|i| format!("{},{},{}\n", i % 97, i * 7 % 31, i % 97 + i * i % 5)).collect();
    TableFile::from_bytes("t.csv", format!("a,b,y\n{rows}").into_bytes())
}

fn spec(algorithm: Algorithm, budget: Option<u64>) -> TrainSpec {
    TrainSpec {
        folds: Some(4),
        threads: NonZeroUsize::MIN,
        time_budget: budget.map(Duration::from_secs),
        ..TrainSpec::new("m", "y", algorithm)
    }
}

#[test]
fn a_comparison_skips_what_would_not_end_in_time_and_names_it() {
    let all = compare(&spec(Algorithm::Ridge, None), &table(75), &()).unwrap();
    let clock = Clock::new(|fit| if fit.starts_with("random-forest") { 100.0 } else { 1.0 });
    let bounded = compare(&spec(Algorithm::Ridge, Some(300)), &table(75), &clock).unwrap();
    // One fit of each of 11 is timed: 110 s are gone, then 10 × 5; the forest would take 4 × 100 and its folds 3 × 100.
    let skipped: Vec<_> = bounded.algorithms.iter().filter(|one| one.skipped.is_some()).collect();
    assert_eq!(skipped.iter().map(|one| one.algorithm).collect::<Vec<_>>(), [Algorithm::RandomForest]);
    let reason = "it would not end in time: its fits are expected to take about 7 min, and 2 min were left";
    assert_eq!(skipped[0].skipped.as_deref(), Some(reason));
    assert!(skipped[0].k_fold.is_none());
    for one in bounded.algorithms.iter().filter(|one| one.skipped.is_none()) {
        let same = all.algorithms.iter().find(|other| other.algorithm == one.algorithm).unwrap();
        assert_eq!(one.k_fold, same.k_fold, "{}", one.algorithm);
    }
    assert!(bounded.to_string().contains(&format!("random-forest                 skipped: {reason}")), "{bounded}");
    let json = serde_json::to_value(&bounded).unwrap();
    assert_eq!(json["algorithms"].as_array().unwrap().last().unwrap()["skipped"], reason);
    assert!(clock.passed() <= 300.0);
}

#[test]
fn fits_that_take_longer_than_expected_end_with_the_budget() {
    let clock = Clock::new(|fit| if fit.starts_with("knn") && !fit.ends_with("rows") { 60.0 } else { 1.0 });
    let bounded = compare(&spec(Algorithm::Ridge, Some(200)), &table(75), &clock).unwrap();
    let knn = bounded.algorithms.iter().find(|one| one.algorithm == Algorithm::Knn).unwrap();
    let reason = knn.skipped.as_ref().unwrap();
    assert!(reason.starts_with("knn, ") && reason.ends_with(" would not end in time"), "{reason}");
    // svr comes after it, when nothing is left.
    let svr = bounded.algorithms.iter().find(|one| one.algorithm == Algorithm::Svr).unwrap();
    assert!(svr.skipped.as_ref().unwrap().ends_with("are expected to take about 4 s, and 0 s were left"), "{svr:?}");
    assert_eq!(bounded.algorithms.iter().filter(|one| one.k_fold.is_some()).count(), 9, "{bounded}");
}

#[test]
fn a_budget_for_nothing_is_an_error() {
    for tune in [None, Some(4)] {
        let clock = Clock::new(|_| 1.0);
        let spec = TrainSpec { tune, ..spec(Algorithm::Ridge, Some(3)) };
        let error = match tune {
            None => compare(&spec, &table(60), &clock).map(drop).unwrap_err(),
            Some(_) => train(&spec, &table(60), &clock).map(drop).unwrap_err(),
        };
        let text = "nothing was fitted within --time-budget: give more time, or use fewer --folds or fewer rows";
        assert_eq!(error, TrainError::OverBudget(text.to_owned()));
    }
    let error = train(&spec(Algorithm::Ridge, Some(3)), &table(60), &()).unwrap_err();
    assert!(matches!(&error, TrainError::Usage(text) if text.starts_with("--time-budget bounds")), "{error}");
}

#[test]
fn a_search_tries_as_many_candidates_as_end_in_time() {
    let clock = Clock::new(|fit| if fit.contains("fold") { 0.75 } else { 1.0 });
    let spec = TrainSpec { tune: Some(20), ..spec(Algorithm::Ridge, Some(60)) };
    let trained = train(&spec, &table(75), &clock).unwrap();
    let tuning = trained.report.tuning.as_ref().unwrap();
    let skipped = tuning.tried.iter().filter(|candidate| candidate.skipped).count();
    assert_eq!((tuning.candidates, tuning.skipped), (20, skipped));
    assert!((1..=10).contains(&skipped), "{skipped}");
    assert!(!tuning.tried[0].skipped && tuning.tried.last().unwrap().skipped);
    assert!(tuning.tried.iter().all(|candidate| candidate.skipped == (candidate.folds == 0)));
    assert!(
        trained.report.to_string().contains(&format!(", {skipped} skipped for --time-budget")),
        "{}",
        trained.report
    );
    assert!(clock.passed() <= 61.0, "{}", clock.passed());
    let time_enough = TrainSpec { time_budget: Some(Duration::from_secs(86_400)), ..spec };
    let tuning = train(&time_enough, &table(75), &clock).unwrap().report.tuning.unwrap();
    let without = TrainSpec { time_budget: None, ..time_enough };
    assert_eq!(tuning, train(&without, &table(75), &()).unwrap().report.tuning.unwrap());
}

#[test]
fn fits_that_will_be_long_are_told_before() {
    let said = |algorithm: Algorithm, change: fn(&mut TrainSpec), seconds: fn(&str) -> f64| {
        let clock = Clock::new(seconds);
        let mut spec = TrainSpec { folds: None, ..spec(algorithm, None) };
        change(&mut spec);
        train(&spec, &table(1_300), &clock).unwrap();
        let said = clock.said.into_inner().unwrap();
        said.into_iter().filter(|warning| !warning.starts_with("possible leak")).collect::<Vec<_>>()
    };
    let slow = |fit: &str| if fit.ends_with("rows") { 10.0 } else { 0.0 };
    // 500 of 1040 rows take 10 s: a fit on all 21 s, and the folds nine times as long.
    assert_eq!(
        said(Algorithm::Ridge, |_| {}, slow),
        ["11 fits will take about 3 min (by one timed on 500 of 1040 rows); fewer --folds take less, and so does \
          --algorithm hist-gradient-boosting"]
    );
    assert_eq!(
        said(Algorithm::Ridge, |spec| spec.tune = Some(3), slow),
        [
            "31 fits will take at most about 10 min (by one timed on 500 of 1040 rows); fewer candidates or --folds take \
          less, and --time-budget 5m skips those that would not end in time"
        ]
    );
    assert_eq!(said(Algorithm::Ridge, |spec| spec.threads = NonZeroUsize::new(4).unwrap(), slow), [""; 0]);
    assert_eq!(said(Algorithm::Ridge, |_| {}, |_| 1.0), [""; 0]);
    assert_eq!(said(Algorithm::Ridge, |spec| (spec.folds, spec.test_size) = (Some(2), 0.5), slow), [""; 0]);
}
