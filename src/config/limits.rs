//! The server's limits: the flags of `serve` that bound it, with their defaults.

use std::time::Duration;

use clap::{Args, FromArgMatches};

use super::values::{count, size, time};

/// The server's limits. Every one is a flag of `serve`, but those of a head's fields and of a target.
#[derive(Debug, Clone, Args)]
pub struct Limits {
    /// Threads for long predictions [default: cores − 1, at least 1]
    #[arg(long, value_name = "N", value_parser = count, default_value_t = spare_cores(), hide_default_value = true)]
    pub compute_threads: usize,
    /// Largest request body; over it is 413
    #[arg(long, value_name = "SIZE", default_value = "2MiB", value_parser = size)]
    pub max_body_bytes: usize,
    /// Memory that all requests hold together: bodies, batches, answers, connections' buffers; those over 64 KiB three
    /// quarters of it at most
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size)]
    pub body_budget: usize,
    /// Most rows in a request; over it is 413
    #[arg(long, value_name = "N", default_value = "10000", value_parser = count)]
    pub max_rows: usize,
    /// Connections at one time; at the cap the listener pauses accepting
    #[arg(long, value_name = "N", default_value = "4096", value_parser = count)]
    pub max_connections: usize,
    /// Age of a connection, give or take a fifth, from which on an answer closes it: its client connects anew, to
    /// servers that have joined too
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = time)]
    pub max_connection_age: Duration,
    /// Largest request head; over it is 431
    #[arg(long, value_name = "SIZE", default_value = "32KiB", value_parser = size)]
    pub max_header_bytes: usize,
    /// Fields in a request head; over it is 431.
    #[arg(skip = 64_usize)]
    pub max_header_fields: usize,
    /// Bytes of a request target; over it is 414.
    #[arg(skip = 8_usize << 10)]
    pub max_uri_bytes: usize,
    /// Time from the first byte of a head to its last; a slower client's connection is closed
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub header_timeout: Duration,
    /// Time from the head to the end of the body; 408 after it, or earlier if the body is too slow while memory is
    /// scarce
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub body_timeout: Duration,
    /// Longest computation of one request; over it is 504
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub compute_timeout: Duration,
    /// A kept-alive connection without a request is closed after this
    #[arg(long, value_name = "TIME", default_value = "75s", value_parser = time)]
    pub idle_timeout: Duration,
    /// A client that takes nothing of its answer for this long is cut
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    pub write_timeout: Duration,
    /// Longest wait for memory or a compute permit; 503 after it
    #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = time)]
    pub admission_wait: Duration,
    /// After SIGTERM: keep accepting for this long, so that endpoints and proxies notice
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    pub lame_duck: Duration,
    /// After a signal: the latest moment of exit
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = time)]
    pub hard_stop: Duration,
}

/// The limits when no flag is given.
impl Default for Limits {
    fn default() -> Self {
        let flags = Self::augment_args(clap::Command::new("limits").no_binary_name(true));
        let parsed = flags.try_get_matches_from([""; 0]).and_then(|matches| Self::from_arg_matches(&matches));
        parsed.expect("every limit has a default that its parser takes")
    }
}

fn spare_cores() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    (cores - 1).max(1)
}

impl Limits {
    /// Checks that the limits agree with each other.
    ///
    /// # Errors
    /// Everything that does not, a sentence each.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let mut problems = Vec::new();
        if self.hard_stop <= self.lame_duck {
            problems.push("--hard-stop must be longer than --lame-duck".to_owned());
        }
        if self.body_budget < self.max_body_bytes {
            problems.push("--body-budget must hold at least one body of --max-body-bytes".to_owned());
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// What a column that the model does not know does to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ExtraFeatures {
    /// 422, naming the column
    #[default]
    Reject,
    /// Drop the column
    Ignore,
}
