//! The commands and their flags, as clap reads them from the command line and the environment; `config` resolves what
//! they mean. Every flag has an environment variable, `SMARTSERVE_` and its name in capitals, attached in [`command`].

mod checks;
mod environment;
mod gather;
mod serve;
mod source;
mod table;
mod tools;
mod train;
mod train_help;

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::RUNTIME_API;

use environment::holds_a_value;
use gather::gather;

pub use checks::{AuditArgs, DriftArgs, ReplayArgs};
pub use environment::variable;
pub use serve::{LogFormat, ServeArgs};
pub use source::{AnswerChoice, IterationsChoice, SourceArgs, SourcesArgs};
pub use table::TableArgs;
pub use tools::{
    CompletionsArgs, HealthcheckArgs, ImportArgs, InspectArgs, OnError, OpenapiArgs, PredictArgs, VerifyArgs,
};
pub use train::TrainArgs;

/// Serve machine-learning models for tables: train from a CSV, serve over HTTP, know what your model sees.
#[derive(Debug, Parser)]
#[command(name = "smartserve", version, propagate_version = true, max_term_width = 110)]
#[command(after_help = "Start here:
  smartserve train --data data/boston.csv --target MEDV -o boston.model
  smartserve serve --model boston.model
  curl -d '{\"RM\":6.575,…}' http://127.0.0.1:8000/predict

Every flag can be set by an environment variable: SMARTSERVE_ and its name in capitals (--max-rows is \
SMARTSERVE_MAX_ROWS). A repeatable one holds an entry a line, a switch 1, 0, true or false. One that is empty, or that \
no flag has, is an error.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load models, check them against their golden rows, then answer HTTP requests
    Serve(Box<ServeArgs>),
    /// Fit a model to a CSV file, evaluate it, and write it as one self-describing file
    Train(Box<TrainArgs>),
    /// Score the rows of a CSV file, streaming
    Predict(PredictArgs),
    /// Read a model of another library and write it as one self-describing file
    Import(ImportArgs),
    /// Show what a model file holds
    Inspect(InspectArgs),
    /// Load a model file and check its golden rows, and answers that its library gave
    Verify(VerifyArgs),
    /// Compare rows with those that a model was trained on: what has drifted
    Drift(DriftArgs),
    /// Compare the answers of two models for the same rows, before one takes the other's place
    Replay(ReplayArgs),
    /// Errors and calibration by group, and what changing a sensitive feature alone does
    Audit(AuditArgs),
    /// Ask a running server whether it is ready (for container health checks: no curl needed)
    Healthcheck(HealthcheckArgs),
    /// Print the OpenAPI document of these models
    Openapi(OpenapiArgs),
    /// Print a shell's completion script
    Completions(CompletionsArgs),
}

/// Help, version or an error: there is no command to run.
#[derive(Debug)]
pub struct NotRun {
    /// clap's text: help, version or an error.
    pub shown: Option<clap::Error>,
    /// What is wrong with values and variables: all of it, a sentence each.
    pub problems: Vec<String>,
    /// 0 for help and version, 2 for a usage error, 78 when a variable of the environment is to blame.
    pub code: u8,
}

/// Reads the command line and the environment.
///
/// # Errors
/// [`NotRun`]: help was asked for, or something is wrong with what was typed or set.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, NotRun> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    // AWS Lambda starts the program of a zip file without words.
    if args.len() == 1 && std::env::var_os(RUNTIME_API).is_some() {
        args.push("serve".into());
    }
    let command = command();
    let verb = args.get(1).and_then(|verb| verb.to_str());
    let mut problems = environment::problems(&command, verb);
    let mut by_environment = !problems.is_empty();
    let gathered = gather(command, &args);
    problems.extend(gathered.problems);
    by_environment |= gathered.by_environment;
    let parsed = match gathered.matches {
        Ok(matches) if problems.is_empty() => resolved(&matches),
        Ok(_) => return Err(NotRun { shown: None, problems, code: if by_environment { 78 } else { 2 } }),
        Err(error) => Err(error),
    };
    parsed.map_err(|error| {
        if !error.use_stderr() {
            return NotRun { shown: Some(error), problems: Vec::new(), code: 0 };
        }
        // What is missing is said already, by the variable that is empty.
        if gather::missing(&error).is_some_and(|mut missing| {
            missing.all(|long| problems.iter().any(|said| said.starts_with(&format!("{} is empty", variable(&long)))))
        }) {
            return NotRun { shown: None, problems, code: 78 };
        }
        // Without its variable the same command line fails in another way, or not at all.
        let by_variable = problems.is_empty() && is_of_environment(&error, &args);
        if let Some(long) = gather::long_of(&error).filter(|_| by_variable) {
            problems.push(format!("it was set by the environment variable {}", variable(&long)));
        }
        NotRun { shown: Some(error), problems, code: if by_environment || by_variable { 78 } else { 2 } }
    })
}

fn resolved(matches: &ArgMatches) -> Result<Cli, clap::Error> {
    let mut cli = Cli::from_arg_matches(matches)?;
    let typed = |verb: &ArgMatches| verb.value_source("bind") == Some(ValueSource::CommandLine);
    match (&mut cli.command, matches.subcommand()) {
        (Command::Serve(args), Some((_, verb))) => args.bind_typed = typed(verb),
        (Command::Healthcheck(args), Some((_, verb))) => args.bind_typed = typed(verb),
        _ => {}
    }
    Ok(cli)
}

/// True when the environment is to blame for an error: without it the same command line fails in another way, or not at
/// all.
fn is_of_environment(error: &clap::Error, args: &[OsString]) -> bool {
    match Cli::command().try_get_matches_from(args) {
        Err(typed) => typed.kind() != error.kind() || typed.to_string() != error.to_string(),
        Ok(_) => true,
    }
}

/// The whole command, with every flag's environment variable.
pub fn command() -> clap::Command {
    Cli::command().mut_subcommands(|verb| {
        verb.mut_args(|arg| match arg.get_long().map(variable) {
            // An empty one is told apart, and has no value.
            Some(variable) if std::env::var_os(&variable).is_none() || holds_a_value(&variable) => {
                arg.env(variable).hide_env_values(true)
            }
            _ => arg,
        })
    })
}
