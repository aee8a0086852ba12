//! The flags of reading a model of another library: they go with every command that takes one.

use clap::{Args, ValueEnum};

use crate::config::values::switch;

/// For a command that takes one model.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Models of other libraries")]
pub struct SourceArgs {
    /// What a classifier's prediction is: the label, with probabilities beside it, or what the library's own predict
    /// gives [default: label]
    #[arg(long, value_enum, value_name = "ANSWER")]
    pub answer: Option<AnswerChoice>,
    /// Which rounds of a boosted model are read [default: as the library's own predict does]
    #[arg(long, value_enum, value_name = "ROUNDS")]
    pub iterations: Option<IterationsChoice>,
    /// A 0 is a missing cell: for models fitted on sparse matrices, which have no zeros
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub zero_as_missing: bool,
}

/// For a command that takes several: NAME= in front says of which model.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Models of other libraries")]
pub struct SourcesArgs {
    /// What a classifier's prediction is: label, with probabilities beside it, or library, what the library's own
    /// predict gives [default: label]; repeatable
    #[arg(long, value_name = "[NAME=]ANSWER")]
    pub answer: Vec<String>,
    /// Which rounds of a boosted model are read, best or all [default: as the library's own predict does]; repeatable
    #[arg(long, value_name = "[NAME=]ROUNDS")]
    pub iterations: Vec<String>,
    /// A 0 is a missing cell, of this model or of all: for models fitted on sparse matrices, which have no zeros;
    /// repeatable
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub zero_as_missing: Vec<String>,
}

/// `--answer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerChoice {
    /// The label, with probabilities beside it
    Label,
    /// What the library's own predict gives
    Library,
}

/// `--iterations`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IterationsChoice {
    /// Up to the best one that early stopping noted
    Best,
    /// All of them
    All,
}
