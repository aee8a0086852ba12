//! Boosting on histograms through the front door: what it learns, of which cells, and what is kept of it.

mod cells;
mod choices;
mod losses;
mod served;

use std::num::NonZeroUsize;

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::{Figures, open};
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::table::TableFile;
use smartserve::train::random::SplitMix64;
use smartserve::train::{TrainSpec, Trained, train};

/// A table of these columns and rows.
fn table(head: &str, n: usize, row: impl Fn(usize, &mut SplitMix64) -> String) -> TableFile {
    let mut random = SplitMix64::new(11, 3);
    let text = (0..n).fold(format!("{head}\n"), |text, i| text + &row(i, &mut random) + "\n");
    TableFile::from_bytes("t.csv", text.into_bytes())
}

/// From −1 to 1.
fn noise(random: &mut SplitMix64) -> f64 {
    random.below(2_000_001) as f64 / 1e6 - 1.0
}

/// Everything learned from, nothing evaluated.
fn spec(target: &str) -> TrainSpec {
    TrainSpec { folds: Some(0), test_size: 0.0, ..TrainSpec::new("m", target, Algorithm::HistGradientBoosting) }
}

fn with(target: &str, options: &[(&str, &str)]) -> TrainSpec {
    let mut spec = spec(target);
    options.iter().for_each(|(name, value)| spec.options.set(name, value).unwrap());
    spec
}

fn model(spec: &TrainSpec, table: &TableFile) -> Model {
    Model::load(&train(spec, table, &()).unwrap().artifact).unwrap()
}

/// Answers for rows of cells as a batch holds them.
fn answers(model: &Model, rows: &[&[f64]]) -> Prediction {
    let cells = rows.iter().flat_map(|row| row.iter().copied()).collect();
    let batch = Batch::from_rows(model.schema(), cells).unwrap();
    model.predict(&batch, &mut Scratch::default()).unwrap()
}

fn values(model: &Model, rows: &[&[f64]]) -> Vec<f64> {
    match answers(model, rows) {
        Prediction::Regression { values, .. } => values,
        Prediction::Classification { .. } => panic!("a class"),
    }
}

/// The probability of the last class.
fn last_probability(model: &Model, rows: &[&[f64]]) -> Vec<f64> {
    match answers(model, rows) {
        Prediction::Classification { probability: Some(p), classes } => {
            p.chunks(p.len() / classes.len()).map(|row| row[row.len() - 1]).collect()
        }
        _ => panic!("no probabilities"),
    }
}

fn k_fold(trained: &Trained) -> Figures {
    open(&trained.artifact).unwrap().header.evaluation.unwrap().k_fold.unwrap().mean
}

#[test]
fn threads_of_one_fit_do_not_change_bytes() {
    // Wide and long enough that histograms are built on several threads.
    let wide = table("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,y", 70_000, |_, random| {
        let cells: Vec<f64> = (0..17).map(|_| noise(random)).collect();
        let y = cells[0] * 3.0 + cells[5].abs() + cells[16] * cells[0];
        cells.iter().chain([&y]).map(f64::to_string).collect::<Vec<_>>().join(",")
    });
    let all = [1, 2, 3].map(|threads| {
        let mut spec = with("y", &[("trees", "2"), ("early-stopping", "0"), ("max-leaves", "4")]);
        spec.threads = NonZeroUsize::new(threads).unwrap();
        train(&spec, &wide, &()).unwrap().artifact
    });
    assert!(all[0] == all[1] && all[0] == all[2]);
}

#[test]
fn it_learns_numbers_and_classes_as_well_as_they_can_be() {
    let friedman = |_: usize, random: &mut SplitMix64| {
        let x: Vec<f64> = (0..5).map(|_| (noise(random) + 1.0) / 2.0).collect();
        let y = 10.0 * (std::f64::consts::PI * x[0] * x[1]).sin()
            + 20.0 * (x[2] - 0.5) * (x[2] - 0.5)
            + 10.0 * x[3]
            + 5.0 * x[4]
            + noise(random);
        let class = if y < 12.0 {
            "low"
        } else if y < 17.0 {
            "middle"
        } else {
            "high"
        };
        let cells: Vec<String> = x.iter().chain([&y]).map(f64::to_string).collect();
        format!("{},{class}", cells.join(","))
    };
    let data = table("a,b,c,d,e,y,class", 1_000, friedman);
    let number = TrainSpec { folds: Some(2), drop: vec!["class".to_owned()], ..with("y", &[("trees", "60")]) };
    let r2 = k_fold(&train(&number, &data, &()).unwrap()).r2.unwrap();
    assert!(r2 > 0.9, "{r2}");
    let class = TrainSpec { folds: Some(2), drop: vec!["y".to_owned()], ..with("class", &[("trees", "40")]) };
    let figures = k_fold(&train(&class, &data, &()).unwrap());
    assert!(figures.accuracy.unwrap() > 0.74 && figures.log_loss.unwrap() < 0.6, "{figures:?}");
}

#[test]
fn rounds_end_where_rows_set_aside_are_no_longer_answered_better() {
    let data = table("x,z,y", 400, |_, random| {
        let (x, z) = (noise(random), noise(random));
        format!("{x},{z},{}", x.signum() + 2.0 * noise(random))
    });
    let trained = train(&spec("y"), &data, &()).unwrap();
    let rounds = trained.report.rounds.unwrap();
    assert!(rounds.kept < 60 && rounds.most == 300, "{rounds:?}");
    // Five parts in turn: all rows.
    assert_eq!((rounds.set_aside, rounds.refitted), (400, true));
    let said = trained.report.to_string();
    let line = format!("{} of at most 300 rounds kept, by 400 training rows set aside", rounds.kept);
    assert!(said.contains(&line), "{said}");
    let header = open(&trained.artifact).unwrap().header;
    assert_eq!(header.hyperparameters["rounds"].to_string(), rounds.kept.to_string());
    let all = train(&with("y", &[("early-stopping", "0"), ("trees", "70")]), &data, &()).unwrap();
    assert_eq!(all.report.rounds.unwrap().kept, 70);
}
