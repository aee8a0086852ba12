//! `serve`: loads and checks the models, binds, answers until a signal has drained it. Only this file joins http's router to
//! serve's listener.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::cli::{LogFormat, ServeArgs};
use crate::config::{Vertex, port_of, resolve_bind};
use crate::http::app::Options;
use crate::http::auth::Tokens;
use crate::http::router::{check, router};
use crate::http::service::Service;
use crate::model::check_name;
use crate::serve::Serving;
use crate::serve::error::LoadError;
use crate::serve::lifecycle::Signals;
use crate::serve::listener::{BoundService, ListenerContext, Role, bind, start_admin};
use crate::serve::logging::{Format, LogGuard};
use crate::serve::memory_estimate::MemoryEstimate;
use crate::serve::reload::{ModelFile, Sources, watch};
use crate::serve::server::{self, ServerExit};
use crate::serve::systemd::InheritedSockets;

use super::allocator;
use super::failure::{Exit, Failure};

/// Runs the server. Gives the exit code of its drain.
///
/// # Errors
/// 65 and 66 for models, 78 for configuration, 1 when it cannot listen. No port was open then.
pub fn run(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let settled = allocator::settle();
    args.limits.check().map_err(|problems| config(problems.join("; ")))?;
    let port = port_of(environment);
    let address = resolve_bind(args.bind, args.bind_typed, port.as_deref()).map_err(config)?;
    let options = options(args)?;
    let sources = sources(args)?;
    let sockets = InheritedSockets::take().map_err(config)?;
    let serving = Arc::new(Serving::new(Vec::new(), args.limits.clone(), args.extra_features));
    let _telemetry = telemetry(args, &serving)?;
    if let Err(error) = settled {
        tracing::warn!(%error, "cannot begin anew with the allocator's setting: memory may grow beyond its bound");
    }
    serving.reloader.open(&sources)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = args.workers {
        runtime.worker_threads(workers);
    }
    let runtime = runtime.enable_all().build().map_err(failed)?;
    let plan = Plan { options, address, admin: args.admin_bind, sockets, reload_interval: args.reload_interval };
    let ended = runtime.block_on(plan.answer(serving))?;
    runtime.shutdown_background();
    Ok(ended.into())
}

/// What the listeners need beside the models.
struct Plan {
    options: Options,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    /// Sockets handed down by a service manager, used in place of the addresses.
    sockets: InheritedSockets,
    reload_interval: Duration,
}

impl Plan {
    /// Binds, then answers until the drain is over.
    async fn answer(mut self, serving: Arc<Serving>) -> Result<ServerExit, Failure> {
        let signals = Signals::of_process().map_err(failed)?;
        if let Some(tokens) = &self.options.tokens {
            tokio::spawn(Arc::clone(tokens).keep_fresh());
        }
        let tcp = self.sockets.main.take().map_or_else(|| bind(self.address), Ok).map_err(failed)?;
        let main = self.bound(&serving, Role::Main, tcp);
        let inherited = self.sockets.admin.take();
        let admin = inherited.map(Ok).or_else(|| self.admin.map(bind)).transpose().map_err(failed)?;
        if let Some(tcp) = admin {
            let bound = self.bound(&serving, Role::Admin, tcp);
            let memory = serving.admin_memory.clone();
            start_admin(bound, ListenerContext { memory, ..ListenerContext::of(&serving) }).map_err(failed)?;
        }
        tokio::spawn(watch(Arc::clone(&serving.reloader), serving.lifecycle.clone(), self.reload_interval));
        announce(&serving);
        Ok(server::run(&serving, main, signals).await)
    }

    fn bound(&self, serving: &Arc<Serving>, role: Role, tcp: TcpListener) -> BoundService<Service> {
        if let Ok(address) = tcp.local_addr() {
            match role {
                Role::Main => tracing::info!(%address, "listening on http://{address}"),
                Role::Admin => tracing::info!(%address, "probes and metrics on http://{address}"),
            }
        }
        BoundService { tcp, service: router(Arc::clone(serving), role, self.options.clone()) }
    }
}

/// Logs the served models and the estimate of the memory they take; the estimate again whenever other models change it.
fn announce(serving: &Arc<Serving>) {
    let workers = tokio::runtime::Handle::current().metrics().num_workers();
    let (last, weak) = (AtomicUsize::new(0), Arc::downgrade(serving));
    let announce_bound = move || {
        let Some(bound) = weak.upgrade().map(|serving| MemoryEstimate::of(&serving, workers)) else { return };
        if last.swap(bound.total(), Relaxed) != bound.total() {
            tracing::info!(bound_bytes = bound.total(), workers, "memory stays below {bound}");
        }
    };
    announce_bound();
    serving.registry.on_replace(Box::new(move |_| announce_bound()));
    for model in serving.registry.list() {
        let (name, version, algorithm) = (&model.name, model.model.version(), &model.model.header().algorithm);
        let is_default = model.is_default;
        tracing::info!(model = name, version, %algorithm, default = is_default, "serving {name} version {version}");
    }
}

fn options(args: &ServeArgs) -> Result<Options, Failure> {
    let tokens = args.token_file.as_deref().map(Tokens::load).transpose().map_err(config)?;
    let vertex = Vertex::from_env(environment).map_err(config)?;
    let tokens = tokens.map(Arc::new);
    let options = Options { tokens, private_metrics: args.private_metrics, no_ui: args.no_ui, vertex };
    check(&options).map_err(config)?;
    Ok(options)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The sources of models: every `--model` in order, and the directory of `--models`.
fn sources(args: &ServeArgs) -> Result<Sources, Failure> {
    let given = args.model.iter().filter(|spec| !spec.trim().is_empty());
    let files = given.map(|spec| split(spec)).collect::<Result<Vec<_>, _>>()?;
    if files.is_empty() && args.models.is_none() {
        return Err(config("no model to serve; give --model F.model or --models DIR"));
    }
    Ok(Sources {
        files,
        directory: args.models.clone(),
        default: args.default_model.clone(),
        allow_schema_change: args.allow_schema_change,
    })
}

/// Splits `[NAME=]PATH`. A path with `=` needs a name in front of it, unless its part before the sign cannot be a name.
pub(super) fn split(spec: &str) -> Result<ModelFile, Failure> {
    match spec.split_once('=') {
        Some((name, path)) if !name.contains('/') && !path.is_empty() => {
            check_name(name).map_err(config)?;
            Ok(ModelFile { name: Some(name.to_owned()), path: PathBuf::from(path) })
        }
        _ => Ok(ModelFile { name: None, path: PathBuf::from(spec) }),
    }
}

fn telemetry(args: &ServeArgs, serving: &Serving) -> Result<LogGuard, Failure> {
    let format = match args.log_format {
        LogFormat::Auto => Format::auto(),
        LogFormat::Human => Format::Human,
        LogFormat::Json => Format::Json,
    };
    LogGuard::start(format, args.log_level, serving.metrics.log_lines_dropped()).map_err(failed)
}

fn failed(what: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, what)
}

fn config(what: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Config, what)
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let exit = match error {
            LoadError::Missing { .. } => Exit::NoInput,
            LoadError::Invalid { .. } => Exit::Data,
            LoadError::SameName { .. } | LoadError::BadName(_) => Exit::Config,
        };
        Self::new(exit, error)
    }
}
