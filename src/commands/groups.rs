//! Rows grouped by the values of a column: what `replay` and `audit` tell apart by `--by`.

use std::collections::BTreeMap;

use crate::text::did_you_mean::nearest;
use crate::text::number::parse_number;
use crate::text::shorten::quoted;
use crate::train::number_groups;

use super::failure::{Exit, Failure};

/// Most groups of a column of texts.
const MAX_GROUPS: usize = 50;

/// A column whose values are groups.
#[derive(Debug)]
pub(super) struct GroupColumn {
    /// Its name.
    pub(super) name: String,
    /// Its place in the table.
    pub(super) place: usize,
    /// The distinct texts, with their numbers.
    texts: BTreeMap<String, u32>,
    /// Each row's text, by its number.
    cells: Vec<u32>,
}

/// A group: what it is called, and its rows.
pub(super) type Group = (String, Vec<usize>);

impl GroupColumn {
    /// Finds the columns that `by` names in a table, which messages call `file`.
    ///
    /// # Errors
    /// 65 for a column that is not there.
    pub(super) fn all(by: &[String], header: &[String], file: &str) -> Result<Vec<Self>, Failure> {
        let column = |name: &String| {
            let place = place(header, file, name, "--by")?;
            Ok(Self { name: name.clone(), place, texts: BTreeMap::new(), cells: Vec::new() })
        };
        by.iter().map(column).collect()
    }

    /// Takes a row's cell.
    pub(super) fn push(&mut self, text: &str) {
        let text = text.trim();
        let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let number = match self.texts.get(text) {
            Some(number) => *number,
            None => *self.texts.entry(text.to_owned()).or_insert(next),
        };
        self.cells.push(number);
    }

    /// The groups, none empty: of numbers each value or the ranges between quartiles, of texts each in byte order; then
    /// those that are missing.
    ///
    /// # Errors
    /// 65 for more than 50 texts.
    pub(super) fn groups(&self) -> Result<Vec<Group>, Failure> {
        let mut numbers = vec![f64::NAN; self.texts.len()];
        let mut are_numbers = true;
        for (text, number) in self.texts.iter().filter(|(text, _)| !text.is_empty()) {
            match parse_number(text) {
                Some(value) => numbers[*number as usize] = value,
                None => are_numbers = false,
            }
        }
        if are_numbers {
            let cells: Vec<f64> = self.cells.iter().map(|number| numbers[*number as usize]).collect();
            return Ok(number_groups(&cells));
        }
        if self.texts.len() > MAX_GROUPS {
            let (n, name) = (self.texts.len(), &self.name);
            let what = format_args!("--by {name}: {n} different texts are too many groups; at most {MAX_GROUPS}");
            return Err(Failure::new(Exit::Data, what));
        }
        let mut rows = vec![Vec::new(); self.texts.len()];
        for (row, number) in self.cells.iter().enumerate() {
            rows[*number as usize].push(row);
        }
        let (missing, named): (Vec<_>, Vec<_>) = self.texts.iter().partition(|(text, _)| text.is_empty());
        let group = |(text, number): (&String, &u32)| {
            let name = if text.is_empty() { "missing".to_owned() } else { text.clone() };
            (name, std::mem::take(&mut rows[*number as usize]))
        };
        Ok(named.into_iter().chain(missing).map(group).collect())
    }
}

/// The place of a column in a table, which `flag` names.
///
/// # Errors
/// 65, with a name that is near.
pub(super) fn place(header: &[String], file: &str, name: &str, flag: &str) -> Result<usize, Failure> {
    header.iter().position(|known| known == name).ok_or_else(|| {
        let near = nearest(name, header.iter().map(String::as_str));
        let hint = near.map_or_else(|| format!("it has {}", quoted(header)), |near| format!("did you mean {near:?}?"));
        Failure::new(Exit::Data, format_args!("{file}: no column is called {name:?} ({flag}); {hint}"))
    })
}
