//! The flags of `serve`. Defaults are the contract's; [`crate::config`] resolves them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;

use crate::config::values::{address, bind_address, count, size, switch, time};
use crate::config::{BindAddress, ExtraFeatures, Limits};

use super::source::SourcesArgs;

/// `serve`.
#[derive(Debug, Args)]
#[command(after_help = "On AWS Lambda (AWS_LAMBDA_RUNTIME_API) it answers invocations and listens on no \
port: docs/lambda.md. Where OTEL_EXPORTER_OTLP_ENDPOINT names a collector of OpenTelemetry, as http://localhost:4318, \
requests have spans: docs/tracing.md.

Examples:
  smartserve serve --model boston.model
  smartserve serve --model house=boston.model --model flower=iris.model \\
    --default-model flower
  PORT=9000 smartserve serve --model boston.model
  smartserve serve --model boston.model --bind 0.0.0.0:8080 \\
    --admin-bind 0.0.0.0:9090 --private-metrics")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that a person types")]
pub struct ServeArgs {
    /// A model, a file or directory of smartserve or of another library, and optionally the name to serve it under
    /// (default: its own, else model); repeatable
    #[arg(long, value_name = "[NAME=]PATH", required_unless_present_any = ["models", "model_fallback"])]
    pub model: Vec<String>,
    /// A directory whose models are served, an artifact under its own name, another library's under that of its file or
    /// directory; they may come and go
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Where neither --model nor --models is given: places between colons, files or directories, the first of which
    /// that exists is served, under the name that the variable `MODEL_NAME` gives it; the last of several is a demo: a
    /// warning says that it is served
    #[arg(long, value_name = "PATH:PATH")]
    pub model_fallback: Option<String>,
    /// The model that /predict asks; default: the first --model
    #[arg(long, value_name = "NAME")]
    pub default_model: Option<String>,
    /// Address to listen on: IP:port, or localhost:port and :port for loopback, whose port the variable PORT replaces
    /// unless this flag is typed; or `unix:/path`, a Unix socket for its owner and group
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8000", value_parser = bind_address)]
    pub bind: BindAddress,
    /// True when `--bind` was typed rather than set by the environment or the default: then `PORT` does not count.
    #[arg(skip)]
    pub bind_typed: bool,
    /// Address of a second listener, which answers when the first is saturated: probes, /metrics, and loading and
    /// unloading of models. It asks for a token only to load and unload, and only with --token-file: give an address
    /// that only you and Prometheus can reach
    #[arg(long, value_name = "IP:PORT", value_parser = address)]
    pub admin_bind: Option<SocketAddr>,
    /// Serve /metrics on the admin listener only; probes stay on both
    #[arg(long, requires = "admin_bind", value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub private_metrics: bool,
    /// File of bearer tokens, one per line (# begins a comment), re-read within 10 s of a change; once it could not be
    /// read for 30 s, requests get 401. The admin listener needs one to load and unload. Without this flag there is no
    /// authentication
    #[arg(long, value_name = "PATH")]
    pub token_file: Option<PathBuf>,
    /// A name that requests may give as their Host, beside IP addresses and localhost; any other is refused (421);
    /// without this flag all are taken; repeatable
    #[arg(long, value_name = "NAME")]
    pub allowed_host: Vec<String>,
    /// What a column that the model does not know does to a request
    #[arg(long, value_enum, default_value_t = ExtraFeatures::Reject)]
    pub extra_features: ExtraFeatures,
    /// Do not serve the what-if page (/ and /models/NAME/)
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub no_ui: bool,
    /// Threads that read and write requests [default: one per core]
    #[arg(long, value_name = "N", value_parser = count)]
    pub workers: Option<usize>,
    /// What bounds the server.
    #[command(flatten)]
    pub limits: Limits,
    /// How often the models' files are checked for changes; SIGHUP checks at once
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub reload_interval: Duration,
    /// Largest file that is read of a model; a longer one is refused unread
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size)]
    pub max_model_bytes: usize,
    /// Take a changed file whose model asks for other columns or answers in other words
    #[arg(long, value_parser = switch, num_args = 0, default_value_t = false, default_missing_value = "true")]
    pub allow_schema_change: bool,
    /// How log lines look: human on a terminal, else JSON
    #[arg(long, value_enum, default_value_t = LogFormat::Auto)]
    pub log_format: LogFormat,
    /// The least important lines to write
    #[arg(long, default_value = "info", value_parser = level())]
    pub log_level: LevelFilter,
    /// How models of other libraries are read. Last: what follows it would stand under its heading in the help.
    #[command(flatten)]
    pub source: SourcesArgs,
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

fn level() -> impl TypedValueParser<Value = LevelFilter> {
    PossibleValuesParser::new(["error", "warn", "info", "debug", "trace"]).try_map(|level| level.parse())
}
