//! What the tests of equality share: data sets, rows to probe with, and the comparison with smartcore's answers.

use smartcore::dataset::{Dataset, boston, breast_cancer, diabetes, digits, iris};
use smartcore::linalg::basic::arrays::Array;
use smartcore::svm::svc::SVCParameters;
use smartserve::model::compiled::{Predictor, Scratch};
use smartserve::model::ir::Kernel;
use smartserve::model::ir::Linear;
use smartserve::model::prediction::Prediction;
use smartserve::model::schema::Task;
use smartserve::model::smartcore::SmartcoreSvc;
use smartserve::model::smartcore::*;

use super::estimator::{Estimator, SmartcorePrediction};
use super::random::Random;

/// A data set; `y` is empty where classes are predicted.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) columns: usize,
    pub(crate) x: Matrix,
    pub(crate) y: Vec<f64>,
}

impl Data {
    /// The cells, row-major.
    pub(crate) fn cells(&self) -> Vec<f64> {
        self.x.iterator(0).copied().collect()
    }

    /// Every column less its mean, divided by its standard deviation.
    pub(crate) fn scaled(mut self) -> Self {
        let mut cells = self.cells();
        for c in 0..self.columns {
            let column: Vec<f64> = cells.iter().skip(c).step_by(self.columns).copied().collect();
            let mean = column.iter().sum::<f64>() / column.len() as f64;
            let sd = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / column.len() as f64).sqrt();
            cells.iter_mut().skip(c).step_by(self.columns).for_each(|v| *v = (*v - mean) / sd.max(1e-9));
        }
        self.x = Matrix::new(cells.len() / self.columns, self.columns, cells, false).unwrap();
        self
    }
}

pub(crate) fn boston_data() -> Data {
    regression(&boston::load_dataset())
}

pub(crate) fn diabetes_data() -> Data {
    let data = diabetes::load_dataset();
    let target = data.target.iter().map(|v| *v as f32).collect();
    regression(&Dataset { target, ..parts(data.data, data.num_samples, data.num_features) })
}

/// The first two or all three kinds of iris.
pub(crate) fn iris_data(classes: u32) -> (Data, Vec<u32>) {
    let data = iris::load_dataset();
    classification(&data.data, &data.target, 4, classes)
}

pub(crate) fn breast_cancer_data() -> (Data, Vec<u32>) {
    let data = breast_cancer::load_dataset();
    classification(&data.data, &data.target, 30, 2)
}

/// Ten classes, many equal distances.
pub(crate) fn digits_data() -> (Data, Vec<u32>) {
    let data = digits::load_dataset();
    let target: Vec<u32> = data.target.iter().map(|v| *v as u32).collect();
    classification(&data.data, &target, 64, 10)
}

fn parts(data: Vec<f32>, num_samples: usize, num_features: usize) -> Dataset<f32, f32> {
    Dataset {
        data,
        target: Vec::new(),
        num_samples,
        num_features,
        feature_names: Vec::new(),
        target_names: Vec::new(),
        description: String::new(),
    }
}

fn regression(data: &Dataset<f32, f32>) -> Data {
    let cells = data.data.iter().map(|v| f64::from(*v)).collect();
    let y = data.target.iter().map(|v| f64::from(*v)).collect();
    let columns = data.num_features;
    Data { columns, x: Matrix::new(data.num_samples, columns, cells, false).unwrap(), y }
}

fn classification(cells: &[f32], target: &[u32], columns: usize, classes: u32) -> (Data, Vec<u32>) {
    let mut kept: Vec<f64> = Vec::new();
    let mut y = Vec::new();
    for (row, class) in cells.chunks(columns).zip(target) {
        if *class < classes {
            kept.extend(row.iter().map(|v| f64::from(*v)));
            y.push(*class);
        }
    }
    let x = Matrix::new(y.len(), columns, kept, false).unwrap();
    (Data { columns, x, y: Vec::new() }, y)
}

/// 10,000 rows around the training data, then the training rows, then rows made of the edges of f64 and of training
/// values (split thresholds lie between those, and on them where smartcore rounds).
pub(crate) fn probes(data: &Data) -> Vec<f64> {
    some_probes(data, 10_000)
}

/// The same with fewer rows of the first kind where smartcore takes long for a row, 0.1 to 10 ms by its support vectors
/// and neighbours: 500, or `PROBES` (`make exact` asks 10,000).
pub(crate) fn few_probes(data: &Data) -> Vec<f64> {
    let n_mixed = std::env::var("PROBES").map_or(500, |n| n.parse().expect("PROBES is a number of rows"));
    some_probes(data, n_mixed)
}

pub(crate) fn some_probes(data: &Data, n_mixed: usize) -> Vec<f64> {
    let (n, columns) = (data.x.shape().0, data.columns);
    let cell = |r: usize, c: usize| *data.x.get((r % n, c));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut next = || random.next();
    let mut rows = Vec::new();
    for _ in 0..n_mixed {
        let (a, b) = (next() as usize % n, next() as usize % n);
        let mix = (next() >> 11) as f64 / (1_u64 << 53) as f64;
        rows.extend((0..columns).map(|c| cell(a, c) * mix + cell(b, c) * (1.0 - mix)));
    }
    for r in 0..n {
        rows.extend((0..columns).map(|c| cell(r, c)));
    }
    let edges = [0.0, -0.0, f64::MIN_POSITIVE, 5e-324, -5e-324, f64::MAX, f64::MIN, 1.0, -1.0, 1e-300, 1e150];
    for edge in edges {
        rows.extend((0..columns).map(|_| edge));
        rows.extend((0..columns).map(|c| if c % 2 == 0 { edge } else { cell(c, c) }));
    }
    rows
}

/// The smartcore object that is written as this model.
pub(crate) fn object<T: serde::de::DeserializeOwned>(linear: &Linear) -> T {
    postcard::from_bytes(&ridge_section(linear, true).unwrap()).unwrap()
}

pub(crate) fn as_matrix(rows: &[f64], columns: usize) -> Matrix {
    Matrix::new(rows.len() / columns, columns, rows.to_vec(), false).unwrap()
}

/// The estimator written, read and compared with its own in-memory answers on [`probes`].
pub(crate) fn assert_equal(estimator: &Estimator, data: &Data, task: Task, n_classes: usize) {
    let rows = probes(data);
    let expected = estimator.predict(&as_matrix(&rows, data.columns)).unwrap();
    Expected::new(expected).check(&predictor(estimator, data.columns, task, n_classes), &rows, data.columns);
}

/// The estimator written and read again.
pub(crate) fn predictor(estimator: &Estimator, n_columns: usize, task: Task, n_classes: usize) -> Predictor {
    let shape = Shape { algorithm: estimator.algorithm(), task, n_columns, n_classes };
    Predictor::compile(&read(&estimator.to_section().unwrap(), None, shape).unwrap(), n_classes).unwrap()
}

/// What smartcore's in-memory object says of some rows.
pub(crate) struct Expected {
    answers: SmartcorePrediction,
    /// Row-major probabilities, where smartcore has them.
    pub(crate) probability: Option<Vec<f64>>,
    /// Whether a row must be refused, although smartcore answers something; `None`: it may be.
    pub(crate) refused: Vec<Option<bool>>,
    with_probability: bool,
    /// Σ|terms| of each value, where answers need only be within 1e-12 of it.
    pub(crate) terms: Option<Vec<f64>>,
}

impl Expected {
    /// Rows whose value is not finite must be refused, no other; classes may be.
    pub(crate) fn new(answers: SmartcorePrediction) -> Self {
        let refused = match &answers {
            SmartcorePrediction::Values(values) => values.iter().map(|v| Some(!v.is_finite())).collect(),
            SmartcorePrediction::Classes(classes) => vec![None; classes.len()],
        };
        Self { answers, probability: None, refused, with_probability: true, terms: None }
    }

    /// The method has no probabilities.
    pub(crate) fn without_probability(self) -> Self {
        Self { with_probability: false, ..self }
    }

    /// Compares in one batch of what is not refused, in odd-sized batches and row by row.
    pub(crate) fn check(&self, predictor: &Predictor, rows: &[f64], columns: usize) {
        let n = rows.len() / columns;
        for size in [n, 257, 17, 1] {
            let mut scratch = Scratch::default();
            for (i, chunk) in rows.chunks(size * columns).enumerate() {
                if size == 1 && i % 7 != 0 && i + 100 < n {
                    continue;
                }
                self.compare(predictor, chunk, i * size, &mut scratch, columns);
            }
        }
    }

    fn compare(&self, p: &Predictor, rows: &[f64], first: usize, s: &mut Scratch, columns: usize) {
        let n = rows.len() / columns;
        match (&self.answers, p.predict(rows, first, s)) {
            (SmartcorePrediction::Values(expected), Ok(Prediction::Regression { values, .. })) => {
                for (i, (a, b)) in expected[first..first + n].iter().zip(&values).enumerate() {
                    let near = self.terms.as_ref().is_some_and(|terms| (a - b).abs() <= 1e-12 * terms[first + i]);
                    assert!(near || a.to_bits() == b.to_bits(), "row {}: {a} against {b}", first + i);
                }
                assert!(!self.refused[first..first + n].contains(&Some(true)), "rows from {first} were answered");
            }
            (SmartcorePrediction::Classes(expected), Ok(Prediction::Classification { classes, probability })) => {
                assert_eq!(&expected[first..first + n], classes.as_slice());
                assert!(!self.refused[first..first + n].contains(&Some(true)), "rows from {first} were answered");
                assert_eq!(probability.is_some(), self.with_probability);
                if let Some(probability) = probability {
                    self.compare_probability(&probability, first, n);
                }
            }
            (_, Err(refused)) => {
                let row = refused.row;
                assert_ne!(
                    self.refused[row],
                    Some(false),
                    "row {row} was refused: {:?}",
                    &rows[(row - first) * columns..][..columns]
                );
            }
            other => panic!("{other:?}"),
        }
    }

    fn compare_probability(&self, probability: &[f64], first: usize, n: usize) {
        let n_classes = probability.len() / n;
        for row in probability.chunks(n_classes) {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{row:?}");
        }
        if let Some(expected) = &self.probability {
            let expected = &expected[first * n_classes..(first + n) * n_classes];
            for (i, (a, b)) in expected.iter().zip(probability).enumerate() {
                assert_eq!(a.to_bits(), b.to_bits(), "row {}: {a} against {b}", first + i / n_classes);
            }
        }
    }
}

/// smartcore's own `SVC` on the rows of each pair, the class with most votes, of equals the first.
pub(crate) fn votes_of_pairs(
    data: &Data,
    y: &[u32],
    n_classes: usize,
    kernel: Kernel,
    seed: u64,
    rows: &[f64],
) -> Vec<u32> {
    let x = as_matrix(rows, data.columns);
    let mut votes = vec![vec![0; n_classes]; rows.len() / data.columns];
    let cells = data.cells();
    for (i, j) in (0..n_classes).flat_map(|i| (i + 1..n_classes).map(move |j| (i as u32, j as u32))) {
        let of_pair = |class: &u32| *class == i || *class == j;
        let pair: Vec<f64> =
            cells.chunks(data.columns).zip(y).filter(|(_, c)| of_pair(c)).flat_map(|(row, _)| row.to_vec()).collect();
        let labels: Vec<u32> = y.iter().copied().filter(of_pair).collect();
        let pair = as_matrix(&pair, data.columns);
        let parameters = SVCParameters::default().with_kernel(kernel.to_smartcore()).with_seed(Some(seed));
        let fitted = SmartcoreSvc::fit(&pair, &labels, &parameters).unwrap();
        for (votes, class) in votes.iter_mut().zip(fitted.predict(&x).unwrap()) {
            votes[class as usize] += 1;
        }
    }
    let first_most = |votes: &Vec<u32>| votes.iter().position(|v| v == votes.iter().max().unwrap()).unwrap() as u32;
    votes.iter().map(first_most).collect()
}
