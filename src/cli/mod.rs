//! The commands and their flags, as clap reads them from the command line and the environment; `config` resolves what
//! they mean. Every flag has an environment variable, `SMARTSERVE_` and its name in capitals, attached in [`command`].

mod serve;
mod tools;
mod train;

use std::ffi::OsString;

use clap::error::ContextKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use serve::{LogFormat, ServeArgs};
pub use tools::{CompletionsArgs, HealthcheckArgs, InspectArgs, OpenapiArgs, PredictArgs, VerifyArgs};
pub use train::TrainArgs;

/// Serve machine-learning models for tables: train from a CSV, serve over HTTP, know what your model sees.
#[derive(Debug, Parser)]
#[command(name = "smartserve", version, propagate_version = true, max_term_width = 110)]
#[command(after_help = "Start here:
  smartserve train --data data/boston.csv --target MEDV --algorithm random-forest -o boston.model
  smartserve serve --model boston.model
  curl -d '{\"RM\":6.575,…}' http://127.0.0.1:8000/predict

Every flag can be set by an environment variable: SMARTSERVE_ and its name in capitals (--max-rows is
SMARTSERVE_MAX_ROWS). A repeatable one holds an entry a line, a switch 1, 0, true or false.")]
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
    /// Show what a model file holds
    Inspect(InspectArgs),
    /// Load a model file and check its golden rows
    Verify(VerifyArgs),
    /// Ask a running server whether it is ready (for container health checks: no curl needed)
    Healthcheck(HealthcheckArgs),
    /// Print the OpenAPI document of these models
    Openapi(OpenapiArgs),
    /// Print a shell's completion script
    Completions(CompletionsArgs),
}

/// Help, version or a usage error: there is nothing to run.
#[derive(Debug)]
pub struct NotRun {
    /// clap's text: help, version or an error.
    pub error: clap::Error,
    /// 0 for help and version, 2 for a usage error, 78 when a variable of the environment is to blame.
    pub code: u8,
    /// The variable to blame, when `code` is 78.
    pub variable: Option<String>,
}

/// Reads the command line and the environment.
///
/// # Errors
/// [`NotRun`]: help was asked for, or something is wrong with what was typed or set.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, NotRun> {
    let args: Vec<OsString> = args.into_iter().collect();
    let parsed = command().try_get_matches_from(&args).and_then(|matches| resolved(&matches));
    parsed.map_err(|error| {
        let code = exit_code(&error, &args);
        NotRun { code, variable: if code == 78 { blamed(&error) } else { None }, error }
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

/// 78 when the environment is to blame: without it the same command line fails in another way, or not at all.
fn exit_code(error: &clap::Error, args: &[OsString]) -> u8 {
    if !error.use_stderr() {
        return 0;
    }
    match Cli::command().try_get_matches_from(args) {
        Err(typed) if typed.kind() == error.kind() && typed.to_string() == error.to_string() => 2,
        _ => 78,
    }
}

/// The variable of the flag that an error names.
fn blamed(error: &clap::Error) -> Option<String> {
    let flag = error.get(ContextKind::InvalidArg)?.to_string();
    let long = flag.strip_prefix("--")?.split(' ').next()?;
    Some(variable(long))
}

/// The whole command, with every flag's environment variable.
pub fn command() -> clap::Command {
    Cli::command().mut_subcommands(|verb| {
        verb.mut_args(|arg| match arg.get_long().map(variable) {
            // An empty variable counts as unset: so is one unset that an image sets.
            Some(variable) if std::env::var_os(&variable).is_none_or(|value| !value.is_empty()) => {
                arg.env(variable).hide_env_values(true)
            }
            _ => arg,
        })
    })
}

/// The environment variable of a flag.
pub fn variable(long: &str) -> String {
    format!("SMARTSERVE_{}", long.to_uppercase().replace('-', "_"))
}
