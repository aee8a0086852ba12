//! `predict`: score the rows of a CSV file, streaming, in constant memory.

use std::io::{BufWriter, Read, Write};

use crate::cli::PredictArgs;
use crate::model::Model;
use crate::model::compiled::Scratch;
use crate::model::labels;
use crate::model::prediction::{PredictError, Predicted, Prediction};
use crate::model::schema::{Schema, numbered};
use crate::table::{Head, RowReader, TableError};
use crate::text::number::shortest;

use super::failure::{Exit, Failure};
use super::files;
use super::output::{Destination, Output};

/// Rows read, scored and written at one time: enough to fill the compiled predictor's blocks.
const CHUNK: usize = 4_096;

/// Runs the command.
///
/// # Errors
/// 66 a missing input, 65 rows or a model that are invalid, 1 golden rows that differ or output that cannot be written.
pub fn run(args: &PredictArgs) -> Result<(), Failure> {
    let model = files::model(&args.model, &args.source)?;
    if model.check_golden().is_err() {
        let path = args.model.display();
        let what = format_args!("{path}: it does not answer its golden rows as written; see smartserve verify {path}");
        return Err(Failure::new(Exit::Failed, what));
    }
    if args.raw && model.n_raw().is_none() {
        let what =
            format_args!("{}: {} has no raw scores; leave out --raw", args.model.display(), model.header().algorithm);
        return Err(Failure::new(Exit::Usage, what));
    }
    let (input, name) = files::open(&args.input)?;
    if std::fs::canonicalize(&args.output).is_ok_and(|out| std::fs::canonicalize(&args.input).is_ok_and(|i| i == out)) {
        return Err(Failure::new(Exit::Usage, "--output is the --input itself; write to another file"));
    }
    let unwritable = |e| files::unwritable(&args.output, &e);
    let output = Destination::of(&args.output).and_then(|destination| destination.open()).map_err(unwritable)?;
    let mut output = BufWriter::new(output);
    let n_raw = if args.raw { model.n_raw().unwrap_or(0) } else { 0 };
    score(&model, n_raw, input, &name, &mut output)?;
    output.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(Output::commit).map_err(unwritable)
}

/// `n_raw` raw scores a row are added; none where it is 0.
fn score(model: &Model, n_raw: usize, input: impl Read, name: &str, output: impl Write) -> Result<(), Failure> {
    let mut rows = RowReader::new(input, name, model.schema(), Head::Present)?.keep_fields();
    files::note_absent(name, rows.absent());
    let mut writer = csv::WriterBuilder::new().from_writer(output);
    write_record(&mut writer, rows.header().iter().map(String::as_str), &heads(rows.header(), model, n_raw))?;
    let mut scratch = Scratch::default();
    let mut done = 0;
    while let Some(batch) = rows.next_chunk(CHUNK)? {
        let batch = batch.with_raw(n_raw > 0);
        let Predicted { prediction: answers, raw } = match model.predicted(&batch, 0..batch.n_rows(), &mut scratch) {
            Ok(answers) => answers,
            Err(PredictError { row, cells }) if !cells.is_empty() => {
                let cells = cells.into_iter().map(|cell| (cell.feature, cell.detail));
                return Err(rows.refuse(row, cells).into());
            }
            Err(PredictError { row, .. }) => {
                let row = done + row + 1;
                let what = format_args!("{name}: the model's answer for row {row} is not a finite number");
                return Err(Failure::new(Exit::Failed, what));
            }
        };
        let raw = raw.unwrap_or_default();
        for row in 0..batch.n_rows() {
            let mut added = cells(&answers, row, model.schema());
            added.extend(raw.iter().skip(row * n_raw).take(n_raw).map(|value| shortest(*value)));
            write_record(&mut writer, rows.fields(row), &added)?;
        }
        done += batch.n_rows();
    }
    writer.flush().map_err(|e| Failure::writing("the output", &e))
}

/// The names of the added columns: `prediction`, `probability_CLASS` for each class if there are any, `raw` or `raw_0`. A name
/// that the input has already gets underscores until it is new.
fn heads(taken: &[String], model: &Model, n_raw: usize) -> Vec<String> {
    let columns = model.schema().target().answer_columns(model.has_probability());
    columns
        .chain(numbered("raw", n_raw))
        .map(|mut name| {
            while taken.contains(&name) {
                name.push('_');
            }
            name
        })
        .collect()
}

fn cells(answers: &Prediction, row: usize, schema: &Schema) -> Vec<String> {
    let classes = &schema.target().classes;
    match answers {
        Prediction::Regression { values, n_outputs } => {
            values[row * n_outputs..][..*n_outputs].iter().map(|value| shortest(*value)).collect()
        }
        Prediction::Classification { classes: positions, probability } => {
            let label = labels::shown(&classes[positions[row] as usize], schema.label_kind());
            let mut cells = vec![label.into_owned()];
            let probability = probability.iter().flatten().skip(row * classes.len()).take(classes.len());
            cells.extend(probability.map(|p| shortest(*p)));
            cells
        }
    }
}

fn write_record<'a, W: Write>(
    writer: &mut csv::Writer<W>,
    fields: impl Iterator<Item = &'a str>,
    added: &'a [String],
) -> Result<(), Failure> {
    let all = fields.chain(added.iter().map(String::as_str));
    writer.write_record(all).map_err(|e| match e.into_kind() {
        csv::ErrorKind::Io(e) => Failure::writing("the output", &e),
        other => Failure::new(Exit::Failed, format_args!("the output: {other:?}")),
    })
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Self::new(Exit::of(error.class()), error)
    }
}
