//! A table's rows for a model, and the targets beside them.

use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::cell::MAX_ABS;
use crate::model::labels;
use crate::model::schema::Schema;
use crate::table::{CellProblem, MAX_PROBLEMS, Place, TableError, TableInput, TableRows, TextOptions};
use crate::text::shorten::quoted;
use crate::train::Observed;

use super::failure::{Exit, Failure};
use super::groups::{GroupColumn, place};

/// Rows read at one time.
const CHUNK: usize = 4_096;

/// Most cells that are read: 2 GiB.
const MAX_CELLS: usize = 1 << 28;

/// Rows that fit a model.
#[derive(Debug)]
pub(super) struct Labelled {
    /// `[n_rows, n_features]`
    pub(super) rows: Batch,
    /// The target of each row, if one was named.
    pub(super) observed: Option<Observed>,
    /// Each row's line in its file.
    pub(super) lines: Vec<u64>,
    /// Of each file its first row, and where that is.
    files: Vec<(usize, Place)>,
    /// The columns whose values are groups.
    pub(super) by: Vec<GroupColumn>,
}

impl Labelled {
    /// Where a row is.
    pub(super) fn place(&self, row: usize) -> String {
        let of_file = self.files.iter().rev().find(|(start, _)| *start <= row);
        let line = self.lines.get(row).copied().unwrap_or_default();
        of_file.map_or_else(String::new, |(_, place)| Place { line, ..place.clone() }.to_string())
    }

    /// Reads whole tables as one: columns by the features' names, others are left, and the column that is called
    /// `target`, and those of `by`.
    ///
    /// # Errors
    /// 65, one line per problem: columns that are not there, cells that do not fit, too many rows.
    pub(super) fn read(
        model: &Model,
        inputs: Vec<TableInput>,
        target: Option<&str>,
        by: &[String],
        options: TextOptions,
    ) -> Result<Self, Failure> {
        let schema = model.schema();
        let mut reader = TableRows::open(inputs, schema, options)?;
        let name = &reader.file().to_owned();
        let absent = reader.absent();
        if !absent.is_empty() {
            let what = "statistics are made of each feature; give it an empty column where all cells are missing";
            let (absent, hint) = (quoted(&absent), reader.hint_for_absent());
            return Err(Failure::new(Exit::Data, format_args!("{name}: no column {absent}: {what}{hint}")));
        }
        let target = target.map(|target| place(reader.header(), name, target, "--target")).transpose()?;
        let mut by = GroupColumn::all(by, reader.header(), name)?;
        let (mut cells, mut lines, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        let mut files: Vec<(usize, Place)> = Vec::new();
        let mut observed = target.map(|_| match schema.target().classes.as_slice() {
            [] => Observed::Values(Vec::new()),
            _ => Observed::Classes(Vec::new()),
        });
        while let Some(batch) = reader.next_chunk(CHUNK).map_err(|error| all(error, &mut problems))? {
            problems.extend(beyond(&reader, &batch, schema));
            let first = reader.place(0);
            if files.last().is_none_or(|(_, last)| last.file != first.file) {
                files.push((lines.len(), first));
            }
            for row in 0..batch.n_rows() {
                lines.push(reader.place(row).line);
                for column in &mut by {
                    column.push(&reader.text(row, column.place));
                }
                let (Some(column), Some(observed)) = (target, &mut observed) else { continue };
                if let Err(detail) = push(observed, &reader.text(row, column), schema, reader.options()) {
                    problems.push(reader.problem(row, column, detail));
                }
            }
            if problems.len() >= MAX_PROBLEMS {
                break;
            }
            cells.extend_from_slice(batch.values());
            if cells.len() > MAX_CELLS {
                let what = format_args!("{name}: more than {MAX_CELLS} cells: use fewer rows");
                return Err(Failure::new(Exit::Data, what));
            }
        }
        if !problems.is_empty() {
            problems.truncate(MAX_PROBLEMS);
            return Err(failure(&problems));
        }
        let rows =
            Batch::from_rows(schema, cells).map_err(|e| Failure::new(Exit::Data, format_args!("{name}: {e}")))?;
        Ok(Self { rows, observed, lines, files, by })
    }
}

/// The problems found before, and the one that stopped the reader.
fn all(error: TableError, before: &mut Vec<CellProblem>) -> Failure {
    match error {
        TableError::Cells(problems) => {
            before.extend(problems);
            failure(before)
        }
        other => other.into(),
    }
}

fn failure(problems: &[CellProblem]) -> Failure {
    let mut messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    if let (MAX_PROBLEMS.., Some(last)) = (messages.len(), problems.last()) {
        let Place { file, line, unit, .. } = &last.place;
        messages
            .push(format!("{file}: {} problems up to {unit} {line}; what is behind it was not read", messages.len()));
    }
    Failure { exit: Exit::Data, messages }
}

/// Numbers that statistics cannot be made of.
fn beyond(reader: &TableRows<'_>, batch: &Batch, schema: &Schema) -> Vec<CellProblem> {
    let cells = batch.rows().enumerate().flat_map(|(row, cells)| cells.iter().enumerate().map(move |at| (row, at)));
    let too_large = cells.filter(|(_, (_, cell))| cell.abs() > MAX_ABS).take(MAX_PROBLEMS);
    let problem = |(row, (feature, cell)): (usize, (usize, &f64))| {
        let name = &schema.features()[feature].name;
        let detail = format!("{name} is {cell:?}: statistics are made of numbers up to {MAX_ABS:e}");
        match reader.refuse(row, std::iter::once((feature, detail))) {
            TableError::Cells(problems) => problems,
            _ => Vec::new(),
        }
    };
    too_large.flat_map(problem).collect()
}

fn push(observed: &mut Observed, text: &str, schema: &Schema, options: &TextOptions) -> Result<(), String> {
    if text.trim().is_empty() || options.is_missing(text.trim()) {
        return Err("the target is missing; remove the row".to_owned());
    }
    match observed {
        Observed::Values(values) => {
            let value = options.numerals.parse(text).filter(|value| value.abs() <= MAX_ABS);
            values.push(value.ok_or_else(|| format!("{text:?} is not a number, and the model predicts one"))?);
        }
        Observed::Classes(classes) => {
            let labels = &schema.target().classes;
            let class = labels::position(labels, text).and_then(|class| u32::try_from(class).ok());
            classes.push(class.ok_or_else(|| format!("{text:?} is no class of the model; it has {}", quoted(labels)))?);
        }
    }
    Ok(())
}
