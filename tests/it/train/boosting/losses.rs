//! Losses of numbers: each answers what it is for, and refuses a target that it is not defined for.

use smartserve::train::{Loss, train};

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
    assert!(refused("poisson", -1.0).contains("--loss poisson is for a target 0 or above, and it is -1 in a row"));
    assert!(refused("gamma", 0.0).contains("--loss gamma is for a target above 0, and it is 0 in a row"));
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
