//! `LightGBM`'s text.

mod blanks;
mod categories;
mod equality;
mod hostile;
mod objectives;
mod program;
mod rules;
mod writer;

use smartserve::import::{self, ImportError, ImportOptions, Imported, OneFile};
use smartserve::model::Model;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;

/// Reads a text.
fn read(text: &[u8], options: &ImportOptions) -> Result<Imported, ImportError> {
    import::read(&OneFile { bytes: text }, options)
}

/// The artifact's model of a text; its golden rows, which the plain walk answered, are compared.
fn model_with(text: &[u8], options: &ImportOptions) -> Model {
    let imported = read(text, options).unwrap();
    let model = Model::load(&import::artifact(imported, options).unwrap()).unwrap();
    model.check_golden().unwrap();
    model
}

fn model(text: &[u8]) -> Model {
    model_with(text, &ImportOptions::default())
}

/// Why a text is not read.
fn refusal(text: &[u8]) -> String {
    read(text, &ImportOptions::default()).unwrap_err().to_string()
}

/// Raw scores and answers of rows, row-major; of two classes the second one's probability, of more all of them.
fn answers(model: &Model, rows: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
    let batch = Batch::from_rows(model.schema(), rows).unwrap();
    let scratch = &mut Scratch::default();
    let raw = model.raw(&batch, 0..batch.n_rows(), scratch).unwrap();
    let answers = match model.predict(&batch, scratch).unwrap() {
        Prediction::Regression { values, .. } => values,
        Prediction::Classification { classes, probability } => {
            let n = model.schema().target().classes.len();
            let probability = probability.unwrap();
            for (class, row) in classes.iter().zip(probability.chunks_exact(n)) {
                let largest = row.iter().copied().fold(0.0, f64::max);
                assert_eq!(row.iter().position(|p| *p == largest), Some(*class as usize), "{row:?}");
            }
            match n {
                2 if raw.len() == batch.n_rows() => probability.chunks_exact(2).map(|row| row[1]).collect(),
                _ => probability,
            }
        }
    };
    (raw, answers)
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}
