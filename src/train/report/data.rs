//! What a report says of the table.

use serde::Serialize;

use crate::text::printable::printable;

/// The table, as it was used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataReport {
    /// The file as the user named it.
    pub file: String,
    /// The file of the rows that were set aside, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_file: Option<String>,
    /// Rows in `file`.
    pub rows: usize,
    /// Rows that the model was fitted on.
    pub training_rows: usize,
    /// Rows set aside.
    pub test_rows: usize,
    /// The features' names, in schema order.
    pub features: Vec<String>,
    /// Columns of the estimator's matrix.
    pub encoded_columns: usize,
    /// How columns were read, where that is not plain: dates, and whole numbers that may be codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl DataReport {
    /// `101 set aside`, with the file that they are in and how they were chosen.
    pub(super) fn aside(&self, split: Option<&str>) -> String {
        let how = match split.and_then(|split| split.split_once(' ')) {
            Some(("group", column)) => format!(" (whole groups of {})", printable(column)),
            Some(("time", column)) => format!(" (the latest by {}; folds go forward)", printable(column)),
            _ => String::new(),
        };
        match &self.test_file {
            Some(file) => format!("{} set aside in {}{how}", self.test_rows, printable(file)),
            None => format!("{} set aside{how}", self.test_rows),
        }
    }
}
