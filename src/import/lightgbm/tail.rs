//! The lines after the trees: parameters of the fit, and the names of categories.

use std::collections::BTreeMap;

use super::lines::{Line, Lines};
use crate::import::error::ImportError;
use crate::model::artifact::Setting;

/// Parameters that are kept, for people.
const KEPT: [&str; 7] =
    ["boosting", "learning_rate", "num_leaves", "max_depth", "min_data_in_leaf", "lambda_l1", "lambda_l2"];

/// What the tail says.
#[derive(Debug, Default)]
pub(super) struct Tail<'a> {
    /// Parameters of the fit.
    pub(super) parameters: BTreeMap<String, Setting>,
    /// The line of the categories' names, and the JSON behind its colon.
    pub(super) categories: Option<(Line<'a>, &'a str)>,
    /// True where there were parameters: from format 3 on `LightGBM` always writes them.
    pub(super) has_parameters: bool,
}

/// The file is not whole, since this line is missing.
pub(super) fn cut_off(end: &str) -> ImportError {
    ImportError::new(format_args!("the text ends before `{end}`: the file is cut off"))
}

impl<'a> Tail<'a> {
    /// Reads the rest.
    ///
    /// # Errors
    /// The text ends within the parameters, or names categories twice.
    pub(super) fn read(lines: &mut Lines<'a>) -> Result<Self, ImportError> {
        let mut tail = Self::default();
        let mut section: Option<(&str, &str)> = None;
        while let Some(line) = lines.next()? {
            section = match (section, line.text) {
                (Some((begin, end)), text) if text == end => {
                    tail.has_parameters |= begin == "parameters:";
                    None
                }
                (Some((begin, end)), text) => {
                    if begin == "parameters:" {
                        tail.parameter(text);
                    }
                    Some((begin, end))
                }
                (None, "parameters:") => Some(("parameters:", "end of parameters")),
                (None, "parser:") => Some(("parser:", "end of parser")),
                (None, text) => {
                    if let Some(json) = text.strip_prefix("pandas_categorical:")
                        && tail.categories.replace((line, json)).is_some()
                    {
                        return Err(line.wrong("`pandas_categorical` is given twice".to_owned()));
                    }
                    None
                }
            };
        }
        match section {
            None => Ok(tail),
            Some((_, end)) => Err(cut_off(end)),
        }
    }

    /// `[learning_rate: 0.1]`
    fn parameter(&mut self, text: &str) {
        let entry = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')?.split_once(": "));
        let Some((name, value)) = entry.filter(|(name, value)| KEPT.contains(name) && !value.is_empty()) else {
            return;
        };
        let value = match (value.parse(), value.parse::<f64>()) {
            (Ok(count), _) => Setting::Count(count),
            (_, Ok(number)) if number.is_finite() => Setting::Number(number),
            _ => Setting::Word(value.chars().take(40).collect()),
        };
        self.parameters.insert(name.to_owned(), value);
    }
}
