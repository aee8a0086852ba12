//! Reads model files, opens inputs, writes to standard output, and writes a file whole or not at all.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::{SourceArgs, TableArgs};
use crate::config::Names;
use crate::model::Model;
use crate::serve::contents::Contents;
use crate::serve::loader;
use crate::table::{Numerals, TableInput, TableRows, TextOptions};
use crate::text::printable::{is_hidden, printable, printable_lines};
use crate::text::shorten::quoted;

use super::failure::{Exit, Failure};
use super::output::{Destination, is_same_file};

/// Reads and checks a model file or directory, but not its golden rows; a model of another library is read by `args`.
///
/// # Errors
/// 66 when there is no such file, 65 when it is not a valid model, 2 for choices beside an artifact.
pub fn model(path: &Path, args: &SourceArgs) -> Result<Model, Failure> {
    opened(path, args).map(|opened| opened.model)
}

/// A model, and what it was read from.
#[derive(Debug)]
pub struct OpenedModel {
    /// The model.
    pub model: Model,
    /// The bytes of its artifact.
    pub artifact: Vec<u8>,
    /// The files that were read.
    pub files: Vec<PathBuf>,
}

/// The same, with what it was read from.
///
/// # Errors
/// As [`model`].
pub fn opened(path: &Path, args: &SourceArgs) -> Result<OpenedModel, Failure> {
    let contents = Contents::read(path)?;
    let files = contents.paths(path);
    let artifact = match loader::artifact_bytes(path, &contents, &args.into(), &|_| {})? {
        Cow::Owned(artifact) => artifact,
        Cow::Borrowed(_) => contents.bytes,
    };
    let model = Model::load(&artifact);
    let model = model.map_err(|e| Failure::new(Exit::Data, format_args!("{}: {e}", path.display())))?;
    Ok(OpenedModel { model, artifact, files })
}

/// Writes lines to standard output; what a terminal would obey in them is escaped. Within JSON such characters stand in
/// strings alone: [`print_json`].
///
/// # Errors
/// 1 when it cannot be written; without a message when the reader has closed the pipe.
pub fn print(text: &str) -> Result<(), Failure> {
    print_raw(&printable_lines(text))
}

/// Writes lines to standard error where standard output is taken, escaped as there. What cannot be written has nowhere
/// to go.
pub fn print_aside(text: &str) {
    let _ = io::stderr().lock().write_all(printable_lines(text).as_bytes());
}

/// Writes a value as JSON to standard output; hidden characters are escaped as JSON has it.
///
/// # Errors
/// 1 when it cannot be written.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| Failure::new(Exit::Failed, e))?;
    if text.chars().any(|c| c != '\n' && is_hidden(c)) {
        text = text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
            match c {
                // The only control characters that serde_json leaves are DEL and those beyond it.
                c if c != '\n' && is_hidden(c) => {
                    let _ = write!(escaped, "\\u{:04x}", u32::from(c));
                }
                c => escaped.push(c),
            }
            escaped
        });
    }
    print_raw(&(text + "\n"))
}

/// Writes text to standard output as it is.
///
/// # Errors
/// 1 when it cannot be written; without a message when the reader has closed the pipe.
pub fn print_raw(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::writing("standard output", &e))
}

/// How a table's text is read.
///
/// # Errors
/// 2 where one character would stand for two things.
pub fn text_options(args: &TableArgs) -> Result<TextOptions, Failure> {
    let numerals = Numerals { decimal: args.decimal.unwrap_or('.'), thousands: args.thousands };
    let decimal = numerals.decimal;
    if numerals.thousands == Some(decimal) {
        let hint = if args.decimal.is_none() { "; --decimal , goes with it" } else { "" };
        let what = format_args!("--thousands {decimal}: {decimal} stands before the fraction of a number{hint}");
        return Err(Failure::new(Exit::Usage, what));
    }
    Ok(TextOptions::new(args.delimiter, numerals, Names::all(&args.missing)))
}

/// Opens inputs of tables; `-` is standard input.
///
/// # Errors
/// 66 when there is no such file.
pub fn tables(paths: &[PathBuf]) -> Result<Vec<TableInput>, Failure> {
    let open = |path: &PathBuf| {
        if path == Path::new("-") {
            return Ok(TableInput::stream(io::stdin().lock(), "standard input"));
        }
        Ok(TableInput::open(path)?)
    };
    paths.iter().map(open).collect()
}

/// The same of one path, which may be a pattern.
///
/// # Errors
/// 66 when there is no such file.
pub fn tables_of(path: &Path) -> Result<Vec<TableInput>, Failure> {
    tables(&expanded(&[path.to_owned()])?)
}

/// The files that are meant: a variable of the environment has one a line, and `*` and `?` in the last part of a path
/// stand for any characters and for one, where there is no file of that very name; the files come in the order of their
/// names.
///
/// # Errors
/// 66 when a pattern fits no file, or its directory cannot be read.
pub fn expanded(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for path in given {
        match path.to_str().filter(|text| text.contains('\n') && !path.exists()) {
            Some(lines) => {
                for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
                    paths.append(&mut of_pattern(Path::new(line))?);
                }
            }
            None => paths.append(&mut of_pattern(path)?),
        }
    }
    Ok(paths)
}

fn of_pattern(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let pattern = path.file_name().and_then(|name| name.to_str()).filter(|name| name.contains(['*', '?']));
    let Some(pattern) = pattern.filter(|_| !path.exists()) else { return Ok(vec![path.to_owned()]) };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = std::fs::read_dir(directory.unwrap_or(Path::new("."))).map_err(|e| Failure::reading(path, &e))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    // As a shell has it: hidden files are meant by a pattern that begins with a point alone.
    let is_meant = |name: &String| fits(pattern, name) && (pattern.starts_with('.') || !name.starts_with('.'));
    let mut names: Vec<String> = names.filter(is_meant).collect();
    names.sort_unstable();
    if names.is_empty() {
        return Err(Failure::new(Exit::NoInput, format_args!("{}: no file fits this pattern", path.display())));
    }
    Ok(names.into_iter().map(|name| path.with_file_name(name)).collect())
}

/// True where a name fits a pattern of `*` and `?`.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Where the last `*` is, and how much of the name it was tried on.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match (pattern.get(p), star) {
            (Some('*'), _) => {
                star = Some((p, n));
                p += 1;
            }
            (Some(c), _) if *c == '?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            (_, Some((at, tried))) => {
                star = Some((at, tried + 1));
                (p, n) = (at + 1, tried + 1);
            }
            (_, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Tells on standard error which features a table has no column of: they are missing in every row. Where it is closed,
/// the answers still come.
pub fn note_absent(rows: &TableRows<'_>) {
    let absent = rows.absent();
    if !absent.is_empty() {
        let (file, hint) = (rows.file(), rows.hint_for_absent());
        let note = format!("{file}: no column {}: missing in every row{hint}", quoted(&absent));
        let _ = writeln!(io::stderr(), "note: {}", printable(&note));
    }
}

/// A table for people: columns as wide as their widest cell, up to 48 characters.
pub fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    aligned_columns(rows, &std::array::from_fn::<usize, N, _>(|column| column))
}

/// The same, of some of the columns, by their places.
pub fn aligned_columns(rows: &[impl AsRef<[String]>], columns: &[usize]) -> String {
    let cell = |row: &'_ [String], column: usize| row.get(column).cloned().unwrap_or_default();
    let width =
        |column: &usize| rows.iter().map(|row| cell(row.as_ref(), *column).chars().count()).max().unwrap_or(0).min(48);
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = columns.iter().zip(&widths);
        let cells: Vec<String> = cells.map(|(c, w)| format!("{:<w$}", cell(row.as_ref(), *c), w = *w)).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Writes a file whole or not at all, as [`Destination`] does.
///
/// # Errors
/// 1 when it cannot be written; what was at `path` is then untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        let mut output = Destination::of(path)?.open()?;
        output.write_all(bytes)?;
        output.commit()
    };
    write().map_err(|e| unwritable(path, &e))
}

/// Checks that an output can be written, before the work that makes it.
///
/// # Errors
/// 1 when it cannot.
pub fn check_writable(path: &Path) -> Result<(), Failure> {
    Destination::of(path).and_then(|destination| destination.check()).map_err(|e| unwritable(path, &e))
}

/// Refuses an output that is one of the files that `what` is read from.
///
/// # Errors
/// 2 where it is.
pub fn keep<P: AsRef<Path>>(what: &str, files: &[P], output: &Path) -> Result<(), Failure> {
    if !files.iter().any(|file| is_same_file(output, file.as_ref())) {
        return Ok(());
    }
    let output = output.display();
    Err(Failure::new(Exit::Usage, format_args!("--output {output} would replace {what}; write to another file")))
}

/// An output that cannot be written; no message when the reader closed the pipe.
pub fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::writing(format_args!("{}: cannot be written", path.display()), error)
}
