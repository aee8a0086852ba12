//! `verify`: load a model file, check its golden rows and, of another library's, each split, weight and step; with rows
//! and the answers that their library gave, compare those too.

use std::fmt::Write as _;

use crate::cli::VerifyArgs;
use crate::config::Names;
use crate::import::check;
use crate::model::Model;
use crate::table::{Place, TableInput};
use crate::text::printable::printable;

use super::expected::{Compared, Difference, Pair, compare};
use super::failure::{Exit, Failure};
use super::files::{self, OpenedModel};

/// Most differences of golden rows shown; the message has their count.
const SHOWN: usize = 5;

/// Runs the command.
///
/// # Errors
/// 66 no such file, 65 not a valid model or rows that do not fit it, 2 columns that are no answers of the model, 1
/// golden rows or expected answers that differ.
pub fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let OpenedModel { model, artifact, .. } = files::opened(&args.file, &args.source)?;
    let header = model.header();
    let path = args.file.display();
    if let Err(differences) = model.check_golden() {
        let shown: Vec<String> = differences.iter().take(SHOWN).map(ToString::to_string).collect();
        let (bad, all) = (differences.len(), header.golden.len());
        let what = format!("{path}: {bad} of {all} golden rows are answered otherwise: {}", shown.join("; "));
        return Err(Failure::new(Exit::Failed, what));
    }
    let reached = check(&artifact, &model);
    let reached = reached.map_err(|e| Failure::new(Exit::Failed, format_args!("{path}: {e}")))?;
    let (name, version, n) = (&header.name, model.version(), header.golden.len());
    let said = format!("{path}: sound; model {name}, version {version}, {n} golden rows answered as written");
    let said = said + &reached.map(|reached| format!("; {reached}")).unwrap_or_default();
    files::print(&(printable(&said).into_owned() + "\n"))?;
    compare_expected(&model, args)
}

/// Compares the answers for the rows of `--input` with the columns of `--expect`, and prints the result.
fn compare_expected(model: &Model, args: &VerifyArgs) -> Result<(), Failure> {
    if args.input.is_empty() {
        return Ok(());
    }
    let options = files::text_options(&args.table)?;
    let inputs = files::tables(&files::expanded(&args.input)?)?;
    let has_several = inputs.len() > 1;
    let name = inputs.iter().map(TableInput::name).collect::<Vec<_>>().join(", ");
    let compared = compare(model, inputs, &Names::all(&args.expect), args.tolerance, options)?;
    let Compared { n_rows, pairs, worst } = &compared;
    let mut text = format!("{}: {n_rows} rows\n", printable(&name));
    for pair in pairs {
        let _ = writeln!(text, "{}: {}", printable(&described(pair)), found(pair));
    }
    if !worst.is_empty() {
        text.push_str(&table(pairs, worst, has_several));
    }
    files::print(&text)?;
    match (compared.n_beyond(), worst.first()) {
        (n, Some(first)) if n > 0 => {
            let (tolerance, of) = (args.tolerance, described(&pairs[first.pair]));
            let Place { file, line, unit, .. } = &first.place;
            let what = format_args!("{n} answers for {n_rows} rows differ by more than {tolerance}");
            let of_file = if has_several { format!(" of {file}") } else { String::new() };
            Err(Failure::new(
                Exit::Failed,
                format_args!("{name}: {what}; the worst is on {unit} {line}{of_file}, {of}"),
            ))
        }
        _ => Ok(()),
    }
}

fn described(pair: &Pair) -> String {
    let Pair { expected, answer, .. } = pair;
    if expected == answer { answer.clone() } else { format!("{answer} against {expected}") }
}

fn found(pair: &Pair) -> String {
    match (pair.greatest, pair.n_beyond) {
        (0.0, _) => "no difference".to_owned(),
        (f64::INFINITY, n) => format!("{n} rows have another label"),
        (greatest, 0) => format!("the greatest difference is {greatest:?}, within the tolerance"),
        (greatest, n) => format!("the greatest difference is {greatest:?}; {n} rows are beyond the tolerance"),
    }
}

/// The worst rows, a line each; where there are several files, with the file.
fn table(pairs: &[Pair], worst: &[Difference], has_several: bool) -> String {
    let unit = worst.first().map_or_else(String::new, |first| first.place.unit.to_string());
    let mut rows = vec![[unit.as_str(), "answer", "expected", "got", "difference"].map(str::to_owned)];
    rows.extend(worst.iter().map(|Difference { place, pair, expected, got, size }| {
        let size = if size.is_infinite() { "another label".to_owned() } else { format!("{size:?}") };
        let Place { file, line, .. } = place;
        let line = if has_several { format!("{file}:{line}") } else { line.to_string() };
        let cells = [&line, &pairs[*pair].answer, expected, got, &size];
        cells.map(|cell| printable(cell).into_owned())
    }));
    files::aligned(&rows)
}
