//! Weights, classes' weights and constraints; and what is refused of them.

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::open;
use smartserve::model::batch::Batch;
use smartserve::model::cover;
use smartserve::model::neutral::Neutral;
use smartserve::train::{TrainSpec, train};

use super::{last_probability, model, noise, spec, table, values, with};

#[test]
fn a_row_counts_by_its_weight_and_not_at_all_by_zero() {
    let data = || {
        table("x,w,y", 400, |i, random| {
            let (weight, y) = if i % 4 == 0 { (0, 1e6) } else { (1 + i % 3, 7.0) };
            format!("{},{weight},{}", noise(random), y + noise(random))
        })
    };
    let weighted = model(&TrainSpec { weight: Some("w".to_owned()), ..spec("y") }, &data());
    assert_eq!(weighted.schema().n_features(), 1);
    assert_eq!(weighted.header().hyperparameters["weight"].to_string(), "w");
    let answer = values(&weighted, &[&[0.2]])[0];
    assert!((answer - 7.0).abs() < 1.0, "{answer}");
    let unweighted = model(&TrainSpec { drop: vec!["w".to_owned()], ..spec("y") }, &data());
    assert!(values(&unweighted, &[&[0.2]])[0] > 1e5);
}

#[test]
fn balanced_classes_find_more_of_the_rare_one() {
    let data = || {
        table("x,y", 1_000, |i, random| {
            let rare = i % 20 == 0;
            format!("{},{}", noise(random) + if rare { 0.5 } else { 0.0 }, if rare { "yes" } else { "no" })
        })
    };
    let rows: Vec<[f64; 1]> = (-10..=10).map(|x| [f64::from(x) / 10.0]).collect();
    let rows: Vec<&[f64]> = rows.iter().map(|row| &row[..]).collect();
    let sum = |weights: &str| {
        let model = model(&with("y", &[("class-weight", weights), ("trees", "30")]), &data());
        last_probability(&model, &rows).iter().sum::<f64>()
    };
    assert!(sum("balanced") > sum("none") * 2.0, "{} {}", sum("balanced"), sum("none"));
}

#[test]
fn answers_move_with_a_feature_as_asked() {
    let data = |classes: bool| {
        table("up,down,free,y", 800, move |_, random| {
            let (up, down, free) = (noise(random), noise(random), noise(random));
            let y = up + (up * 9.0).sin() - down + (down * 9.0).cos() + free * up + noise(random);
            let y = if classes { if y > 0.3 { "b" } else { "a" }.to_owned() } else { y.to_string() };
            format!("{up},{down},{free},{y}")
        })
    };
    let monotone = || ["up=+1", "down=-1"].map(|text| text.parse().unwrap()).to_vec();
    for classes in [false, true] {
        let model = model(&TrainSpec { monotone: monotone(), ..with("y", &[("trees", "40")]) }, &data(classes));
        assert_eq!(model.header().hyperparameters["monotone"].to_string(), "up=+1,down=-1");
        for other in [-0.7, 0.0, 0.6] {
            let along = |row: &dyn Fn(f64) -> [f64; 3]| {
                let rows: Vec<[f64; 3]> = (-100..=100).map(|i| row(f64::from(i) / 100.0)).collect();
                let rows: Vec<&[f64]> = rows.iter().map(|row| &row[..]).collect();
                if classes { last_probability(&model, &rows) } else { values(&model, &rows) }
            };
            let up = along(&|x| [x, other, -other]);
            let down = along(&|x| [other, x, other]);
            assert!(up.windows(2).all(|pair| pair[0] <= pair[1]) && up[0] < up[200], "up at {other}");
            assert!(down.windows(2).all(|pair| pair[0] >= pair[1]) && down[0] > down[200], "down at {other}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let data = || {
        table("x,c,w,y,class", 100, |i, random| {
            let x = noise(random);
            format!("{x},{},{},{x},{}", ["a", "b"][i % 2], if i == 50 { "-1" } else { "1" }, ["p", "q", "r"][i % 3])
        })
    };
    let refused = |spec: TrainSpec| train(&spec, &data(), &()).unwrap_err().to_string();
    let monotone = |text: &str| vec![text.parse().unwrap()];
    assert!(refused(TrainSpec { monotone: monotone("c=+1"), ..spec("y") }).contains("holds categories"));
    assert!(refused(TrainSpec { monotone: monotone("z=+1"), ..spec("y") }).contains("is not one of the features"));
    assert!(refused(TrainSpec { monotone: monotone("x=+1"), ..spec("class") }).contains("and there are 3"));
    let quantile = TrainSpec { monotone: monotone("x=+1"), ..with("y", &[("loss", "absolute")]) };
    assert!(refused(quantile).contains("--monotone does not go with --loss absolute"));
    let weight = |column: &str| Some(column.to_owned());
    assert!(refused(TrainSpec { weight: weight("w"), ..spec("y") }).contains("t.csv, line 52, column 3 (w)"));
    assert!(refused(TrainSpec { weight: weight("y"), ..spec("y") }).contains("both --target and --weight"));
    let ridge = TrainSpec { algorithm: Algorithm::Ridge, weight: weight("w"), ..spec("y") };
    assert!(refused(ridge).contains("--weight does not apply to ridge, but to hist-gradient-boosting"));
    assert!(refused(TrainSpec { scale: Some(true), ..spec("y") }).contains("--scale does not apply"));
    assert!(refused(with("class", &[("loss", "squared")])).contains("--loss is for numbers"));
    assert!(refused(with("y", &[("class-weight", "balanced")])).contains("--class-weight is for classes"));
}

#[test]
fn the_unit_of_weights_changes_nothing() {
    let of = |unit: f64| {
        let data = table("x,w,y", 300, |i, random| {
            let x = noise(random);
            format!("{x},{},{}", (i % 4) as f64 * unit, x * 3.0 + noise(random))
        });
        let model = model(&TrainSpec { weight: Some("w".to_owned()), ..with("y", &[("trees", "20")]) }, &data);
        values(&model, &[&[-0.7], &[0.1], &[0.6]])
    };
    let [one, small, tiny] = [1.0, 2_f64.powi(-20), 2_f64.powi(-1_000)].map(of);
    assert!(one == small && one == tiny, "{one:?} {small:?} {tiny:?}");
}

#[test]
fn a_class_without_weight_is_refused() {
    let data = table("x,w,y", 100, |i, random| format!("{},{},{}", noise(random), i % 2, ["p", "q"][i % 2]));
    let refused = train(&TrainSpec { weight: Some("w".to_owned()), ..spec("y") }, &data, &()).unwrap_err().to_string();
    assert_eq!(refused, "t.csv, column 2 (w): every row of class \"p\" weighs 0: leave such rows out");
}

/// Rows that are fitted on, set aside and weigh nothing, of one fit (10,000 rows) and of parts in turn (600); missing
/// cells among them.
#[test]
fn the_cover_counts_every_training_row() {
    for (n, classes) in [(10_000, 1), (600, 1), (600, 3)] {
        let cells = |i: usize| [(i % 97) as f64, if i.is_multiple_of(5) { f64::NAN } else { (i * i % 31) as f64 }];
        let data = table("a,b,w,y", n, |i, _| {
            let [a, b] = cells(i);
            let b = if b.is_nan() { String::new() } else { b.to_string() };
            let label = ((a as usize) % classes).to_string();
            let y = if classes == 1 { (a * a).to_string() } else { format!("c{label}") };
            format!("{a},{b},{},{y}", i % 7)
        });
        let spec = TrainSpec { weight: Some("w".to_owned()), ..with("y", &[("trees", "6"), ("max-leaves", "9")]) };
        let artifact = train(&spec, &data, &()).unwrap().artifact;
        let opened = open(&artifact).unwrap();
        let neutral = Neutral::from_section(opened.section("neutral").unwrap()).unwrap();
        let schema = Model::load(&artifact).unwrap().schema().clone();
        let rows = Batch::from_rows(&schema, (0..n).flat_map(cells).collect()).unwrap();
        let walked = cover::of_neutral(&neutral, &[0, 0], &rows).unwrap().unwrap();
        assert_eq!(opened.section("cover"), Some(&walked[..]), "{n} rows, {classes} classes");
        let counts: Vec<Vec<u32>> = postcard::from_bytes(&walked).unwrap();
        assert!(counts.iter().all(|tree| tree[0] as usize == n) && counts.iter().any(|tree| tree.len() > 5));
    }
}
