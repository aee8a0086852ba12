//! What matters to a model, as text: the importance of its features, and its coefficients where it is linear.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};

use super::numbers::short;
use crate::model::artifact::{Header, Importance};
use crate::model::coefficients::{Coefficient, LinearFunction};
use crate::text::printable::printable;

/// Rows of a table at most; the others are counted.
const SHOWN: usize = 10;

/// Linear functions side by side at most.
const MOST_FUNCTIONS: usize = 4;

/// Characters of a name at most.
const NAME: usize = 40;

/// Characters of a number's column.
const NUMBER: usize = 12;

/// The most important features and their coefficients; nothing of a model that has neither. Ends with a line's end.
#[derive(Debug, Clone, Copy)]
pub struct FeatureEffectsText<'a> {
    importance: Option<&'a Importance>,
    functions: &'a [LinearFunction],
}

impl<'a> FeatureEffectsText<'a> {
    /// Of these findings.
    pub(super) fn new(importance: Option<&'a Importance>, functions: &'a [LinearFunction]) -> Self {
        Self { importance, functions }
    }

    /// Of a model, as its artifact's head has them.
    pub fn of(header: &'a Header) -> Self {
        Self { importance: header.importance.as_ref(), functions: header.coefficients.as_deref().unwrap_or_default() }
    }

    /// The places of the first function's coefficients, those of the most important features first; in schema order
    /// without importance.
    fn order(&self) -> Vec<usize> {
        let features = self.importance.map_or(&[][..], |importance| &importance.features);
        let ranks: HashMap<&str, usize> = features.iter().map(|i| i.feature.as_str()).zip(0..).collect();
        let coefficients = self.functions.first().map_or(&[][..], |function| &function.coefficients);
        let mut order: Vec<usize> = (0..coefficients.len()).collect();
        // Stable.
        order.sort_by_key(|at| ranks.get(coefficients[*at].feature.as_str()));
        order
    }
}

impl Display for FeatureEffectsText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.importance.iter().try_for_each(|importance| of_features(f, importance))?;
        if self.functions.is_empty() {
            return Ok(());
        }
        writeln!(f, "\ncoefficients  (of the columns as they are in a row; a category's is added to its rows)")?;
        if self.functions.len() > MOST_FUNCTIONS {
            return writeln!(f, "of {} classes, in --json", self.functions.len());
        }
        coefficients(f, self.functions, &self.order())
    }
}

fn of_features(f: &mut Formatter<'_>, importance: &Importance) -> fmt::Result {
    let Importance { figure, on, rows, of_rows, repeats, features, .. } = importance;
    let sample = if rows < of_rows { format!("{rows} of {of_rows}") } else { rows.to_string() };
    let on = match on.as_str() {
        "training" => "training rows, which it was fitted on",
        "data" => "rows of --data",
        _ => "rows set aside",
    };
    let change = if figure == "accuracy" { "falls" } else { "rises" };
    let width = width(features.iter().map(|i| i.feature.as_str()));
    writeln!(f, "\nimportance  (by how much {figure} {change} when a feature is shuffled; {sample} {on})")?;
    let of_repeats = format!("mean ± sd of {repeats}");
    let beside =
        importance.contribution_rows.map_or_else(String::new, |n| format!("  mean size of contribution, {n} rows"));
    writeln!(f, "{:<width$}  {of_repeats}{beside}", "feature")?;
    for i in features.iter().take(SHOWN) {
        let (name, figures) = (printable(&i.feature), format!("{} ± {}", short(i.mean), short(i.sd)));
        let size = i.contribution.map_or_else(String::new, |size| format!("  {}", short(size)));
        let n = if size.is_empty() { 0 } else { of_repeats.chars().count() };
        writeln!(f, "{name:<width$}  {figures:<n$}{size}")?;
    }
    more(f, features.len())
}

fn coefficients(f: &mut Formatter<'_>, functions: &[LinearFunction], order: &[usize]) -> fmt::Result {
    let names: Vec<String> = order.iter().map(|at| functions[0].coefficients[*at].name()).collect();
    let width = width(names.iter().map(String::as_str).chain(["intercept"]));
    if functions.iter().any(|function| function.class.is_some()) {
        let class = |function: &LinearFunction| printable(function.class.as_deref().unwrap_or_default()).into_owned();
        row(f, width, "class", functions.iter().map(class))?;
    }
    let value = |at: usize| {
        move |function: &LinearFunction| {
            short(function.coefficients.get(at).map_or(f64::NAN, |c: &Coefficient| c.value))
        }
    };
    for (name, at) in names.iter().zip(order).take(SHOWN) {
        row(f, width, name, functions.iter().map(value(*at)))?;
    }
    more(f, names.len())?;
    row(f, width, "intercept", functions.iter().map(|function| short(function.intercept)))
}

fn row(f: &mut Formatter<'_>, width: usize, name: &str, cells: impl Iterator<Item = String>) -> fmt::Result {
    write!(f, "{:<width$}", printable(name))?;
    for cell in cells {
        write!(f, "  {cell:>NUMBER$}")?;
    }
    writeln!(f)
}

fn more(f: &mut Formatter<'_>, n: usize) -> fmt::Result {
    match n.saturating_sub(SHOWN) {
        0 => Ok(()),
        left => writeln!(f, "and {left} more, in --json"),
    }
}

/// The width of a column of the first names.
fn width<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    names.take(SHOWN + 1).map(|name| printable(name).chars().count()).max().unwrap_or(0).clamp(9, NAME)
}
