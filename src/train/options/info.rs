//! What the table says of an option.

use super::draw::DataShape;
use super::{Algorithm, Loss, Setting, TaskChoice};
use crate::train::random::SplitMix64;

/// One option: a row of the table.
#[derive(Debug, Clone, Copy)]
pub struct OptionInfo {
    /// The flag's name without dashes.
    pub name: &'static str,
    /// What stands for its value in `--help`.
    pub value_name: &'static str,
    /// What it is, for `--help`.
    pub help: &'static str,
    /// What values it takes, in words.
    pub range: &'static str,
    /// True when a negative number is a value rather than a flag.
    pub may_be_negative: bool,
    /// The words that it may be; empty when it is a number alone.
    pub words: &'static [&'static str],
    /// Reads its value from text; the range is checked when the algorithm is known.
    pub parse: fn(&str) -> Result<Setting, String>,
    /// What `--tune` draws; empty for options that are not searched.
    pub search: &'static [SearchRange],
    /// The task that has it; `None` when both do.
    pub(super) task: Option<TaskChoice>,
    /// The kernels that have it; empty when it does not depend on the kernel.
    pub(super) kernels: &'static [&'static str],
    pub(super) default: fn(Algorithm) -> Option<Setting>,
    pub(super) accepts: fn(Algorithm, &Setting) -> bool,
}

/// What `--tune` draws for an option of some algorithms.
///
/// Not searched are options that make a model larger for a little more accuracy (a forest's trees) and those that
/// change what is asked for (a kernel).
#[derive(Debug, Clone, Copy)]
pub struct SearchRange {
    /// What is drawn, in words.
    pub range: &'static str,
    pub(super) applies: fn(Algorithm) -> bool,
    /// Draws a value.
    pub(crate) draw: fn(&DataShape, &mut SplitMix64) -> Setting,
}

impl SearchRange {
    /// The same for every algorithm that has the option.
    pub(super) const fn any(range: &'static str, draw: fn(&DataShape, &mut SplitMix64) -> Setting) -> Self {
        Self { range, applies: |_| true, draw }
    }
}

impl OptionInfo {
    /// The default with an algorithm; `None` when the algorithm does not have the option.
    pub fn default_for(&self, algorithm: Algorithm) -> Option<Setting> {
        (self.default)(algorithm)
    }

    /// What `--tune` draws for an algorithm.
    pub fn search_for(&self, algorithm: Algorithm) -> Option<&'static SearchRange> {
        self.default_for(algorithm)?;
        self.search.iter().find(|search| (search.applies)(algorithm))
    }
}

pub(super) fn parse_count(text: &str) -> Result<Setting, String> {
    text.parse().map(Setting::Count).map_err(|e: std::num::ParseIntError| e.to_string())
}

pub(super) fn parse_number(text: &str) -> Result<Setting, String> {
    text.parse().map(Setting::Number).map_err(|e: std::num::ParseFloatError| e.to_string())
}

/// How many of the encoded columns a split considers.
pub(super) fn parse_columns(text: &str) -> Result<Setting, String> {
    match text {
        "sqrt" | "third" | "all" => Ok(Setting::Word(text.to_owned())),
        _ => parse_count(text).map_err(|_| format!("{text:?} is not sqrt, third, all, or a whole number")),
    }
}

/// A kernel's name; formulas at [`Kernel`](crate::model::smartcore::Kernel).
pub(super) fn parse_kernel(text: &str) -> Result<Setting, String> {
    match text {
        "rbf" | "linear" | "poly" | "sigmoid" => Ok(Setting::Word(text.to_owned())),
        _ => Err(format!("{text:?} is not rbf, linear, poly or sigmoid")),
    }
}

/// A loss, in the words of [`Loss`].
pub(super) fn parse_loss(text: &str) -> Result<Setting, String> {
    text.parse::<Loss>().map(|loss| Setting::Word(loss.to_string()))
}

/// How much classes weigh.
pub(super) fn parse_class_weight(text: &str) -> Result<Setting, String> {
    match text {
        "none" | "balanced" => Ok(Setting::Word(text.to_owned())),
        _ => Err(format!("{text:?} is not none or balanced")),
    }
}
