//! `serve`: loads and checks the models, binds, answers until a signal has drained it. Only this file joins http's
//! router to serve's listener.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::cli::{LogFormat, ServeArgs};
use crate::config::{BindAddress, Lambda, Vertex, port_of, resolve_bind};
use crate::http::allowed_hosts::AllowedHosts;
use crate::http::app::Options;
use crate::http::auth::Tokens;
use crate::http::router::{check, router};
use crate::http::service::Service;
use crate::import::ImportChoices;
use crate::lambda;
use crate::model::check_name;
use crate::serve::ServerState;
use crate::serve::lifecycle::Signals;
use crate::serve::listener::{BoundService, ListenerContext, ListeningSocket, Role, bind, bind_unix, start_admin};
use crate::serve::logging::{Format, LogGuard};
use crate::serve::memory_estimate::MemoryEstimate;
use crate::serve::reload::{ModelFile, Sources, watch};
use crate::serve::server::{self, ServerExit};
use crate::serve::systemd::InheritedSockets;

use super::allocator;
use super::failure::{Exit, Failure};
use super::fallback;
use super::sources::{choices, entries};

/// Runs the server. Gives the exit code of its drain.
///
/// # Errors
/// 65 and 66 for models, 78 for configuration, 1 when it cannot listen. No port was open then.
pub fn run(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let allocator_set = allocator::apply_settings();
    let Settings { options, sources, warning, address, sockets, lambda } = Settings::resolve(args)?;
    let server = Arc::new(ServerState::new(Vec::new(), args.limits.clone(), args.extra_features));
    let log = start_logging(args, &server)?;
    if let Err(error) = allocator_set {
        tracing::warn!(%error, "cannot restart with the allocator settings: memory may exceed its bound");
    }
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
    server.reloader.open(&sources)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = args.workers {
        runtime.worker_threads(workers);
    }
    let runtime = runtime.enable_all().build().map_err(failed)?;
    if let Some(lambda) = lambda {
        let ended = runtime.block_on(answer_invocations(server, options, lambda, args.reload_interval, log))?;
        runtime.shutdown_background();
        return Ok(ended.into());
    }
    let plan = Plan { options, address, admin: args.admin_bind, sockets, reload_interval: args.reload_interval };
    let ended = runtime.block_on(plan.listen_until_drained(server))?;
    runtime.shutdown_background();
    Ok(ended.into())
}

/// Answers AWS Lambda's invocations until the drain is over.
async fn answer_invocations(
    server: Arc<ServerState>,
    options: Options,
    lambda: Lambda,
    reload_interval: Duration,
    log: LogGuard,
) -> Result<ServerExit, Failure> {
    let signals = Signals::of_process().map_err(failed)?;
    if let Some(tokens) = &options.tokens {
        Arc::clone(tokens).keep_fresh().map_err(failed)?;
    }
    announce(&server);
    if options.tokens.is_none() {
        tracing::info!("no authentication of HTTP events; --token-file requires bearer tokens");
    }
    tracing::info!(function = lambda.function, "answering the invocations of the function {}", lambda.function);
    let service = router(Arc::clone(&server), Role::Main, options);
    lambda::run(lambda::Plan { server, service, lambda, reload_interval, log }, signals).await.map_err(failed)
}

/// The listeners' settings.
struct Plan {
    options: Options,
    address: BindAddress,
    admin: Option<SocketAddr>,
    /// Sockets handed down by a service manager, used in place of the addresses.
    sockets: InheritedSockets,
    reload_interval: Duration,
}

impl Plan {
    /// Binds, then answers until the drain is over.
    async fn listen_until_drained(mut self, server: Arc<ServerState>) -> Result<ServerExit, Failure> {
        let signals = Signals::of_process().map_err(failed)?;
        if let Some(tokens) = &self.options.tokens {
            Arc::clone(tokens).keep_fresh().map_err(failed)?;
        }
        let socket = match (self.sockets.main.take(), &self.address) {
            (Some(inherited), _) => inherited.into(),
            (None, BindAddress::Tcp(address)) => bind(*address).map_err(failed)?.into(),
            (None, BindAddress::Unix(path)) => ListeningSocket::Unix(bind_unix(path).map_err(failed)?),
        };
        let main_address = socket.local_addr();
        let main = self.bound(&server, Role::Main, socket);
        let inherited = self.sockets.admin.take();
        let admin = inherited.map(Ok).or_else(|| self.admin.map(bind)).transpose().map_err(failed)?;
        let admin_address = admin.as_ref().and_then(|tcp| tcp.local_addr().ok());
        if let Some(tcp) = admin {
            let bound = self.bound(&server, Role::Admin, tcp.into());
            let memory = server.admin_memory.clone();
            start_admin(bound, ListenerContext { memory, ..ListenerContext::of(&server) }).map_err(failed)?;
        }
        tokio::spawn(watch(Arc::clone(&server.reloader), server.lifecycle.clone(), self.reload_interval));
        announce(&server);
        self.announce_access(main_address, admin_address);
        Ok(server::run(&server, main, signals).await)
    }

    fn bound(&self, server: &Arc<ServerState>, role: Role, socket: ListeningSocket) -> BoundService<Service> {
        match (role, socket.local_addr(), &socket) {
            (Role::Main, Some(address), _) => tracing::info!(%address, "listening on http://{address}"),
            (Role::Main, None, ListeningSocket::Unix(unix)) => {
                tracing::info!("listening on unix:{}", unix.path().display());
            }
            (Role::Admin, Some(address), _) => tracing::info!(%address, "probes and metrics on http://{address}"),
            (_, None, _) => {}
        }
        BoundService { socket, service: router(Arc::clone(server), role, self.options.clone()) }
    }

    /// Logs whether requests need a token.
    fn announce_access(&self, address: Option<SocketAddr>, admin: Option<SocketAddr>) {
        if let Some(tokens) = &self.options.tokens {
            let (path, n) = (tokens.path().display(), tokens.len());
            tracing::info!(%path, tokens = n, "bearer tokens are required: {n} in {path}");
            return;
        }
        let everywhere = |address: Option<SocketAddr>| address.map(|a| a.ip()).filter(IpAddr::is_unspecified);
        if let Some(ip) = everywhere(address) {
            tracing::warn!(
                "no authentication, listening on all interfaces ({ip}): anyone who can reach the port can send requests"
            );
        } else {
            tracing::info!("no authentication; --token-file requires bearer tokens");
        }
        if let Some(ip) = everywhere(admin) {
            tracing::warn!(
                "no authentication on the admin listener, on all interfaces ({ip}): anyone who can reach the port can \
                 load and unload models"
            );
        }
    }
}

/// Logs the served models and the estimate of the memory they take; the estimate again whenever other models change it.
fn announce(server: &Arc<ServerState>) {
    let workers = tokio::runtime::Handle::current().metrics().num_workers();
    let (last, weak) = (AtomicUsize::new(0), Arc::downgrade(server));
    let announce_estimate = move || {
        let Some(estimate) = weak.upgrade().map(|server| MemoryEstimate::of(&server, workers)) else { return };
        if last.swap(estimate.total(), Relaxed) != estimate.total() {
            tracing::info!(bound_bytes = estimate.total(), workers, "memory stays below {estimate}");
        }
    };
    announce_estimate();
    server.registry.on_change(Box::new(move |_| announce_estimate()));
    for model in server.registry.list() {
        let (name, version, algorithm) = (&model.name, model.model.version(), &model.model.header().algorithm);
        let is_default = model.is_default;
        tracing::info!(model = name, version, %algorithm, default = is_default, "serving {name} version {version}");
    }
}

/// What the flags and the environment mean.
struct Settings {
    options: Options,
    sources: Sources,
    /// A warning about where the model comes from.
    warning: Option<String>,
    address: BindAddress,
    sockets: InheritedSockets,
    /// The function that the process is, if AWS Lambda runs it: it listens on no port then.
    lambda: Option<Lambda>,
}

impl Settings {
    /// Resolves all of them, so that everything that is wrong is reported at once.
    fn resolve(args: &ServeArgs) -> Result<Self, Failure> {
        let mut wrong = args.limits.check().err().unwrap_or_default();
        let port = noted(&mut wrong, port_of(environment));
        let address = resolve_bind(&args.bind, args.bind_typed, port.flatten());
        let tokens = noted(&mut wrong, args.token_file.as_deref().map(Tokens::load).transpose());
        let vertex = noted(&mut wrong, Vertex::from_env(environment));
        let lambda = noted(&mut wrong, Lambda::from_env(environment)).flatten();
        let allowed_hosts = noted(&mut wrong, AllowedHosts::new(entries(&args.allowed_host)));
        let (sources, warning) = sources(args, &mut wrong);
        let sockets = noted(&mut wrong, InheritedSockets::take());
        let options = Options {
            tokens: tokens.flatten().map(Arc::new),
            allowed_hosts: allowed_hosts.unwrap_or_default(),
            private_metrics: args.private_metrics,
            no_ui: args.no_ui,
            on_lambda: lambda.is_some(),
            vertex: vertex.unwrap_or_default(),
        };
        noted(&mut wrong, check(&options));
        match sockets {
            Some(sockets) if wrong.is_empty() => Ok(Self { options, sources, warning, address, sockets, lambda }),
            _ => Err(Failure { exit: Exit::Config, messages: wrong }),
        }
    }
}

/// The value; an error is added to `wrong`.
fn noted<T>(wrong: &mut Vec<String>, outcome: Result<T, impl std::fmt::Display>) -> Option<T> {
    outcome.map_err(|what| wrong.push(what.to_string())).ok()
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The sources of models: every `--model` in order, and the directory of `--models`; without either, the first place of
/// `--model-fallback`, and what is to be said of it.
fn sources(args: &ServeArgs, wrong: &mut Vec<String>) -> (Sources, Option<String>) {
    let choices = noted(wrong, choices(&args.source)).unwrap_or_default();
    let mut files: Vec<ModelFile> =
        entries(&args.model).filter_map(|spec| noted(wrong, split(spec, &choices))).collect();
    let mut warning = None;
    if entries(&args.model).next().is_none() && args.models.is_none() {
        match &args.model_fallback {
            Some(places) => {
                if let Some(found) = noted(wrong, fallback::find(places, environment, &choices)) {
                    files.push(found.file);
                    warning = found.warning;
                }
            }
            None => wrong.push("no model to serve; give --model F.model or --models DIR".to_owned()),
        }
    }
    if args.models.is_none() {
        noted(wrong, check_names(&files, &choices));
    }
    let sources = Sources {
        files,
        directory: args.models.clone(),
        choices,
        default: args.default_model.clone(),
        allow_schema_change: args.allow_schema_change,
        max_model_bytes: Some(args.max_model_bytes),
    };
    (sources, warning)
}

/// Checks that each model named by a choice is given as `--model NAME=PATH`: the choice would be ignored otherwise.
pub(super) fn check_names(files: &[ModelFile], choices: &ImportChoices) -> Result<(), String> {
    let names: Vec<&str> = files.iter().filter_map(|file| file.name.as_deref()).collect();
    choices.unused(&names).map_or(Ok(()), |name| {
        Err(format!(
            "--answer, --iterations or --zero-as-missing is for the model {name:?}, which no --model gives that name; \
             write --model {name}=PATH"
        ))
    })
}

/// Splits `[NAME=]PATH`. A path with `=` needs a name in front of it, unless its part before the sign cannot be a name.
pub(super) fn split(spec: &str, choices: &ImportChoices) -> Result<ModelFile, String> {
    let (name, path) = match spec.split_once('=') {
        Some((name, path)) if !name.contains('/') && !path.is_empty() => {
            check_name(name)?;
            (Some(name), path)
        }
        _ => (None, spec),
    };
    Ok(ModelFile { name: name.map(str::to_owned), path: PathBuf::from(path), options: choices.of(name) })
}

fn start_logging(args: &ServeArgs, server: &ServerState) -> Result<LogGuard, Failure> {
    let format = match args.log_format {
        LogFormat::Auto => Format::auto(),
        LogFormat::Human => Format::human(),
        LogFormat::Json => Format::Json,
    };
    LogGuard::start(format, args.log_level, server.metrics.log_lines_dropped()).map_err(failed)
}

fn failed(what: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, what)
}
