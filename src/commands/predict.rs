//! `predict`: score the rows of a CSV file, streaming, in constant memory.

use std::io::{BufWriter, Read, Write};

use crate::cli::PredictArgs;
use crate::model::Model;
use crate::model::answer_table;
use crate::model::compiled::Scratch;
use crate::model::prediction::{Beside, PredictError};
use crate::model::question::Question;
use crate::table::{Head, RowReader, TableError};

use super::failure::{Exit, Failure};
use super::files::{self, OpenedModel};
use super::output::{Destination, Output};

/// Rows read, scored and written at one time: enough to fill the compiled predictor's blocks.
const CHUNK: usize = 4_096;

/// Numbers beside the predictions that are made at one time, 4 MiB.
const NUMBERS: usize = 1 << 19;

/// Runs the command.
///
/// # Errors
/// 66 a missing input, 65 rows or a model that are invalid, 2 an output that is one of its inputs, 1 golden rows that
/// differ or output that cannot be written.
pub fn run(args: &PredictArgs) -> Result<(), Failure> {
    files::keep("the --input", &[&args.input], &args.output)?;
    let OpenedModel { model, files: read, .. } = files::opened(&args.model, &args.source)?;
    files::keep("the --model", &read, &args.output)?;
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
    if let (true, Some(reason)) = (args.explain, model.unexplained()) {
        let what = format_args!("{}: {reason}; leave out --explain", args.model.display());
        return Err(Failure::new(Exit::Usage, what));
    }
    let (input, name) = files::open(&args.input)?;
    let unwritable = |e| files::unwritable(&args.output, &e);
    let output = Destination::of(&args.output).and_then(|destination| destination.open()).map_err(unwritable)?;
    let mut output = BufWriter::new(output);
    let question = Question { raw: args.raw, explain: args.explain, interval: None };
    score(&model, question, input, &name, &mut output)?;
    output.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(Output::commit).map_err(unwritable)
}

/// What the question asks for is added after each row's prediction.
fn score(model: &Model, question: Question, input: impl Read, name: &str, output: impl Write) -> Result<(), Failure> {
    let mut rows = RowReader::new(input, name, model.schema(), Head::Present)?.keep_fields();
    files::note_absent(name, &rows);
    let mut writer = csv::WriterBuilder::new().from_writer(output);
    let n_explained = if question.explain { model.n_explained() } else { 0 };
    let beside = Beside { n_raw: model.n_raw_for(question), n_explained };
    let added = answer_table::columns(model.schema(), model.has_probability(), beside);
    let names = new_names(rows.header(), added);
    writer.write_record(rows.header().iter().chain(&names)).map_err(unwritten)?;
    let mut scratch = Scratch::default();
    let mut done = 0;
    let chunk = (NUMBERS / model.numbers_beside(question).max(1)).clamp(1, CHUNK);
    while let Some(batch) = rows.next_chunk(chunk)? {
        let batch = batch.asking(question);
        let mut predicted = match model.answer(&batch, 0..batch.n_rows(), &mut scratch) {
            Ok(predicted) => predicted,
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
        if question.explain {
            predicted.contributions = model.contributions(&batch, 0..batch.n_rows(), &mut scratch, &|| false);
        }
        for row in 0..batch.n_rows() {
            for field in rows.fields(row) {
                writer.write_field(field).map_err(unwritten)?;
            }
            let added = |field: &[u8]| writer.write_field(field);
            answer_table::write_row(model.schema(), &predicted, row, added).map_err(unwritten)?;
            writer.write_record(None::<&[u8]>).map_err(unwritten)?;
        }
        done += batch.n_rows();
    }
    writer.flush().map_err(|e| Failure::writing("the output", &e))
}

/// The names of the added columns. A name that the input has already gets underscores until it is new.
fn new_names(taken: &[String], added: impl Iterator<Item = String>) -> Vec<String> {
    let renamed = |mut name: String| {
        while taken.contains(&name) {
            name.push('_');
        }
        name
    };
    added.map(renamed).collect()
}

/// The output cannot be written.
fn unwritten(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(e) => Failure::writing("the output", &e),
        other => Failure::new(Exit::Failed, format_args!("the output: {other:?}")),
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Self::new(Exit::of(error.class()), error)
    }
}
