//! A command's failure: a line for a person for each thing that is wrong, one exit code for a script.

use std::fmt;
use std::io::Write as _;
use std::path::Path;

use crate::serve::error::LoadError;
use crate::text::printable::{printable, printable_lines};

/// A class of failure: the process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The work failed.
    Failed = 1,
    /// Options that contradict each other.
    Usage = 2,
    /// `EX_DATAERR`: input data or a model file is invalid.
    Data = 65,
    /// `EX_NOINPUT`: an input file is missing.
    NoInput = 66,
    /// `EX_CONFIG`: configuration is invalid.
    Config = 78,
}

/// Why a command did not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code's class.
    pub exit: Exit,
    /// One line per error: the file, the place, what is wrong, what to do. Empty if everything was printed before.
    pub messages: Vec<String>,
}

impl Failure {
    /// A failure of this class.
    pub fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, messages: vec![message.to_string()] }
    }

    /// A file that could not be opened or read.
    pub fn reading(path: &Path, error: &std::io::Error) -> Self {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NoInput } else { Exit::Failed };
        Self::new(exit, format_args!("{}: {error}", path.display()))
    }

    /// Something that could not be written; no message when the reader closed the pipe.
    pub fn writing(what: impl fmt::Display, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Failed, messages: Vec::new() };
        }
        Self::new(Exit::Failed, format_args!("{what}: {error}"))
    }
}

/// Every file that cannot be served, and the exit code of the first.
impl From<Vec<LoadError>> for Failure {
    fn from(errors: Vec<LoadError>) -> Self {
        let exit = errors.first().map_or(Exit::Failed, exit_of);
        Self { exit, messages: errors.iter().map(ToString::to_string).collect() }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::new(exit_of(&error), error)
    }
}

fn exit_of(error: &LoadError) -> Exit {
    match error {
        LoadError::Missing { .. } => Exit::NoInput,
        LoadError::Invalid { .. } => Exit::Data,
        LoadError::Options { .. } | LoadError::Choice { .. } => Exit::Usage,
        LoadError::SameName { .. } | LoadError::BadName(_) => Exit::Config,
    }
}

/// Prints the messages to standard error, one per line. Errors are ignored: there is nowhere else to report them.
pub fn print(messages: &[String]) {
    for message in messages {
        let _ = writeln!(std::io::stderr(), "smartserve: {}", printable(message));
    }
}

/// Prints a warning to standard error. Errors are ignored: the work goes on.
pub fn warn(warning: &str) {
    let _ = writeln!(std::io::stderr(), "warning: {}", printable(warning));
}

/// Prints how far the work is to standard error. Where it is closed, the work goes on.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(line));
}

/// Prints clap's message about this process's command line, which quotes arguments, to standard error. A line's end in
/// an argument makes no line of its own.
pub fn print_usage_error(error: &clap::Error) {
    let mut message = error.render().to_string();
    for argument in std::env::args_os().skip(1) {
        let argument = argument.to_string_lossy();
        // It may be quoted whole, or by its value alone: behind `=`, or behind a short flag.
        let value = argument.split_once('=').map(|(_, value)| value);
        for quoted in [Some(&*argument), value, argument.get(2..)].into_iter().flatten().filter(|q| q.contains('\n')) {
            message = message.replace(quoted, &printable(quoted));
        }
    }
    let _ = write!(std::io::stderr(), "{}", printable_lines(&message));
}
