//! Parse, dispatch, exit code.

use std::process::ExitCode;

use smartserve::cli::{self, Command};
use smartserve::commands::failure::{self, Failure};
use smartserve::commands::{
    audit, completions, drift, healthcheck, import, inspect, openapi, predict, replay, serve, train, verify,
};

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|verb| verb == "serve") {
        serve::prepare();
    }
    match cli::parse(std::env::args_os()) {
        Ok(cli) => match dispatch(cli.command) {
            Ok(code) => code,
            Err(Failure { exit, messages }) => {
                failure::print(&messages);
                ExitCode::from(exit as u8)
            }
        },
        Err(not_run) => {
            match not_run.shown {
                Some(error) if error.use_stderr() => failure::print_usage_error(&error),
                Some(help) => {
                    let _ = help.print();
                }
                None => {}
            }
            failure::print(&not_run.problems);
            ExitCode::from(not_run.code)
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(args) => return serve::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Drift(args) => drift::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Healthcheck(args) => healthcheck::run(&args),
        Command::Openapi(args) => openapi::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
    .map(|()| ExitCode::SUCCESS)
}
