//! Parse, dispatch, exit code.

use std::io::Write;
use std::process::ExitCode;

use smartserve::cli::{self, Command};
use smartserve::commands::{
    completions, failure::Failure, healthcheck, inspect, openapi, predict, serve, train, verify,
};

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(not_run) => {
            let _ = not_run.error.print();
            if let Some(variable) = not_run.variable {
                let _ = writeln!(std::io::stderr(), "smartserve: it was set by the environment variable {variable}");
            }
            return ExitCode::from(not_run.code);
        }
    };
    match dispatch(cli.command) {
        Ok(code) => code,
        Err(Failure { exit, message }) => {
            if !message.is_empty() {
                let _ = writeln!(std::io::stderr(), "smartserve: {message}");
            }
            ExitCode::from(exit as u8)
        }
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
