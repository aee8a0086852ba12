//! The population stability index: NumPy's numbers, and how often chance gives an alarm.

use smartserve::model::drift::{ALARM, Cells, WINDOW_ROWS};
use smartserve::model::statistics::{Bins, Stats};

use crate::support::random::Random;

fn numeric(counts: &[u64]) -> Cells {
    let edges = (0..counts.len() - 2).map(|i| i as f64).collect();
    Cells::new(&Bins { edges, categories: Vec::new(), counts: counts.to_vec() }, &[])
}

#[test]
fn psi_is_numpys() {
    // a, e = counts / sum; np.sum((a - e) * np.log((a + 1e-4) / (e + 1e-4)))
    let cells = numeric(&[40, 41, 39, 40, 40, 40, 40, 40, 40, 44, 0]);
    let near = |psi: Option<f64>, expected: f64| assert!((psi.unwrap() - expected).abs() < 1e-12, "{psi:?}");
    near(cells.psi(&[10, 20, 30, 40, 50, 60, 70, 80, 90, 50, 5]), 0.345_592_272_854_156_5);
    near(cells.psi(&[40, 41, 39, 40, 40, 40, 40, 40, 40, 44, 0]), 0.0);
    near(cells.psi(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0]), 8.122_536_863_044_369);
    near(numeric(&[150, 2, 0]).psi(&[3, 0, 997]), 14.914_206_768_173_402);
    assert_eq!(cells.psi(&[0; 11]), None);
}

#[test]
fn cells_of_one_label_are_one() {
    let names = ["missing", "other", "x"].map(str::to_owned);
    let bins = Bins { edges: Vec::new(), categories: vec![0, 1, 2], counts: vec![10, 20, 30, 25, 15] };
    let cells = Cells::new(&bins, &names);
    assert_eq!(cells.labels(), names);
    let shares: Vec<u64> = cells.expected().iter().map(|share| (share * 100.0).round() as u64).collect();
    assert_eq!(shares, [25, 45, 30]);
    assert_eq!([f64::NAN, 0.0, 1.0, 3.0, 2.0].map(|value| cells.index(value)), [0, 0, 1, 1, 2]);
}

/// χ²'s 99.9 % quantile by SciPy, for the cells that hold training rows.
#[test]
fn what_chance_gives_follows_chi_squared() {
    for (cells, quantile) in [(2, 10.827_6), (3, 13.815_5), (4, 16.266_2), (10, 27.877_2), (11, 29.588_3)] {
        let mut counts = vec![100_u64; cells];
        counts.extend([0, 0]);
        let training = 100.0 * cells as f64;
        let expected = quantile * (1.0 / 1000.0 + 1.0 / training);
        let chance = numeric(&counts).chance(1000);
        assert!((chance / expected - 1.0).abs() < 0.035, "{cells}: {chance}, expected {expected}");
    }
    assert!(numeric(&[5, 5, 0]).chance(0).is_infinite());
}

/// A column's values: numbers near a bell curve (of variance 1/3), whole numbers with ties, skewed ones; categories.
fn value(column: usize, random: &mut Random) -> f64 {
    match column {
        0 => (0..4).map(|_| random.number()).sum::<f64>() / 2.0,
        1 => random.below(12) as f64,
        2 => random.number().abs().ln(),
        _ => (random.below(18) * random.below(18) / 18) as f64,
    }
}

fn trained(column: usize, n: usize, random: &mut Random) -> Cells {
    let values: Vec<f64> = (0..n).map(|_| value(column, random)).collect();
    let (stats, names) = if column == 3 {
        (Stats::categorical(&values, 18), (0..18).map(|i| format!("c{i}")).collect())
    } else {
        (Stats::numeric(&values), Vec::new())
    };
    Cells::new(&stats.bins, &names)
}

fn window(cells: &Cells, column: usize, by: f64, random: &mut Random) -> f64 {
    let mut counts = vec![0; cells.len()];
    for _ in 0..WINDOW_ROWS {
        counts[cells.index(value(column, random) + by)] += 1;
    }
    cells.psi(&counts).unwrap()
}

/// 1,000 windows of each of four columns, in models trained on as few rows as the alarm is given for at all.
#[test]
fn without_drift_at_most_one_window_in_a_hundred_alarms() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut windows, mut alarms) = (0, 0);
    for _ in 0..50 {
        for column in 0..4 {
            let mut n = 100;
            let cells = loop {
                let cells = trained(column, n, &mut random);
                if cells.chance(WINDOW_ROWS) <= ALARM {
                    break cells;
                }
                n += 20;
            };
            assert!((100..=1_500).contains(&n), "{n}");
            for _ in 0..20 {
                windows += 1;
                alarms += u32::from(window(&cells, column, 0.0, &mut random) >= ALARM);
            }
        }
    }
    assert_eq!(windows, 4_000);
    assert!(alarms <= windows / 100, "{alarms} of {windows}");
}

#[test]
fn a_shift_by_one_standard_deviation_is_found_within_a_window() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let sd = (1.0_f64 / 3.0).sqrt();
    let found: u32 = (0..200)
        .map(|trial| {
            let cells = trained(0, 200, &mut random);
            let by = if trial % 2 == 0 { sd } else { -sd };
            u32::from(window(&cells, 0, by, &mut random) >= ALARM)
        })
        .sum();
    assert!(found >= 198, "{found} of 200");
}
