//! Rows of which some do not fit: those that do as a batch, of the others why.

use std::io::Read;

use super::error::TableError;
use super::rows::RowReader;
use crate::model::batch::Batch;

/// A chunk of rows.
#[derive(Debug)]
pub struct CheckedRows {
    /// The rows that fit, in file order; none where no row does.
    pub batch: Option<Batch>,
    /// Of each row of the chunk why it does not fit, `None` where it does.
    pub refused: Vec<Option<String>>,
}

impl<R: Read> RowReader<'_, R> {
    /// The next `max_rows` rows or fewer, those too of which cells do not fit; `None` at the end (after at least one
    /// row).
    ///
    /// # Errors
    /// [`TableError`]: a line of another width, not UTF-8, or no row at all.
    pub fn next_checked(&mut self, max_rows: usize) -> Result<Option<CheckedRows>, TableError> {
        let (mut values, mut refused, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        self.begin_chunk();
        while refused.len() < max_rows && self.read_record()? {
            let start = values.len();
            self.read_cells(&mut values, &mut problems);
            self.end_record();
            if problems.is_empty() {
                refused.push(None);
                continue;
            }
            values.truncate(start);
            let details: Vec<String> = problems.drain(..).map(|problem| problem.detail).collect();
            refused.push(Some(details.join("; ")));
        }
        if refused.is_empty() {
            self.check_any()?;
            return Ok(None);
        }
        Ok(Some(CheckedRows { batch: Batch::from_rows(self.schema(), values).ok(), refused }))
    }
}
