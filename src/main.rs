//! Parse, dispatch, exit code.

use std::io::Write;
use std::process::ExitCode;

use smartserve::cli::{self, Command};
use smartserve::commands::{
    completions, failure::Failure, healthcheck, inspect, openapi, predict, serve, train, verify,
};
use smartserve::text::printable::{printable, printable_lines};

fn main() -> ExitCode {
    match cli::parse(std::env::args_os()) {
        Ok(cli) => match dispatch(cli.command) {
            Ok(code) => code,
            Err(Failure { exit, messages }) => {
                complain(&messages);
                ExitCode::from(exit as u8)
            }
        },
        Err(not_run) => {
            match not_run.shown {
                // clap quotes what was typed.
                Some(error) if error.use_stderr() => {
                    let _ = write!(std::io::stderr(), "{}", printable_lines(&error.render().to_string()));
                }
                Some(help) => {
                    let _ = help.print();
                }
                None => {}
            }
            complain(&not_run.problems);
            ExitCode::from(not_run.code)
        }
    }
}

/// Tells what is wrong, a line each. A message that cannot be written has nowhere to go.
fn complain(messages: &[String]) {
    for message in messages {
        let _ = writeln!(std::io::stderr(), "smartserve: {}", printable(message));
    }
}

fn dispatch(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(args) => return serve::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Healthcheck(args) => healthcheck::run(&args),
        Command::Openapi(args) => openapi::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
    .map(|()| ExitCode::SUCCESS)
}
