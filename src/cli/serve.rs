//! The flags of `serve`. Defaults are the contract's; [`crate::config`] resolves them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::config::ExtraFeatures;

use super::values::{count, size, switch, time};

/// `serve`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  smartserve serve --model boston.model
  smartserve serve --model house=boston.model --model flower=iris.model --default-model flower
  PORT=9000 smartserve serve --model boston.model
  smartserve serve --model boston.model --bind 0.0.0.0:8080 --admin-bind 0.0.0.0:9090 --private-metrics")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that a person types")]
pub struct ServeArgs {
    /// A model file, and optionally the name to serve it under (default: its own); repeatable
    #[arg(long, value_name = "[NAME=]PATH", value_delimiter = '\n', required_unless_present = "models")]
    pub model: Vec<String>,
    /// A directory whose *.model files are served, each under its own name; they may come and go
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// The model that /predict asks; default: the first --model
    #[arg(long, value_name = "NAME")]
    pub default_model: Option<String>,
    /// Address to listen on, IP:port; the variable PORT replaces the port unless this flag is typed
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8000")]
    pub bind: SocketAddr,
    /// True when `--bind` was typed rather than set by the environment or the default: then `PORT` does not count.
    #[arg(skip)]
    pub bind_typed: bool,
    /// Address of a second listener for probes and metrics, which answers when the first is saturated
    #[arg(long, value_name = "IP:PORT")]
    pub admin_bind: Option<SocketAddr>,
    /// Serve /metrics on the admin listener only; probes stay on both
    #[arg(long, requires = "admin_bind", value_parser = switch(), num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub private_metrics: bool,
    /// File of bearer tokens, one a line, re-read within 10 s of a change; without it no token is asked for
    #[arg(long, value_name = "PATH")]
    pub token_file: Option<PathBuf>,
    /// What a column that the model does not know does to a request
    #[arg(long, value_enum, default_value_t = ExtraFeatures::Reject)]
    pub extra_features: ExtraFeatures,
    /// Do not serve the page at /
    #[arg(long, value_parser = switch(), num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub no_ui: bool,
    /// Threads that read and write requests [default: one a core]
    #[arg(long, value_name = "N", value_parser = count())]
    pub workers: Option<usize>,
    /// Threads for long predictions [default: cores − 1, at least 1]
    #[arg(long, value_name = "N", value_parser = count())]
    pub compute_threads: Option<usize>,
    /// Largest request body; over it is 413
    #[arg(long, value_name = "SIZE", default_value = "2MiB", value_parser = size)]
    pub max_body_bytes: usize,
    /// Request bodies held at one time, all requests together; of these, bodies over 64 KiB three quarters at most
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size)]
    pub body_budget: usize,
    /// Most rows in a request; over it is 413
    #[arg(long, value_name = "N", default_value = "10000", value_parser = count())]
    pub max_rows: usize,
    /// Connections at one time; at the cap the listener pauses accepting
    #[arg(long, value_name = "N", default_value = "4096", value_parser = count())]
    pub max_connections: usize,
    /// Largest request head; over it is 431
    #[arg(long, value_name = "SIZE", default_value = "32KiB", value_parser = size)]
    pub max_header_bytes: usize,
    /// From the first byte of a head to its last; a slower client's connection is closed
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub header_timeout: Duration,
    /// From the head to the last byte of the body; over it is 408, and so is a body that will not make it while others
    /// wait for its room
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
    /// Longest wait for room, before 503
    #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = time)]
    pub admission_wait: Duration,
    /// After SIGTERM: keep accepting for this long, so that endpoints and proxies notice
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    pub lame_duck: Duration,
    /// After a signal: the latest moment of exit
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = time)]
    pub hard_stop: Duration,
    /// How often the models' files are looked at; SIGHUP looks at once
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub reload_interval: Duration,
    /// Take a changed file whose model asks for other columns or answers in other words
    #[arg(long, value_parser = switch(), num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub allow_schema_change: bool,
    /// How log lines look: human on a terminal, else JSON
    #[arg(long, value_enum, default_value_t = LogFormat::Auto)]
    pub log_format: LogFormat,
    /// The least important lines to write
    #[arg(long, value_enum, default_value_t = LogLevel::Info)]
    pub log_level: LogLevel,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human on a terminal, else JSON
    Auto,
    /// For people
    Human,
    /// One JSON object a line
    Json,
}

/// The least important lines written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each variant is its word")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}
