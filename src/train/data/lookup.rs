//! Columns by their names, and what is wrong with one as a whole.

use std::fmt::Display;

use crate::table::{Scan, undelimited};
use crate::text::did_you_mean::nearest;
use crate::text::flag::flag;
use crate::train::error::TrainError;

/// The position of the column that a flag names.
pub(super) fn position(scan: &Scan<'_>, name: &str, option: &str) -> Result<usize, TrainError> {
    scan.position(name).ok_or_else(|| {
        let names: Vec<String> = (0..scan.columns.len()).map(|column| scan.called(column)).collect();
        let hint = match nearest(name, names.iter().map(String::as_str)) {
            _ if let Some(hint) = undelimited(&names, |part| part == name) => format!("it has {}{hint}", names[0]),
            Some(near) if near.contains(',') && option != "--target" => {
                format!("did you mean {near:?}? In a list a name with a comma is quoted: {}", flag(option, near))
            }
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("it has {}", names.iter().take(20).cloned().collect::<Vec<_>>().join(", ")),
        };
        TrainError::Data(format!("{}: no column is called {name:?} ({option}); {hint}", scan.file()))
    })
}

/// What is wrong with a column as a whole.
pub(super) fn of_column(scan: &Scan<'_>, column: usize, detail: impl Display) -> TrainError {
    let (file, number, name) = (scan.file(), column + 1, &scan.columns[column].name);
    TrainError::Data(format!("{file}, column {number} ({name}): {detail}"))
}
