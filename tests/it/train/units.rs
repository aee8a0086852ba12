//! A fit does not depend on a column's unit or offset: seconds since 1970, milliseconds, 10¹² beside 10⁻⁶. What would be lost
//! to rounding is refused.

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::table::TableFile;
use smartserve::train::random::SplitMix64;
use smartserve::train::{TrainSpec, train};

const ROWS: usize = 120;

/// Two whole numbers of 20 bits, which every unit and offset of the test holds exactly and of which no two distances are the
/// same; a number and a class that both tell.
fn rows() -> Vec<([f64; 2], f64, &'static str)> {
    let mut random = SplitMix64::new(11, 11);
    let mut number = |below| random.below(below) as f64;
    (0..ROWS)
        .map(|_| {
            let (a, b, noise) = (number(1 << 20), number(1 << 20), number(8));
            let (small_a, small_b) = (a / 16_384.0, b / 16_384.0);
            let class = if small_a + small_b + noise > 66.0 { "late" } else { "early" };
            ([a, b], 3.0 + 2.0 * small_a - small_b + noise / 4.0, class)
        })
        .collect()
}

/// The model's answers for its own rows, with columns `offset + unit · x`.
fn answers(algorithm: Algorithm, units: [f64; 2], offsets: [f64; 2], scale: Option<bool>) -> Result<Vec<f64>, String> {
    let cell = |x: &[f64; 2], column: usize| offsets[column] + units[column] * x[column];
    let lines =
        rows().iter().map(|(x, y, class)| format!("{},{},{y},{class}\n", cell(x, 0), cell(x, 1))).collect::<String>();
    let table = TableFile::from_bytes("t.csv", format!("a,b,y,class\n{lines}").into_bytes());
    let (target, other) = if algorithm.does_regression() { ("y", "class") } else { ("class", "y") };
    let drop = vec![other.to_owned()];
    let spec = TrainSpec { drop, folds: Some(0), test_size: 0.0, scale, ..TrainSpec::new("m", target, algorithm) };
    let trained = train(&spec, &table, &()).map_err(|e| e.to_string())?;
    let model = Model::load(&trained.artifact).unwrap();
    let cells = rows().iter().flat_map(|(x, ..)| [cell(x, 0), cell(x, 1)]).collect();
    let batch = Batch::from_rows(model.schema(), cells).unwrap();
    Ok(match model.predict(&batch, &mut Scratch::default()).unwrap() {
        Prediction::Regression { values, .. } => values,
        Prediction::Classification { probability: Some(probability), .. } => probability,
        Prediction::Classification { classes, .. } => classes.into_iter().map(f64::from).collect(),
    })
}

#[test]
fn fits_do_not_depend_on_units_and_offsets() {
    let algorithms = Algorithm::ALL.into_iter().filter(|algorithm| algorithm.scales_by_default());
    for algorithm in algorithms {
        let plain = answers(algorithm, [1.0, 1.0], [0.0, 0.0], None).unwrap();
        for (units, offsets) in [
            // Seconds since 1970, a minute apart; milliseconds.
            ([60.0, 1.0], [1_700_000_000.0, 0.0]),
            ([60_000.0, 1.0], [1_700_000_000_000.0, -5.0]),
            ([1e12, 1.0 / 1_048_576.0], [0.0, 0.0]),
            ([1.0 / 1_048_576.0, 1e12], [0.0, 1e15]),
        ] {
            let moved = answers(algorithm, units, offsets, None).unwrap();
            let apart = plain.iter().zip(&moved).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            // Iterative solvers stop where they stop; direct ones are as exact as the columns are.
            let bound = match algorithm {
                Algorithm::Linear | Algorithm::Ridge | Algorithm::GaussianNb | Algorithm::Knn => 1e-9,
                _ => 1e-3,
            };
            assert!(apart <= bound, "{algorithm}, units {units:?} from {offsets:?}: {apart}");
        }
    }
}

#[test]
fn a_column_that_would_be_lost_unscaled_is_refused() {
    for algorithm in [Algorithm::Linear, Algorithm::Ridge, Algorithm::GaussianNb] {
        let error = answers(algorithm, [0.0625, 1.0], [1e13, 0.0], Some(false)).unwrap_err();
        let expected = "a differs between rows by less than 1e-8 of its size: unscaled it is lost to rounding in";
        assert!(error.contains(expected) && error.contains("leave out --no-scale"), "{algorithm}: {error}");
    }
    answers(Algorithm::Linear, [1.0, 1.0], [1_000.0, 0.0], Some(false)).unwrap();
}
