//! `serve`: load, check, bind, answer until a signal has drained it. The one place that joins http's router to serve's
//! listener.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tracing::level_filters::LevelFilter;

use crate::cli::{ExtraFeaturesArg, LogFormat, LogLevel, ServeArgs};
use crate::config::{ExtraFeatures, Limits, resolve_bind};
use crate::http::app::{Options, Side};
use crate::http::auth::Tokens;
use crate::http::router::router;
use crate::model::check_name;
use crate::serve::Serving;
use crate::serve::lifecycle::{Exit as Ended, Signals, run as live};
use crate::serve::listener::{AdminThread, Front, Shared, bind};
use crate::serve::load::{LoadError, load};
use crate::serve::registry::{Served, Snapshot};
use crate::serve::telemetry::{Format, Telemetry};

use super::failure::{Exit, Failure};

/// Runs the server; the exit code of a drain.
///
/// # Errors
/// 65 and 66 for models, 78 for configuration, 1 when it cannot listen. Nothing was listened on then.
pub fn run(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let limits = limits(args)?;
    let port = std::env::var("PORT").ok();
    let address = resolve_bind(args.bind, args.bind_typed, port.as_deref()).map_err(config)?;
    let options = options(args)?;
    let models = models(args)?;
    let extra = match args.extra_features {
        ExtraFeaturesArg::Reject => ExtraFeatures::Reject,
        ExtraFeaturesArg::Ignore => ExtraFeatures::Ignore,
    };
    let serving = Arc::new(Serving::new(models, limits, extra));
    let _telemetry = telemetry(args, &serving)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = args.workers {
        runtime.worker_threads(workers);
    }
    let runtime = runtime.enable_all().build().map_err(|e| Failure::new(Exit::Failed, e))?;
    let ended = runtime.block_on(answer(serving, options, address, args.admin_bind))?;
    runtime.shutdown_background();
    Ok(ended.into())
}

/// Binds, then lives until the drain is over.
async fn answer(
    serving: Arc<Serving>,
    options: Options,
    address: SocketAddr,
    admin: Option<SocketAddr>,
) -> Result<Ended, Failure> {
    let signals = Signals::of_process().map_err(|e| Failure::new(Exit::Failed, e))?;
    if let Some(tokens) = &options.tokens {
        tokio::spawn(Arc::clone(tokens).keep_fresh());
    }
    let main = listen(&serving, Side::Public, options.clone(), address)?;
    let _admin = match admin {
        Some(address) => {
            let front = listen(&serving, Side::Admin, options, address)?;
            Some(AdminThread::start(front, Shared::of(&serving)).map_err(|e| Failure::new(Exit::Failed, e))?)
        }
        None => None,
    };
    for model in serving.registry.list() {
        let (name, version, algorithm) = (&model.name, model.model.version(), model.model.header().algorithm.as_str());
        tracing::info!(
            model = name,
            version,
            algorithm,
            default = model.is_default,
            "serving {name} version {version}"
        );
    }
    Ok(live(&serving, main, signals).await)
}

fn listen(
    serving: &Arc<Serving>,
    side: Side,
    options: Options,
    address: SocketAddr,
) -> Result<Front<axum::Router>, Failure> {
    let tcp = bind(address).map_err(|e| Failure::new(Exit::Failed, e))?;
    let bound = tcp.local_addr().unwrap_or(address);
    match side {
        Side::Public => tracing::info!(address = %bound, "listening on http://{bound}"),
        Side::Admin => tracing::info!(address = %bound, "probes and metrics on http://{bound}"),
    }
    Ok(Front { tcp, service: router(Arc::clone(serving), side, options) })
}

fn limits(args: &ServeArgs) -> Result<Limits, Failure> {
    let defaults = Limits::default();
    let limits = Limits {
        max_body_bytes: args.max_body_bytes,
        body_budget: args.body_budget,
        max_rows: args.max_rows,
        max_connections: args.max_connections,
        max_header_bytes: args.max_header_bytes,
        header_timeout: args.header_timeout,
        body_timeout: args.body_timeout,
        compute_timeout: args.compute_timeout,
        idle_timeout: args.idle_timeout,
        write_timeout: args.write_timeout,
        admission_wait: args.admission_wait,
        lame_duck: args.lame_duck,
        hard_stop: args.hard_stop,
        compute_threads: args.compute_threads.unwrap_or(defaults.compute_threads),
        ..defaults
    };
    limits.check().map_err(|problems| config(problems.join("; ")))?;
    Ok(limits)
}

fn options(args: &ServeArgs) -> Result<Options, Failure> {
    let tokens = args.token_file.as_deref().map(Tokens::load).transpose().map_err(config)?;
    Ok(Options { tokens: tokens.map(Arc::new), private_metrics: args.private_metrics, no_ui: args.no_ui })
}

/// Loads every `--model`, in order; the default one is first unless `--default-model` says otherwise.
fn models(args: &ServeArgs) -> Result<Vec<Snapshot>, Failure> {
    let mut found: Vec<(String, PathBuf, crate::model::Model)> = Vec::new();
    for spec in args.model.iter().filter(|spec| !spec.trim().is_empty()) {
        let (name, path) = split(spec)?;
        let model = load(&path)?.model;
        let name = name.unwrap_or_else(|| model.header().name.clone());
        if let Some((name, first, _)) = found.iter().find(|(taken, ..)| *taken == name) {
            return Err(LoadError::SameName { name: name.clone(), first: first.clone(), second: path }.into());
        }
        found.push((name, path, model));
    }
    let Some((first, ..)) = found.first() else {
        return Err(config("no model to serve; give --model F.model"));
    };
    let default = args.default_model.clone().unwrap_or_else(|| first.clone());
    if !found.iter().any(|(name, ..)| *name == default) {
        let names: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
        return Err(config(format_args!(
            "--default-model {default:?} is not served; the models are {}",
            names.join(", ")
        )));
    }
    let served = |(name, _, model): (String, PathBuf, _)| {
        let is_default = name == default;
        Arc::new(Served::new(name, model, is_default))
    };
    Ok(found.into_iter().map(served).collect())
}

/// `[NAME=]PATH`. A path with `=` in it is one whose part before the sign cannot be a name, or that is given with a name.
pub(super) fn split(spec: &str) -> Result<(Option<String>, PathBuf), Failure> {
    match spec.split_once('=') {
        Some((name, path)) if !name.contains('/') && !path.is_empty() => {
            check_name(name).map_err(config)?;
            Ok((Some(name.to_owned()), PathBuf::from(path)))
        }
        _ => Ok((None, Path::new(spec).to_owned())),
    }
}

fn telemetry(args: &ServeArgs, serving: &Serving) -> Result<Telemetry, Failure> {
    let format = match args.log_format {
        LogFormat::Auto => Format::auto(),
        LogFormat::Human => Format::Human,
        LogFormat::Json => Format::Json,
    };
    let level = match args.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Telemetry::start(format, level, serving.metrics.log_lines_dropped()).map_err(|e| Failure::new(Exit::Failed, e))
}

fn config(what: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Config, what)
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let exit = match error {
            LoadError::Missing { .. } => Exit::NoInput,
            LoadError::Invalid { .. } => Exit::Data,
            LoadError::SameName { .. } | LoadError::BadName { .. } => Exit::Config,
        };
        Self::new(exit, error)
    }
}
