//! Reads a command line to its end although values are wrong, so that all of them are reported at once: clap stops at
//! the first.

use std::error::Error as _;
use std::ffi::OsString;

use clap::builder::OsStringValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::environment::variable;

/// The values that were read, and the errors.
pub(super) struct Gathered {
    /// clap's outcome. Where there are problems the values in it have no types.
    pub(super) matches: Result<ArgMatches, clap::Error>,
    /// A sentence for each wrong value, in the order in which clap met them.
    pub(super) problems: Vec<String>,
    /// True when one of them was set by the environment.
    pub(super) by_environment: bool,
}

/// Reads `args`; the value of a flag that is wrong is noted, then taken as it is.
pub(super) fn gather(mut command: Command, args: &[OsString]) -> Gathered {
    let (mut problems, mut by_environment, mut wrong) = (Vec::new(), false, Vec::new());
    let matches = loop {
        let error = match command.clone().try_get_matches_from(args) {
            Ok(matches) => {
                let empty = empty_flags(&matches).into_iter().filter(|long| !wrong.contains(long));
                problems.extend(empty.map(|long| format!("--{long} is empty; give it a value or leave it out")));
                break Ok(matches);
            }
            Err(error) => error,
        };
        let Some(long) = wrong_value_of(&error).filter(|long| !wrong.contains(long)) else { break Err(error) };
        let is_typed = is_typed(&long, args);
        by_environment |= !is_typed;
        problems.push(sentence(&long, is_typed, &error));
        command = command.mut_subcommands(|verb| {
            verb.mut_args(|arg| {
                let is_it = arg.get_long() == Some(long.as_str());
                if is_it { arg.value_parser(OsStringValueParser::new()) } else { arg }
            })
        });
        wrong.push(long);
    };
    Gathered { matches, problems, by_environment }
}

/// The flag whose value is wrong; none for an error of another kind.
fn wrong_value_of(error: &clap::Error) -> Option<String> {
    if !matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue | ErrorKind::InvalidUtf8) {
        return None;
    }
    // A flag that was typed without its value has no value to be wrong.
    error.get(ContextKind::InvalidValue)?;
    long_of(error)
}

/// The flag that an error names, without dashes.
pub(super) fn long_of(error: &clap::Error) -> Option<String> {
    let shown = error.get(ContextKind::InvalidArg)?.to_string();
    let long = shown.split("--").nth(1)?;
    Some(long.split([' ', '=', '[']).next().unwrap_or(long).to_owned())
}

/// The flags that an error says are missing, without dashes; none for an error of another kind, or where an argument
/// without a flag is missing.
pub(super) fn missing(error: &clap::Error) -> Option<impl Iterator<Item = String>> {
    let ErrorKind::MissingRequiredArgument = error.kind() else { return None };
    let Some(ContextValue::Strings(arguments)) = error.get(ContextKind::InvalidArg) else { return None };
    let longs: Option<Vec<String>> = arguments
        .iter()
        .map(|shown| shown.strip_prefix("--").map(|shown| shown.split([' ', '=']).next().unwrap_or(shown).to_owned()))
        .collect();
    longs.map(Vec::into_iter)
}

/// True when a flag was given on the command line.
fn is_typed(long: &str, args: &[OsString]) -> bool {
    let is_it = |arg: &str| {
        let is_long = arg.strip_prefix("--").and_then(|arg| arg.strip_prefix(long));
        is_long.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
            || long == "output" && arg.starts_with("-o")
    };
    args.iter().any(|arg| is_it(&arg.to_string_lossy()))
}

/// `--max-rows "0": expected a whole number of at least 1`.
fn sentence(long: &str, is_typed: bool, error: &clap::Error) -> String {
    let given = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) => value.as_str(),
        _ => "",
    };
    let flag = if is_typed { format!("--{long}") } else { variable(long) };
    if given.is_empty() {
        return format!("{flag} is empty; give it a value or leave it out");
    }
    if let Some(reason) = error.source() {
        return format!("{flag} {given:?}: {reason}");
    }
    let strings = |kind| match error.get(kind) {
        Some(ContextValue::Strings(words)) => words.join(", "),
        Some(ContextValue::String(word)) => word.clone(),
        _ => String::new(),
    };
    let (near, words) = (strings(ContextKind::SuggestedValue), strings(ContextKind::ValidValue));
    let hint = if near.is_empty() { String::new() } else { format!("did you mean {near}? ") };
    format!("{flag} {given:?}: {hint}expected one of {words}")
}

/// The flags that were typed with an empty value.
fn empty_flags(matches: &ArgMatches) -> Vec<String> {
    let Some((_, verb)) = matches.subcommand() else { return Vec::new() };
    let is_empty = |id: &&clap::Id| {
        verb.value_source(id.as_str()) == Some(ValueSource::CommandLine)
            && verb
                .try_get_raw(id.as_str())
                .ok()
                .flatten()
                .is_some_and(|mut values| values.any(std::ffi::OsStr::is_empty))
    };
    // Ids are the fields' names.
    verb.ids().filter(is_empty).map(|id| id.as_str().replace('_', "-")).collect()
}
