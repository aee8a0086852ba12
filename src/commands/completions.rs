//! `completions`: print a shell's completion script.

use crate::cli::{self, CompletionsArgs};

use super::failure::Failure;
use super::files;

/// Runs the command.
///
/// # Errors
/// 1 when standard output cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "smartserve", &mut script);
    files::print_raw(&String::from_utf8_lossy(&script))
}
