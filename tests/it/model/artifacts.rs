//! Artifacts that an earlier version wrote, one of each algorithm and task: they load, they answer the same bits, and
//! training with the same flags writes the same, but for the figures that it did not know.
//!
//! `tests/fixtures/artifacts/models.txt` has a line a model: data, algorithm, flags of `train`. `rows/DATA.csv` is what
//! was asked, and `DATA-ALGORITHM.csv` the answers of that version, each number as the shortest text that reads back.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use smartserve::model::Model;

use crate::support::artifact::Parts;
use crate::support::path;
use crate::support::process::BINARY;

const FOLDER: &str = "tests/fixtures/artifacts";

/// A line of the list.
struct Fixture {
    data: String,
    algorithm: String,
    flags: Vec<String>,
}

impl Fixture {
    fn all() -> Vec<Self> {
        let list = std::fs::read_to_string(file("models.txt")).unwrap();
        list.lines().map(Self::of).collect()
    }

    fn of(line: &str) -> Self {
        let mut words = line.split(' ').map(str::to_owned);
        Self { data: words.next().unwrap(), algorithm: words.next().unwrap(), flags: words.collect() }
    }

    fn name(&self) -> String {
        format!("{}-{}", self.data, self.algorithm)
    }

    fn model(&self) -> PathBuf {
        file(&format!("{}.model", self.name()))
    }
}

fn file(name: &str) -> PathBuf {
    path(FOLDER).join(name)
}

/// Runs the program at the root of the repository.
fn run(command: &mut Command) -> Output {
    let output = command.current_dir(path("")).env_remove("SOURCE_DATE_EPOCH").output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn every_algorithm_has_a_fixture() {
    let fixtures = Fixture::all();
    for algorithm in smartserve::model::algorithm::Algorithm::ALL {
        let tasks = usize::from(algorithm.does_regression()) + usize::from(algorithm.does_classification());
        let of_it = fixtures.iter().filter(|fixture| fixture.algorithm == algorithm.as_str());
        assert!(of_it.count() >= tasks, "{algorithm}");
    }
}

#[test]
fn old_artifacts_answer_the_same_bits() {
    for fixture in Fixture::all() {
        let name = fixture.name();
        let model = Model::load(&std::fs::read(fixture.model()).unwrap()).unwrap();
        assert!(model.check_golden().is_ok(), "{name}: golden rows");
        let mut predict = Command::new(BINARY);
        predict.args(["predict", "--model"]).arg(fixture.model());
        predict.arg("--input").arg(file(&format!("rows/{}.csv", fixture.data)));
        let answers = String::from_utf8(run(&mut predict).stdout).unwrap();
        let expected = std::fs::read_to_string(file(&format!("{name}.csv"))).unwrap();
        assert_eq!(answers, expected, "{name}");
    }
}

/// A head without what has been added since (figures, coverage of intervals, what matters to the model, sections), and
/// without the statistics of predictions, which are of out-of-fold answers now.
fn without_news(mut head: Value) -> Value {
    for figures in ["/evaluation/holdout", "/evaluation/k_fold/mean", "/evaluation/k_fold/sd"] {
        if let Some(Value::Object(figures)) = head.pointer_mut(figures) {
            figures.retain(|name, _| !["average_precision", "brier"].contains(&name.as_str()));
        }
    }
    let map = head.as_object_mut().unwrap();
    ["importance", "coefficients", "intervals", "payload", "prediction_stats"]
        .iter()
        .for_each(|key| drop(map.remove(*key)));
    head
}

#[test]
fn training_writes_what_it_wrote() {
    let directory = tempfile::tempdir().unwrap();
    for fixture in Fixture::all() {
        let written = directory.path().join(fixture.name());
        let mut train = Command::new(BINARY);
        train.arg("train").args(&fixture.flags).args(["--seed", "7", "--folds", "2"]);
        train.args(["--algorithm", &fixture.algorithm, "--name", &fixture.algorithm, "-o"]).arg(&written);
        run(&mut train);
        let (mut new, old) =
            (Parts::of(&std::fs::read(&written).unwrap()), Parts::of(&std::fs::read(fixture.model()).unwrap()));
        new.sections.retain(|(name, _)| !["out_of_fold", "column_means"].contains(&name.as_str()));
        assert_eq!(without_news(new.header), without_news(old.header), "{}", fixture.name());
        assert!(new.sections == old.sections, "{} is not what it was", fixture.name());
    }
}
