//! The server's limits and their defaults.

use std::time::Duration;

/// The server's limits. Every one is a flag of `serve`; the defaults are the contract's.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest request body in bytes, after inflation: 2 MiB. Over it is 413.
    pub max_body_bytes: usize,
    /// Bytes of request bodies held at one time by all requests together: 64 MiB.
    pub body_budget: usize,
    /// Most rows in a request: 10,000. Over it is 413.
    pub max_rows: usize,
    /// Connections at one time: 4,096. At the cap the listener pauses accepting.
    pub max_connections: usize,
    /// Bytes of a request head's fields: 32 KiB. Over it is 431.
    pub max_header_bytes: usize,
    /// Fields in a request head: 64. Over it is 431. Not a flag.
    pub max_header_fields: usize,
    /// Bytes of a request target: 8 KiB. Over it is 414. Not a flag.
    pub max_uri_bytes: usize,
    /// From the first byte of a head to its last: 10 s.
    pub header_timeout: Duration,
    /// From the head to the last byte of the body: 10 s. Over it is 408.
    pub body_timeout: Duration,
    /// From the compute permit to the answer: 10 s. Over it is 504.
    pub compute_timeout: Duration,
    /// A kept-alive connection without a request: 75 s.
    pub idle_timeout: Duration,
    /// Without progress while writing an answer: 30 s.
    pub write_timeout: Duration,
    /// Longest wait for the body budget, and again for a compute permit: 250 ms. Over it is 503.
    pub admission_wait: Duration,
    /// SIGTERM keeps accepting for this long: 5 s.
    pub lame_duck: Duration,
    /// From the signal to the end of every connection: 15 s.
    pub hard_stop: Duration,
    /// Threads of the compute pool: cores − 1, at least 1.
    pub compute_threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Self {
            max_body_bytes: 2 << 20,
            body_budget: 64 << 20,
            max_rows: 10_000,
            max_connections: 4_096,
            max_header_bytes: 32 << 10,
            max_header_fields: 64,
            max_uri_bytes: 8 << 10,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            compute_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            admission_wait: Duration::from_millis(250),
            lame_duck: Duration::from_secs(5),
            hard_stop: Duration::from_secs(15),
            compute_threads: (cores - 1).max(1),
        }
    }
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
