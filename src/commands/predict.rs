//! `predict`: score the rows of tables, streaming, in constant memory.

use std::io::{BufWriter, Write};

use crate::cli::{OnError, PredictArgs};
use crate::model::Model;
use crate::model::answer_table;
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::prediction::{Answer, Beside, PredictError, Prediction};
use crate::model::question::{Asked, Question};
use crate::table::{CheckedRows, TableError, TableFormat, TableRows, TableWriter, TextOptions, WriteError};

use super::failure::{Exit, Failure};
use super::files::{self, OpenedModel};
use super::output::{Destination, Output};
use super::packed::{Packed, Packing};
use super::scored::{Answers, answer, answer_some};

/// Rows read, scored and written at one time: enough to fill the compiled predictor's blocks.
const CHUNK: usize = 4_096;

/// Numbers beside the predictions that are made at one time, 4 MiB.
const NUMBERS: usize = 1 << 19;

/// Bytes that are written at one time.
const OUTPUT: usize = 64 << 10;

/// Runs the command.
///
/// # Errors
/// 66 a missing input, 65 rows or a model that are invalid, 2 an output that is one of its inputs, 1 golden rows that
/// differ or output that cannot be written.
pub fn run(args: &PredictArgs) -> Result<(), Failure> {
    let paths = files::expanded(&args.input)?;
    files::keep("the --input", &paths, &args.output)?;
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
    let asked = Asked { raw: args.raw, explain: args.explain, interval: args.interval };
    let question = model.question(asked).map_err(|reason| {
        let what = format_args!("{}: {reason}; or leave out --interval", args.model.display());
        Failure::new(Exit::Usage, what)
    })?;
    let options = files::text_options(&args.table)?;
    let format = format(args);
    if format != TableFormat::Csv && args.on_error == OnError::Null {
        return Err(Failure::new(Exit::Usage, "--on-error null goes with CSV output; write CSV, or leave it out"));
    }
    let inputs = files::tables(&paths)?;
    let unwritable = |e| files::unwritable(&args.output, &e);
    let output = Destination::of(&args.output).and_then(|destination| destination.open()).map_err(unwritable)?;
    let (packing, _) = Packing::of(&args.output);
    let mut output = Packed::new(packing, BufWriter::with_capacity(OUTPUT, output)).map_err(unwritable)?;
    let scoring = Scoring { model: &model, question, on_error: args.on_error, options };
    let open = match format {
        TableFormat::Csv | TableFormat::Ndjson => TableRows::open,
        TableFormat::Parquet | TableFormat::Arrow | TableFormat::ArrowStream => TableRows::open_passing,
    };
    let rows = open(inputs, model.schema(), scoring.options.clone())?;
    files::note_absent(&rows);
    match format {
        TableFormat::Csv => scoring.score(rows, &mut output)?,
        _ => scoring.score_as(format, rows, &mut output)?,
    }
    let output = output.finish().and_then(|output| output.into_inner().map_err(std::io::IntoInnerError::into_error));
    output.and_then(Output::commit).map_err(unwritable)
}

/// The form of the output: what was asked for, else what its ending means, else CSV.
fn format(args: &PredictArgs) -> TableFormat {
    let named = |asked: &String| TableFormat::NAMES.iter().find(|(name, _)| name == asked).map(|(_, format)| *format);
    let (_, name) = Packing::of(&args.output);
    let ending = || name.extension().and_then(|ending| TableFormat::of_ending(ending.to_str()?));
    args.output_format.as_ref().and_then(named).or_else(ending).unwrap_or(TableFormat::Csv)
}

/// How the rows of a table are scored.
struct Scoring<'m> {
    model: &'m Model,
    /// What is added after each row's prediction.
    question: Question,
    on_error: OnError,
    options: TextOptions,
}

impl Scoring<'_> {
    /// Writes each row in another form than CSV.
    fn score_as(&self, format: TableFormat, mut rows: TableRows<'_>, output: impl Write + Send) -> Result<(), Failure> {
        let names = new_names(rows.header(), self.columns());
        let mut writer = TableWriter::new(format, output, &rows, &names).map_err(not_written)?;
        let mut scratch = Scratch::default();
        while let Some(batch) = rows.next_chunk(self.most_rows())? {
            let batch = batch.asking(self.question);
            let mut answers = self.answer_all(&rows, &batch, &mut scratch)?;
            if let Ok((answer, _)) = answers.next() {
                writer.write(&rows, &batch, self.model.schema(), answer).map_err(not_written)?;
            }
        }
        writer.finish().map(drop).map_err(not_written)
    }

    /// The columns that are added.
    fn columns(&self) -> impl Iterator<Item = String> {
        let n_explained = if self.question.explain { self.model.n_explained() } else { 0 };
        let interval = self.model.interval_for(self.question);
        let beside = Beside { n_raw: self.model.n_raw_for(self.question), n_explained, interval };
        answer_table::columns(self.model.schema(), self.model.has_probability(), beside)
    }

    /// Rows that are read, scored and written at one time.
    fn most_rows(&self) -> usize {
        (NUMBERS / self.model.numbers_beside(self.question).max(1)).clamp(1, CHUNK)
    }

    fn score(&self, mut rows: TableRows<'_>, output: impl Write) -> Result<(), Failure> {
        let mut writer = csv::WriterBuilder::new().delimiter(rows.delimiter()).from_writer(output);
        let added = self.columns();
        let tells_errors = self.on_error == OnError::Null;
        let names = new_names(rows.header(), added.chain(tells_errors.then(|| "error".to_owned())));
        // With the first answers: of rows that are refused nothing is written, to standard output either.
        let mut has_header = false;
        let n_answers = names.len() - usize::from(tells_errors);
        let mut scratch = Scratch::default();
        let most = self.most_rows();
        while let Some(chunk) = self.next_chunk(&mut rows, most)? {
            let batch = chunk.batch.map(|batch| batch.asking(self.question));
            let mut answers = match &batch {
                Some(batch) if tells_errors => answer_some(self.model, batch, &mut scratch),
                Some(batch) => self.answer_all(&rows, batch, &mut scratch)?,
                None => Answers::default(),
            };
            if !std::mem::replace(&mut has_header, true) {
                writer.write_record(rows.header().iter().chain(&names)).map_err(unwritten)?;
            }
            for (row, refused) in chunk.refused.into_iter().enumerate() {
                for column in 0..rows.header().len() {
                    writer.write_field(rows.text(row, column).as_ref()).map_err(unwritten)?;
                }
                let answer = refused.map_or_else(|| answers.next(), Err);
                match &answer {
                    Ok((piece, row)) => self.write_answer(piece, *row, &mut writer)?,
                    Err(_) => (0..n_answers).try_for_each(|_| writer.write_field("")).map_err(unwritten)?,
                }
                if tells_errors {
                    writer.write_field(answer.err().unwrap_or_default()).map_err(unwritten)?;
                }
                writer.write_record(None::<&[u8]>).map_err(unwritten)?;
            }
        }
        writer.flush().map_err(|e| Failure::writing("the output", &e))
    }

    /// The next rows, at most `most`.
    fn next_chunk(&self, rows: &mut TableRows<'_>, most: usize) -> Result<Option<CheckedRows>, TableError> {
        if self.on_error == OnError::Null {
            return rows.next_checked(most);
        }
        let batch = rows.next_chunk(most)?;
        Ok(batch.map(|batch| CheckedRows { refused: vec![None; batch.n_rows()], batch: Some(batch) }))
    }

    /// Answers every row of a chunk.
    fn answer_all(&self, rows: &TableRows<'_>, batch: &Batch, scratch: &mut Scratch) -> Result<Answers, Failure> {
        match answer(self.model, batch, 0..batch.n_rows(), scratch) {
            Ok(predicted) => Ok(Answers::of(predicted)),
            Err(PredictError { row, cells }) if !cells.is_empty() => {
                let cells = cells.into_iter().map(|cell| (cell.feature, cell.detail));
                Err(rows.refuse(row, cells).into())
            }
            Err(PredictError { row, .. }) => {
                let what = format_args!("{}: the model's answer is not a finite number", rows.place(row));
                Err(Failure::new(Exit::Failed, what))
            }
        }
    }

    /// Writes the fields of an answer, numbers with the input's decimal mark.
    fn write_answer<W: Write>(
        &self,
        predicted: &Answer,
        row: usize,
        writer: &mut csv::Writer<W>,
    ) -> Result<(), Failure> {
        let decimal = self.options.numerals.decimal;
        let mut is_label = matches!(predicted.prediction, Prediction::Classification { .. });
        let added = |field: &[u8]| {
            if std::mem::take(&mut is_label) || decimal == '.' {
                return writer.write_field(field);
            }
            let field: Vec<u8> = field.iter().map(|byte| if *byte == b'.' { b',' } else { *byte }).collect();
            writer.write_field(field)
        };
        answer_table::write_row(self.model.schema(), predicted, row, added).map_err(unwritten)
    }
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

/// The rows cannot be written in that form.
fn not_written(error: WriteError) -> Failure {
    match error {
        WriteError::Io(e) => Failure::writing("the output", &e),
        WriteError::Table(detail) => Failure::new(Exit::Data, detail),
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Self::new(Exit::of(error.class()), error)
    }
}
