//! `replay`: how the answers of two models differ for the same rows, before one takes the other's place.

use std::io::{Cursor, Read};
use std::path::Path;

use crate::cli::ReplayArgs;
use crate::config::Names;
use crate::model::Model;
use crate::model::compiled::Scratch;
use crate::model::labels;
use crate::model::prediction::Prediction;
use crate::model::schema_difference::difference;
use crate::table::{Place, TableInput, TableRows};
use crate::text::number::shortest;

use super::answers::{ClassMap, RowDifference, answers};
use super::failure::{Exit, Failure};
use super::files;
use super::groups::GroupColumn;
use super::replay_report::{Answered, GroupDifference, ReplayReport, Spread, WorstRow};

/// Rows read and answered at one time.
const CHUNK: usize = 4_096;

/// The rows that differ most, of which the report tells.
const WORST: usize = 10;

/// Runs the command.
///
/// # Errors
/// 66 no such file, 65 rows that do not fit a model or answers that cannot be compared, 1 a difference beyond the
/// tolerance or another schema.
pub fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let new = files::model(&args.check.model, &args.check.source)?;
    let old = files::model(&args.against, &args.check.source)?;
    comparable(args, &new, &old)?;
    let is_stdin = args.check.input == Path::new("-");
    let name = if is_stdin { "standard input".to_owned() } else { args.check.input.display().to_string() };
    let for_each = [&args.check.model, &args.against].map(|model| format!("{name}, for {}", model.display()));
    let [new_input, old_input] = twice(&args.check.input, for_each)?;
    let models = Models { new: &new, old: &old, classes: ClassMap::new(classes(&new), classes(&old)) };
    let replayed = models.replay(args, new_input, old_input, &name)?;
    let schemas = (!new.schema().accepts_same_requests(old.schema())).then(|| difference(old.schema(), new.schema()));
    let report = models.report(args, &name, &replayed, schemas)?;
    if args.check.json {
        files::print_json(&report)?;
    } else {
        files::print(&report.for_people())?;
    }
    let mut messages = Vec::new();
    if let (Some(schemas), false) = (&report.schema_difference, args.allow_schema_change) {
        let what = "their schemas differ";
        messages.push(format!("{}: {what} ({schemas}); --allow-schema-change allows that", args.check.model.display()));
    }
    if let (Some(n @ 1..), Some(tolerance), Some(worst)) = (report.rows_beyond, args.tolerance, report.worst.first()) {
        let (rows, unit, line) = (report.rows, worst.unit, worst.line);
        let what = format_args!("{n} of {rows} rows differ by more than {tolerance}; the worst is on {unit} {line}");
        messages.push(format!("{name}: {what}"));
    }
    if messages.is_empty() { Ok(()) } else { Err(Failure { exit: Exit::Failed, messages }) }
}

fn classes(model: &Model) -> &[String] {
    &model.schema().target().classes
}

/// Both predict numbers, as many a row, or both classes.
fn comparable(args: &ReplayArgs, new: &Model, old: &Model) -> Result<(), Failure> {
    let kind = |model: &Model| match (classes(model).len(), model.schema().target().n_outputs()) {
        (0, 1) => "a number".to_owned(),
        (0, n) => format!("{n} numbers"),
        _ => "a class".to_owned(),
    };
    let (is, was) = (kind(new), kind(old));
    if is == was {
        return Ok(());
    }
    let (new, old) = (args.check.model.display(), args.against.display());
    Err(Failure::new(Exit::Data, format_args!("{new} predicts {is} a row, {old} {was}: there is nothing to compare")))
}

/// The input for each of two readers, which messages call `names`; standard input is read whole.
fn twice(path: &Path, names: [String; 2]) -> Result<[Vec<TableInput>; 2], Failure> {
    let [new, old] = names;
    if path != Path::new("-") {
        let open = |name: String| TableInput::open(path).map(|input| input.named(name));
        return Ok([vec![open(new)?], vec![open(old)?]]);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|e| Failure::reading(path, &e))?;
    Ok([vec![TableInput::stream(Cursor::new(bytes.clone()), new)], vec![TableInput::stream(Cursor::new(bytes), old)]])
}

/// The two models.
struct Models<'m> {
    new: &'m Model,
    old: &'m Model,
    classes: ClassMap,
}

/// What was found, row by row.
#[derive(Default)]
struct Replayed {
    differences: Vec<RowDifference>,
    by: Vec<GroupColumn>,
    /// The greatest first.
    worst: Vec<WorstRow>,
    new_answers: Answered,
    old_answers: Answered,
}

impl Models<'_> {
    fn replay(
        &self,
        args: &ReplayArgs,
        new_input: Vec<TableInput>,
        old_input: Vec<TableInput>,
        name: &str,
    ) -> Result<Replayed, Failure> {
        let options = files::text_options(&args.check.table)?;
        let mut new_rows = TableRows::open(new_input, self.new.schema(), options.clone())?;
        let mut old_rows = TableRows::open(old_input, self.old.schema(), options)?;
        files::note_absent(&new_rows);
        files::note_absent(&old_rows);
        let by = GroupColumn::all(&Names::all(&args.by), new_rows.header(), name)?;
        let mut found = Replayed { by, ..Replayed::default() };
        let (mut new_scratch, mut old_scratch) = (Scratch::default(), Scratch::default());
        while let (Some(new_batch), Some(old_batch)) = (new_rows.next_chunk(CHUNK)?, old_rows.next_chunk(CHUNK)?) {
            let new = answers(self.new, &new_batch, &mut new_scratch, &new_rows, |row| row)?;
            let old = answers(self.old, &old_batch, &mut old_scratch, &old_rows, |row| row)?;
            let differences = self.classes.differences(&new, &old);
            for (row, difference) in differences.iter().enumerate() {
                found.by.iter_mut().for_each(|column| column.push(&new_rows.text(row, column.place)));
                let is_kept = found.worst.len() < WORST || found.worst.last().is_some_and(|w| w.is_below(difference));
                if (difference.size > 0.0 || difference.is_other_label) && is_kept {
                    let Place { line, unit, .. } = new_rows.place(row);
                    let (new, old) = (shown(self.new, &new, row), shown(self.old, &old, row));
                    let found_row = WorstRow { line, unit, old, new, difference: difference.size };
                    let at = found.worst.partition_point(|other| !other.is_below(difference));
                    found.worst.insert(at, found_row);
                    found.worst.truncate(WORST);
                }
            }
            found.differences.extend(differences);
            found.new_answers.add(&new, classes(self.new).len());
            found.old_answers.add(&old, classes(self.old).len());
        }
        Ok(found)
    }

    fn report(
        &self,
        args: &ReplayArgs,
        input: &str,
        found: &Replayed,
        schema_difference: Option<String>,
    ) -> Result<ReplayReport, Failure> {
        let all = &found.differences;
        let mut groups = Vec::new();
        for column in &found.by {
            for (group, rows) in column.groups()? {
                let of_group: Vec<RowDifference> = rows.iter().map(|row| all[*row]).collect();
                groups.push(GroupDifference { column: column.name.clone(), group, spread: Spread::of(&of_group) });
            }
        }
        let beyond = |tolerance: f64| all.iter().filter(|row| row.size > tolerance).count() as u64;
        Ok(ReplayReport {
            new: found.new_answers.of(self.new, &args.check.model),
            old: found.old_answers.of(self.old, &args.against),
            input: input.to_owned(),
            rows: all.len() as u64,
            schema_difference,
            tolerance: args.tolerance,
            rows_beyond: args.tolerance.map(beyond),
            difference: Spread::of(all),
            worst: found.worst.clone(),
            groups,
        })
    }
}

/// A row's answer as text: numbers, or a label with its probability.
fn shown(model: &Model, answers: &Prediction, row: usize) -> String {
    match answers {
        Prediction::Regression { values, n_outputs } => {
            let values = &values[row * n_outputs..(row + 1) * n_outputs];
            values.iter().map(|value| shortest(*value)).collect::<Vec<String>>().join(", ")
        }
        Prediction::Classification { classes: found, probability } => {
            let (all, class) = (classes(model), found[row] as usize);
            let label = labels::shown(&all[class], model.schema().label_kind());
            let probability = probability.as_ref().map(|p| format!(" ({:.4})", p[row * all.len() + class]));
            format!("{label}{}", probability.unwrap_or_default())
        }
    }
}
