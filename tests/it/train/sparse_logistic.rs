//! Logistic regression on many one-hot columns: fitted by the cells that are not usual, it is what smartcore fits of all.

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::open;
use smartserve::model::smartcore::{LogisticRegression, Matrix};
use smartserve::table::TableFile;
use smartserve::train::{TrainSpec, train};

use smartcore::linalg::basic::arrays::Array;
use smartcore::linear::logistic_regression::LogisticRegressionParameters;

const N_KINDS: usize = 70;

/// Each row's number, kind and class.
fn rows(n_classes: usize) -> Vec<(f64, usize, usize)> {
    let row =
        |i: usize| (f64::from(u32::try_from(i * 37 % 101).unwrap()) / 10.0, i * 11 % N_KINDS, i * i % 11 % n_classes);
    (0..420).map(row).collect()
}

#[test]
fn many_one_hot_columns_have_the_coefficients_of_smartcore_s_own_fit() {
    for n_classes in [2, 3] {
        let rows = rows(n_classes);
        let line = |(x, kind, class): &(f64, usize, usize)| format!("{x},k{kind:02},c{class}\n");
        let text: String = rows.iter().map(line).collect();
        let table = TableFile::from_bytes("t.csv", format!("x,kind,y\n{text}").into_bytes());
        let spec = TrainSpec { folds: Some(0), test_size: 0.0, ..TrainSpec::new("m", "y", Algorithm::Logistic) };
        let trained = train(&spec, &table, &()).unwrap();
        let opened = open(&trained.artifact).unwrap();
        let columns = &opened.header.preprocessing.as_ref().unwrap().columns;
        assert_eq!(columns.len(), 1 + N_KINDS);
        let scaled = columns.iter().map(|column| {
            let cell = |(x, kind, _): &(f64, usize, usize)| match column.category {
                None => *x,
                Some(category) => f64::from(u8::from(*kind == category as usize)),
            };
            let cells: Vec<f64> = rows.iter().map(cell).collect();
            let n = f64::from(u32::try_from(cells.len()).unwrap());
            let mean = cells.iter().sum::<f64>() / n;
            let sd = (cells.iter().map(|cell| (cell - mean).powi(2)).sum::<f64>() / n).sqrt();
            cells.into_iter().map(|cell| (cell - mean) / sd).collect::<Vec<f64>>()
        });
        let cells: Vec<f64> = scaled.flatten().collect();
        let matrix = Matrix::new(rows.len(), columns.len(), cells, true).unwrap();
        let y: Vec<u32> = rows.iter().map(|(_, _, class)| u32::try_from(*class).unwrap()).collect();
        let whole =
            LogisticRegression::fit(&matrix, &y, LogisticRegressionParameters::default().with_alpha(1.0)).unwrap();
        let own: LogisticRegression = postcard::from_bytes(opened.section("estimator").unwrap()).unwrap();
        let pairs = own.coefficients().iterator(0).zip(whole.coefficients().iterator(0));
        let furthest = pairs.map(|(own, whole)| (own - whole).abs()).fold(0.0, f64::max);
        assert!(furthest < 1e-6, "{n_classes} classes: {furthest:e}");
        Model::load(&trained.artifact).unwrap().check_golden().unwrap();
    }
}
