//! Comparing algorithms and tuning one: the same folds for all, the same answer whatever the threads, refusals listed,
//! and no winner lost to early stopping.

use crate::support::path;
use std::num::NonZeroUsize;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::{Evaluation, Setting, open};
use smartserve::table::TableFile;
use smartserve::train::random::SplitMix64;
use smartserve::train::{
    Compared, Comparison, Options, Progress, TaskChoice, TrainError, TrainSpec, Trained, compare, train,
};

fn data(file: &str) -> TableFile {
    TableFile::open(&path(&format!("data/{file}.csv"))).unwrap()
}

/// 80 rows: two numbers with gaps, a text, a number to predict and a class of three.
fn mixed() -> TableFile {
    let mut random = SplitMix64::new(7, 7);
    let mut text = "x,gaps,color,y,class\n".to_owned();
    for row in 0..80 {
        let (x, gap) = (random.below(1_000) as f64 / 10.0, random.below(100) as f64);
        let color = ["red", "green", "blue"][random.below(3) as usize];
        let y = x * 2.0 + gap + if color == "red" { 30.0 } else { 0.0 };
        let gap = if row % 7 == 3 { String::new() } else { gap.to_string() };
        let class = ["low", "middle", "high"][(y > 120.0) as usize + (y > 190.0) as usize];
        text.push_str(&format!("{x},{gap},{color},{y},{class}\n"));
    }
    TableFile::from_bytes("mixed.csv", text.into_bytes())
}

fn spec(algorithm: Algorithm, target: &str) -> TrainSpec {
    let drop = vec![if target == "y" { "class" } else { "y" }.to_owned()];
    TrainSpec { drop, folds: Some(4), ..TrainSpec::new("m", target, algorithm) }
}

fn evaluation(trained: &Trained) -> Evaluation {
    open(&trained.artifact).unwrap().header.evaluation.unwrap()
}

/// Everything but times.
fn shown(comparison: &Comparison) -> serde_json::Value {
    let mut value = serde_json::to_value(comparison).unwrap();
    value["seconds"] = 0.into();
    for one in value["algorithms"].as_array_mut().unwrap() {
        one["fit_seconds"] = 0.into();
    }
    value
}

#[test]
fn all_suitable_algorithms_are_ranked() {
    for (target, suits) in
        [("y", Algorithm::does_regression as fn(Algorithm) -> bool), ("class", Algorithm::does_classification)]
    {
        let comparison = compare(&spec(Algorithm::Linear, target), &mixed(), &()).unwrap();
        let mut named: Vec<&str> = comparison.algorithms.iter().map(|c| c.algorithm.as_str()).collect();
        let mut expected: Vec<&str> = Algorithm::ALL.iter().filter(|a| suits(**a)).map(|a| a.as_str()).collect();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected);
        let ranked = comparison.algorithms.iter().filter_map(|c| c.k_fold.as_ref());
        let losses: Vec<f64> = ranked.map(|k| k.mean.rmse.unwrap_or_else(|| 1.0 - k.mean.accuracy.unwrap())).collect();
        assert!(losses.windows(2).all(|w| w[0] <= w[1] + 1e-9), "{losses:?}");
        assert_eq!(comparison.best.report.algorithm, comparison.algorithms[0].algorithm);
        assert_eq!(comparison.algorithms[0].artifact_bytes, Some(comparison.best.artifact.len()));
    }
}

#[test]
fn the_best_three_are_tuned() {
    let untuned = compare(&spec(Algorithm::Linear, "y"), &mixed(), &()).unwrap();
    let tuned = compare(&TrainSpec { tune: Some(4), ..spec(Algorithm::Linear, "y") }, &mixed(), &()).unwrap();
    let has_options = |one: &&Compared| one.algorithm != Algorithm::Linear;
    let mut best_three: Vec<&str> =
        untuned.algorithms.iter().filter(has_options).take(3).map(|one| one.algorithm.as_str()).collect();
    let mut searched = Vec::new();
    for one in &tuned.algorithms {
        let before = untuned.algorithms.iter().find(|other| other.algorithm == one.algorithm).unwrap();
        if one.tuning.is_none() {
            assert_eq!(one.k_fold, before.k_fold);
            continue;
        }
        searched.push(one.algorithm.as_str());
        let alone = train(&TrainSpec { tune: Some(4), ..spec(one.algorithm, "y") }, &mixed(), &()).unwrap();
        assert_eq!(one.k_fold, evaluation(&alone).k_fold, "{}", one.algorithm);
        let (tuning, of_alone) = (one.tuning.as_ref().unwrap(), alone.report.tuning.as_ref().unwrap());
        assert_eq!((tuning.chosen, &tuning.searched), (of_alone.chosen, &of_alone.searched));
    }
    best_three.sort_unstable();
    searched.sort_unstable();
    assert_eq!(searched, best_three);
    let first = &tuned.algorithms[0];
    assert_eq!(tuned.best.report.tuning, first.tuning);
    // Eleven algorithms, three of them with three candidates more.
    assert_eq!(evaluation(&tuned.best).best_of, Some(20));
    let text = tuned.to_string();
    let suffix = if first.tuning.is_some() { ", tuned" } else { "" };
    assert!(text.contains(&format!("recommended: {}{suffix}, the best mean rmse", first.algorithm)), "{text}");
    assert_eq!(text.matches(", tuned ").count(), 3, "{text}");
    assert!(text.contains("every algorithm with its defaults, the best then tuned"), "{text}");
}

#[test]
fn comparing_fits_as_training_does() {
    let comparison = compare(&spec(Algorithm::Linear, "y"), &mixed(), &()).unwrap();
    for one in &comparison.algorithms {
        let alone = train(&spec(one.algorithm, "y"), &mixed(), &()).unwrap();
        assert_eq!(one.k_fold, evaluation(&alone).k_fold, "{}", one.algorithm);
    }
    let best = &comparison.best;
    let alone = train(&spec(best.report.algorithm, "y"), &mixed(), &()).unwrap();
    let section = |t: &Trained| {
        let opened = open(&t.artifact).unwrap();
        opened.section("estimator").or(opened.section("neutral")).unwrap().to_vec()
    };
    assert_eq!(section(best), section(&alone));
    assert_eq!(evaluation(best).holdout, evaluation(&alone).holdout);
    assert_eq!(
        (evaluation(best).best_of, evaluation(&alone).best_of),
        (Some(comparison.algorithms.len() as u64), None)
    );
}

#[test]
fn one_thread_and_several_find_the_same() {
    for target in ["y", "class"] {
        let all = [1, 2, 5].map(|threads| {
            let spec = TrainSpec { threads: NonZeroUsize::new(threads).unwrap(), ..spec(Algorithm::Linear, target) };
            let comparison = compare(&spec, &mixed(), &()).unwrap();
            (shown(&comparison), comparison.best.artifact)
        });
        assert!(all[0] == all[1] && all[0] == all[2], "{target}");
    }
    for (algorithm, target) in [
        (Algorithm::DecisionTree, "class"),
        (Algorithm::RandomForest, "y"),
        (Algorithm::GradientBoosting, "y"),
        (Algorithm::Svc, "class"),
    ] {
        let all = [1, 2, 5].map(|threads| {
            let mut spec = spec(algorithm, target);
            spec.threads = NonZeroUsize::new(threads).unwrap();
            (spec.folds, spec.tune) = (Some(5), Some(6));
            if algorithm.is_averaged() || algorithm == Algorithm::GradientBoosting {
                spec.options.set("trees", 20).unwrap();
            }
            train(&spec, &mixed(), &()).unwrap().artifact
        });
        assert!(all[0] == all[1] && all[0] == all[2], "{algorithm}");
    }
}

#[test]
fn refusals_are_listed_with_reasons() {
    let names: Vec<String> = (0..20).map(|c| format!("c{c}")).collect();
    let mut random = SplitMix64::new(1, 1);
    let rows: String = (0..24)
        .map(|row| {
            let cells: Vec<String> = (0..20).map(|_| random.below(1_000).to_string()).collect();
            format!("{},{}\n", cells.join(","), row * row)
        })
        .collect();
    let table = TableFile::from_bytes("wide.csv", format!("{},y\n{rows}", names.join(",")).into_bytes());
    let spec = TrainSpec { folds: Some(3), ..TrainSpec::new("m", "y", Algorithm::Linear) };
    let comparison = compare(&spec, &table, &()).unwrap();
    let (first_refused, ranked) = comparison
        .algorithms
        .iter()
        .position(|c| c.refused.is_some())
        .map(|at| (comparison.algorithms[at..].to_vec(), at))
        .unwrap();
    assert!(ranked >= 4, "{comparison}");
    let linear = first_refused.iter().find(|c| c.algorithm == Algorithm::Linear).unwrap();
    let reason = linear.refused.as_ref().unwrap();
    assert!(reason.contains("too few for 20 encoded columns") && linear.k_fold.is_none(), "{reason}");
    assert!(first_refused.iter().all(|c| c.refused.is_some()), "the refused come last");
    assert!(comparison.to_string().contains(reason.as_str()));
}

#[test]
fn comparing_needs_folds() {
    let refused = |change: fn(&mut TrainSpec)| {
        let mut spec = spec(Algorithm::Linear, "y");
        change(&mut spec);
        compare(&spec, &mixed(), &()).unwrap_err()
    };
    for error in [refused(|s| s.folds = Some(0)), refused(|s| s.options.set("trees", 3).unwrap())] {
        assert!(matches!(&error, TrainError::Usage(text) if text.starts_with("--compare")), "{error}");
    }
}

/// Sets what a candidate of a search had.
fn options(hyperparameters: &std::collections::BTreeMap<String, Setting>) -> Options {
    let mut options = Options::default();
    for (name, value) in hyperparameters.iter().filter(|(_, value)| **value != Setting::Unset(())) {
        options.set(name, value).unwrap();
    }
    options
}

#[test]
fn early_stopping_keeps_the_winner() {
    let (mut given_up, mut searches) = (0, 0);
    for (file, target, algorithm) in [
        ("boston", "MEDV", Algorithm::DecisionTree),
        ("boston", "MEDV", Algorithm::Ridge),
        ("boston", "MEDV", Algorithm::Knn),
        ("diabetes", "target", Algorithm::ElasticNet),
        ("diabetes", "target", Algorithm::Knn),
        ("iris", "species", Algorithm::DecisionTree),
        ("iris", "species", Algorithm::Knn),
    ] {
        let spec = TrainSpec { tune: Some(16), ..TrainSpec::new("m", target, algorithm) };
        let tuning = train(&spec, &data(file), &()).unwrap().report.tuning.unwrap();
        let of_all_folds = |candidate: &smartserve::train::Candidate| {
            let spec = TrainSpec { tune: None, options: options(&candidate.hyperparameters), ..spec.clone() };
            let figures = evaluation(&train(&spec, &data(file), &()).unwrap()).k_fold.unwrap().mean;
            assert!(candidate.folds < 10 || figures == candidate.mean, "{file} {algorithm}");
            figures.rmse.unwrap_or_else(|| 1.0 - figures.accuracy.unwrap())
        };
        let losses: Vec<f64> = tuning.tried.iter().map(of_all_folds).collect();
        let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(losses[tuning.chosen] <= best + 1e-9, "{file} {algorithm}: {losses:?}, chosen {}", tuning.chosen);
        given_up += tuning.given_up;
        searches += 1;
    }
    assert!(given_up >= 2 * searches, "early stopping stops too little to be tested: {given_up}");
}

#[test]
fn a_search_begins_with_the_defaults() {
    let mut spec = TrainSpec { tune: Some(8), ..spec(Algorithm::DecisionTree, "y") };
    spec.options.set("min-samples-leaf", 3).unwrap();
    let trained = train(&spec, &mixed(), &()).unwrap();
    let tuning = trained.report.tuning.as_ref().unwrap();
    assert_eq!((tuning.candidates, tuning.tried.len(), tuning.scored_by), (8, 8, "rmse"));
    assert_eq!(tuning.searched.keys().collect::<Vec<_>>(), ["max-depth"]);
    assert_eq!(tuning.tried[0].hyperparameters["max-depth"], Setting::Unset(()));
    let header = open(&trained.artifact).unwrap().header;
    assert_eq!(header.hyperparameters["min-samples-leaf"], Setting::Count(3));
    let chosen = &tuning.tried[tuning.chosen];
    assert_eq!(header.hyperparameters["max-depth"], chosen.hyperparameters["max-depth"]);
    assert_eq!(header.evaluation.as_ref().unwrap().best_of, Some(8));
    assert_eq!(header.evaluation.unwrap().k_fold.unwrap().mean, chosen.mean);
    assert!(trained.report.to_string().contains("the k-fold figures chose the candidate and so flatter it"));
}

#[test]
fn a_small_space_gives_few_candidates() {
    let mut spec = TrainSpec { tune: Some(40), ..spec(Algorithm::Knn, "class") };
    spec.task = Some(TaskChoice::Classification);
    let tuning = train(&spec, &mixed(), &()).unwrap().report.tuning.unwrap();
    assert!(tuning.candidates < 40, "80 rows have 24 numbers of neighbors at most");
    let mut drawn: Vec<String> = tuning.tried.iter().map(|c| c.hyperparameters["neighbors"].to_string()).collect();
    drawn.sort();
    drawn.dedup();
    assert_eq!(drawn.len(), tuning.candidates);
}

#[test]
fn tuning_needs_folds_and_candidates() {
    let refused = |change: fn(&mut TrainSpec)| {
        let mut spec = TrainSpec { tune: Some(5), ..spec(Algorithm::Ridge, "y") };
        change(&mut spec);
        let error = train(&spec, &mixed(), &()).unwrap_err();
        assert!(matches!(error, TrainError::Usage(_)), "{error}");
        error.to_string()
    };
    assert!(refused(|s| s.folds = Some(0)).contains("needs --folds of at least 2"));
    assert!(refused(|s| s.tune = Some(1)).contains("--tune 1 is out of range"));
    assert!(refused(|s| s.algorithm = Algorithm::Linear).contains("linear has no hyperparameters left to --tune"));
    assert!(refused(|s| s.options.set("alpha", 2).unwrap()).contains("ridge has no hyperparameters left to --tune"));
}

#[test]
fn progress_adds_up() {
    #[derive(Default)]
    struct Counter(AtomicUsize, AtomicUsize, AtomicUsize);
    impl Progress for Counter {
        fn begin(&self, fits: usize) {
            self.0.fetch_add(fits, Ordering::SeqCst);
        }
        fn fitted(&self) {
            self.1.fetch_add(1, Ordering::SeqCst);
        }
        fn given_up(&self, fits: usize) {
            self.2.fetch_add(fits, Ordering::SeqCst);
        }
    }
    let counter = Counter::default();
    let spec = TrainSpec { tune: Some(20), ..TrainSpec::new("m", "target", Algorithm::ElasticNet) };
    let tuning = train(&spec, &data("diabetes"), &counter).unwrap().report.tuning.unwrap();
    let (begun, fitted, stopped) = (counter.0.into_inner(), counter.1.into_inner(), counter.2.into_inner());
    assert!(tuning.given_up > 0 && stopped > 0);
    assert_eq!((begun, fitted), (fitted + stopped, tuning.fits + 1));
}

#[test]
fn a_search_alone_writes_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let data = path("data/iris.csv");
    let output = Command::new(env!("CARGO_BIN_EXE_smartserve"))
        .current_dir(&directory)
        .args(["train", "--data", data.to_str().unwrap(), "--target", "species", "--folds", "3"])
        .args(["--algorithm", "knn", "--tune=3"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("tuned neighbors: best of 3"));
    assert!(std::fs::read_dir(&directory).unwrap().next().is_none());
}

#[test]
fn the_command_prints_the_ranking() {
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("flowers.model");
    let run = |more: &[&str]| {
        let command = ["train", "--compare", "--data", "data/iris.csv", "--target", "species", "--folds", "3"];
        let output = Command::new(env!("CARGO_BIN_EXE_smartserve"))
            .current_dir(path(""))
            .args(command)
            .args(more)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run(&[]).contains("\n  1  "));
    assert!(run(&["--tune=2", "--time-budget", "1h"]).contains(", tuned "));
    assert!(std::fs::read_dir(&directory).unwrap().next().is_none());
    let told: serde_json::Value = serde_json::from_str(&run(&["--json", "-o", model.to_str().unwrap()])).unwrap();
    let loaded = smartserve::model::Model::load(&std::fs::read(&model).unwrap()).unwrap();
    assert_eq!(told["model"]["version"], loaded.version());
    assert_eq!(told["algorithms"][0]["algorithm"], loaded.header().algorithm.as_str());
    assert_eq!(loaded.header().name, "flowers");
}
