//! `--date`: columns that hold dates or times.

use std::convert::Infallible;
use std::str::FromStr;

use crate::text::date::DateForm;

/// A column of dates, as `when` and `when=day-first` give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateColumn {
    /// The column's name.
    pub column: String,
    /// How its cells are written; `None`: as they are found to be.
    pub form: Option<DateForm>,
}

impl FromStr for DateColumn {
    type Err = Infallible;

    /// What follows the last `=` is a form if it is the name of one, else part of the column's name.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let form_of = |name: &str| DateForm::ALL.into_iter().find(|form| form.name() == name.trim());
        let with_form = text.rsplit_once('=').and_then(|(column, form)| Some((column, form_of(form)?)));
        Ok(match with_form {
            Some((column, form)) => Self { column: column.trim().to_owned(), form: Some(form) },
            None => Self { column: text.trim().to_owned(), form: None },
        })
    }
}
