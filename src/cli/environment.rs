//! The environment as settings: the variable of every flag, and what is wrong with those that are set.

use std::ffi::OsStr;
use std::net::IpAddr;

use crate::config::REPLY_QUEUE;
use crate::text::did_you_mean::nearest;

/// What every variable of ours begins with.
const PREFIX: &str = "SMARTSERVE_";

/// The environment variable of a flag.
pub fn variable(long: &str) -> String {
    format!("{PREFIX}{}", long.to_uppercase().replace('-', "_"))
}

/// True when a variable is set and holds more than white space.
pub(super) fn holds_a_value(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !is_blank(&value))
}

fn is_blank(value: &OsStr) -> bool {
    value.to_str().is_some_and(|text| text.trim().is_empty())
}

/// What is wrong with the variables that are set, whatever the command: a sentence for each one that is empty, and for
/// each one that belongs to no flag of `command`, which is nearly always a slip. What may be meant is a variable of the
/// `verb` that was typed.
pub(super) fn problems(command: &clap::Command, verb: Option<&str>) -> Vec<String> {
    let of = |verb: &clap::Command| -> Vec<String> {
        verb.get_arguments().filter_map(|arg| arg.get_long()).map(variable).collect()
    };
    let own = verb.and_then(|verb| command.find_subcommand(verb)).map(&of);
    let mut known: Vec<String> = command.get_subcommands().flat_map(of).collect();
    known.sort();
    known.dedup();
    // A name that is not UTF-8 is a slip too.
    let mut set: Vec<_> =
        std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value)).collect();
    set.sort();
    let mut problems = Vec::new();
    for (name, value) in set.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
        if known.contains(name) || name == REPLY_QUEUE && cfg!(feature = "aws") {
            if is_blank(value) {
                problems.push(format!("{name} is empty; give it a value or unset it"));
            }
        } else if name == REPLY_QUEUE {
            problems.push(format!(
                "{name} is set, but this build sends no answers to a queue; unset it, or build with --features aws"
            ));
        } else if !is_of_kubernetes(name, value) {
            // What all begin with tells nothing.
            let flags = own.as_ref().unwrap_or(&known).iter().map(|variable| &variable[PREFIX.len()..]);
            let near = nearest(&name[PREFIX.len()..], flags);
            let hint = near.map_or_else(|| "unset it".to_owned(), |near| format!("did you mean {PREFIX}{near}?"));
            problems.push(format!("{name} is the variable of no flag; {hint}"));
        }
    }
    problems
}

/// True for the variables that Kubernetes injects for each service of a namespace: those of one called `smartserve` are
/// `SMARTSERVE_SERVICE_HOST`, `SMARTSERVE_PORT`, `SMARTSERVE_PORT_8080_TCP`; others' names may begin so
/// (`SMARTSERVE_CANARY_SERVICE_HOST`).
fn is_of_kubernetes(name: &str, value: &OsStr) -> bool {
    let rest = &name[PREFIX.len() - 1..];
    let Some(value) = value.to_str() else { return false };
    let is_number = |text: &str| text.parse::<u16>().is_ok();
    // A port by its number and protocol, whole or in parts.
    let is_port = |part: &str| {
        let Some((number, protocol)) = part.split_once('_') else { return false };
        let protocol =
            ["_PROTO", "_PORT", "_ADDR"].iter().find_map(|end| protocol.strip_suffix(end)).unwrap_or(protocol);
        is_number(number) && ["TCP", "UDP", "SCTP"].contains(&protocol)
    };
    let is_address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    let of_service_port = rest.split_once("_SERVICE_PORT").map(|(_, port)| port);
    rest.ends_with("_PORT") && is_address
        || rest.split_once("_PORT_").is_some_and(|(_, part)| is_port(part))
        || rest.ends_with("_SERVICE_HOST") && value.parse::<IpAddr>().is_ok()
        || of_service_port.is_some_and(|port| (port.is_empty() || port.starts_with('_')) && is_number(value))
}
