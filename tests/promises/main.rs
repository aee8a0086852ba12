//! The promises of PROMISES.md that need real processes under real load, one scenario each:
//!
//! ```text
//! cargo test --test promises -- [--long] [--server PATH] [--cycles N] [--scale X] [--plot DIRECTORY] SCENARIO…
//! ```
//!
//! Not run by a bare `cargo test`: `make test-promises` runs the short forms, `make promises` the long ones. Each
//! scenario prints its figures and what it found broken; the exit code is 1 when anything was. Short forms assert what
//! a noisy machine cannot break (nothing lost, statuses, exit codes); ratios are asserted in the long forms only.
//!
//! The load generator is a part of these tests and not of the product. It shares nothing with the server but the wire.

#![allow(clippy::unwrap_used, reason = "a scenario that cannot go on should say so")]
#![allow(clippy::print_stdout, reason = "figures are what this program is for")]
#![allow(clippy::cast_precision_loss, reason = "counts and times are shown and compared to a few digits")]

mod client;
mod drain;
mod hostile;
mod join;
mod load;
mod machine;
mod memory;
mod neighbours;
mod overload;
mod pages;
mod plot;
mod proxy;
mod readable;
mod reloads;
mod report;
mod rollout;
mod server;
mod slow;
mod soak;
// The reader of answers that the other tests have.
#[path = "../it/support/wire.rs"]
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use report::Report;

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The server under test.
    pub(crate) server: PathBuf,
    /// The long form, with its ratios.
    pub(crate) long: bool,
    /// Replaces a scenario's number of repetitions.
    pub(crate) cycles: Option<usize>,
    /// Replaces the factor on all waits of the rollout: 1 is the server's own defaults.
    pub(crate) scale: Option<f64>,
    /// The directory where a scenario that draws puts its drawing.
    pub(crate) plot: Option<PathBuf>,
}

type Scenario = fn(&Asked, &mut Report);

/// Every scenario: its name, what it proves, how.
const SCENARIOS: [(&str, &str, Scenario); 19] = [
    ("rollout-lag", "no request is lost in a rollout whose clients hear of it late", rollout::lag),
    ("rollout-proxy", "no request is lost in a rollout behind haproxy", rollout::behind_proxy),
    ("rollout-lag-aging", "nor where connections live for two seconds", rollout::lag_aging),
    ("rollout-proxy-aging", "nor behind haproxy then", rollout::behind_proxy_aging),
    ("join", "a server that joins two loaded ones gets its share", join::join),
    ("drain", "a drain ends in time whatever clients do, and answers every whole request", drain::drain),
    ("slow", "slow heads, bodies and readers are closed in time and noticed by nobody", slow::slow),
    ("overload", "more than can be done does not make it do less", overload::overload),
    ("neighbours", "one row is answered beside ten thousand", neighbours::neighbours),
    ("admin", "probes are answered whatever the first listener does", neighbours::admin),
    ("readable", "a refused client gets to read why", readable::readable),
    ("full-pipe", "a log that nobody reads slows nobody down", readable::full_pipe),
    ("reloads", "every answer is of one version, and of the one it names", reloads::reloads),
    ("memory", "memory stays below what was printed with every limit at 100 % at once", memory::memory),
    ("pages", "a page that thousands ask for and nobody reads stays within the printed bound", pages::pages),
    ("inflating", "bodies that inflate to nothing take no worker and no memory", hostile::inflating),
    ("echo", "no text of a request comes back whole", hostile::echo),
    ("files", "a file that is refused takes no more than was printed before, and holds up no load", hostile::files),
    ("soak", "many small requests leave memory and metrics as they were", soak::soak),
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let mut names = Vec::new();
    let mut asked = Asked {
        server: PathBuf::from(env!("CARGO_BIN_EXE_smartserve")),
        long: false,
        cycles: None,
        scale: None,
        plot: None,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word.as_str() {
            "--long" => asked.long = true,
            "--server" => asked.server = value().into(),
            "--cycles" => asked.cycles = Some(value().parse().unwrap()),
            "--scale" => asked.scale = Some(value().parse().unwrap()),
            "--plot" => asked.plot = Some(value().into()),
            "all" => names.extend(SCENARIOS.map(|(name, ..)| name.to_owned())),
            _ => names.push(word),
        }
    }
    if names.is_empty() {
        println!("promises [--long] [--server PATH] all | SCENARIO…\n");
        for (name, what, _) in SCENARIOS {
            println!("  {name:<20} {what}");
        }
        return ExitCode::SUCCESS;
    }
    println!("{}; {} form", machine::description(), if asked.long { "long" } else { "short" });
    let kept = names.iter().map(|name| run(name, &asked)).filter(|kept| *kept).count();
    if kept == names.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a scenario; true when its promise was kept.
fn run(name: &str, asked: &Asked) -> bool {
    let Some((_, what, scenario)) = SCENARIOS.iter().find(|(known, ..)| *known == name) else {
        println!("{name}: no such scenario");
        return false;
    };
    println!("{name}: {what}");
    let mut report = Report::new(name);
    scenario(asked, &mut report);
    report.end()
}
