//! Losses of numbers: each answers what it is for, and refuses a target that it is not defined for.

use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::{Figures, open};
use smartserve::model::calibration::{Calibration, Scores};
use smartserve::train::evaluate::metrics::pinball_loss;
use smartserve::train::{Loss, TrainSpec, compare, train};

use super::{model, noise, table, values, with};

#[test]
fn quantiles_part_the_rows_as_asked() {
    let data = || {
        table("x,y", 1_500, |_, random| {
            let x = noise(random);
            format!("{x},{}", x * 2.0 + noise(random) * (1.0 + x.abs()))
        })
    };
    for (loss, share) in [("quantile=0.9", 0.9), ("quantile=0.1", 0.1), ("absolute", 0.5)] {
        let model = model(&with("y", &[("loss", loss), ("trees", "40")]), &data());
        let mut random = smartserve::train::random::SplitMix64::new(5, 5);
        let n_below = (0..2_000).filter(|_| {
            let x = noise(&mut random);
            let y = x * 2.0 + noise(&mut random) * (1.0 + x.abs());
            y <= values(&model, &[&[x]])[0]
        });
        let found = n_below.count() as f64 / 2_000.0;
        assert!((found - share).abs() < 0.05, "{loss}: {found}");
    }
}

#[test]
fn a_wild_target_moves_the_mean_and_not_the_median() {
    let data = || {
        table("x,y", 600, |i, random| {
            let wild = if i % 20 == 7 { 1e6 } else { 0.0 };
            format!("{},{}", noise(random), 3.0 + noise(random) + wild)
        })
    };
    let of = |loss: &str| values(&model(&with("y", &[("loss", loss), ("trees", "40")]), &data()), &[&[0.1]])[0];
    assert!(of("squared") > 1_000.0);
    assert!((of("absolute") - 3.0).abs() < 1.0, "{}", of("absolute"));
    assert!((of("huber=2") - 3.0).abs() < 2.0, "{}", of("huber=2"));
}

#[test]
fn logarithmic_links_answer_means_above_zero() {
    for (loss, scale) in [("poisson", 1.0), ("gamma", 1e6), ("tweedie", 1e-3), ("tweedie=1.2", 1e3)] {
        let mean = |x: f64| (1.0 + x).exp() * scale;
        let data = table("x,y", 2_000, |i, random| {
            let x = noise(random);
            // Poisson's and Tweedie's targets are whole or 0 now and then; their mean is the same.
            let y = match loss {
                "poisson" => (mean(x) + (noise(random) + 1.0) / 2.0).floor(),
                "gamma" => mean(x) * (1.0 + noise(random) / 2.0),
                _ => mean(x) * if i % 2 == 0 { 0.0 } else { 2.0 },
            };
            format!("{x},{y}")
        });
        let model = model(&with("y", &[("loss", loss), ("trees", "60")]), &data);
        for x in [-0.8, -0.2, 0.3, 0.8] {
            let answer = values(&model, &[&[x]])[0];
            assert!((answer / mean(x) - 1.0).abs() < 0.4, "{loss} at {x}: {answer} for {}", mean(x));
        }
    }
}

#[test]
fn a_target_outside_a_loss_is_refused() {
    let data = |low: f64| table("x,y", 100, move |i, random| format!("{},{}", noise(random), low + (i % 5) as f64));
    let refused = |loss: &str, low: f64| train(&with("y", &[("loss", loss)]), &data(low), &()).unwrap_err().to_string();
    let place = "t.csv, line 2, column 2 (y): ";
    assert_eq!(refused("poisson", -1.0), format!("{place}--loss poisson is for a target 0 or above, and it is -1"));
    assert_eq!(refused("gamma", 0.0), format!("{place}--loss gamma is for a target above 0, and it is 0"));
    assert!(refused("tweedie", -2.0).contains("--loss tweedie=1.5 is for a target 0 or above"));
    train(&with("y", &[("loss", "gamma")]), &data(1.0), &()).unwrap();
}

#[test]
fn a_loss_reads_what_it_writes() {
    for text in ["squared", "absolute", "huber", "huber=2.5", "quantile=0.9", "poisson", "gamma", "tweedie=1.1"] {
        assert_eq!(text.parse::<Loss>().unwrap().to_string(), text);
    }
    for wrong in ["", "mse", "quantile=1", "quantile=x", "tweedie=2", "huber=0", "gamma=2", "squared="] {
        wrong.parse::<Loss>().unwrap_err();
    }
}

/// Counts and amounts that rise with x.
fn rising(rows: usize) -> smartserve::table::TableFile {
    table("x,y", rows, |_, random| {
        let x = noise(random) + 1.0;
        format!("{x},{}", 1.0 + (x * 3.0).floor() + noise(random) / 2.0)
    })
}

/// Takes a figure.
type Pick = fn(&Figures) -> Option<f64>;

#[test]
fn a_search_ranks_by_the_loss_that_was_asked_for() {
    let figures: [(&str, &str, Pick); 5] = [
        ("quantile=0.9", "pinball-loss", |f| f.pinball_loss),
        ("huber", "mae", |f| f.mae),
        ("poisson", "poisson-deviance", |f| f.poisson_deviance),
        ("gamma", "gamma-deviance", |f| f.gamma_deviance),
        ("tweedie", "tweedie-deviance", |f| f.tweedie_deviance),
    ];
    for (loss, name, pick) in figures {
        let spec = TrainSpec { tune: Some(4), folds: Some(2), ..with("y", &[("loss", loss), ("trees", "10")]) };
        let trained = train(&spec, &rising(120), &()).unwrap();
        let tuning = trained.report.tuning.as_ref().unwrap();
        assert_eq!(tuning.scored_by, name);
        let of_each: Vec<f64> = tuning.tried.iter().map(|tried| pick(&tried.mean).unwrap()).collect();
        let best = of_each.iter().copied().fold(f64::INFINITY, f64::min);
        assert_eq!(of_each[tuning.chosen], best, "{loss}: {of_each:?}");
        let text = trained.report.to_string();
        assert!(text.contains(&format!("best of 4 by {name}, ")) && text.contains(&format!("\n{name}  ")), "{text}");
        let gain = &trained.report.baseline.as_ref().unwrap().gains[0];
        assert!(gain.figure == name && gain.gain > 0.0, "{loss}: {gain:?}");
    }
}

#[test]
fn the_pinball_loss_is_of_the_rows_that_a_fold_holds_out() {
    let spec = TrainSpec { folds: Some(3), ..with("y", &[("loss", "quantile=0.9"), ("trees", "10")]) };
    let trained = train(&spec, &rising(90), &()).unwrap();
    let calibration = Calibration::decode(open(&trained.artifact).unwrap().section("calibration").unwrap()).unwrap();
    let Scores::Residuals { residual, .. } = &calibration.scores else { panic!("regression") };
    let of_fold = |fold: u32| {
        let held = residual.iter().zip(&calibration.fold).filter(|(_, own)| **own == fold).map(|(r, _)| *r);
        let held: Vec<f64> = held.collect();
        pinball_loss(&held, &vec![0.0; held.len()], 0.9).unwrap()
    };
    let expected = (0..3).map(of_fold).sum::<f64>() / 3.0;
    let evaluation = trained.report.evaluation;
    let got = evaluation.k_fold.unwrap().mean.pinball_loss.unwrap();
    assert!((got - expected).abs() < 1e-12, "{got} instead of {expected}");
    let baseline = trained.report.baseline.unwrap();
    assert_eq!(baseline.answers_with, "0.9 quantile");
}

#[test]
fn a_comparison_ranks_by_the_loss_and_fits_the_others_as_they_are() {
    let mut spec = TrainSpec { folds: Some(2), ..TrainSpec::new("m", "y", Algorithm::Linear) };
    spec.options.set("loss", "absolute").unwrap();
    let comparison = compare(&spec, &rising(60), &()).unwrap();
    assert_eq!(comparison.ranked_by, "mae");
    let fitted = comparison.algorithms.iter().filter_map(|a| a.k_fold.as_ref());
    let ranks: Vec<f64> = fitted.map(|k_fold| k_fold.mean.mae.unwrap()).collect();
    assert!(ranks.len() > 5 && ranks.is_sorted(), "{ranks:?}");
    assert_eq!(comparison.baseline.as_ref().unwrap().answers_with, "median");
    let text = comparison.to_string();
    assert!(text.contains("  mae ± sd") && text.contains("ranked by the mean mae over the folds"), "{text}");
    let classes = table("x,y", 60, |i, _| format!("{i},{}", if i % 2 == 0 { "a" } else { "b" }));
    let refused = compare(&spec, &classes, &()).unwrap_err().to_string();
    assert!(refused.contains("--loss is for numbers, and classes are predicted here"), "{refused}");
}
