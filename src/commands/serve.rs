//! `serve`: loads and checks the models, binds, answers until a signal has drained it. Only this file joins http's
//! router to serve's listener.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::cli::{LogFormat, ServeArgs};
use crate::config::{BindAddress, Lambda, SpanExport};
use crate::http::app::Options;
use crate::http::router::router;
use crate::http::service::Service;
use crate::lambda;
use crate::serve::ServerState;
use crate::serve::lifecycle::Signals;
use crate::serve::listener::{BoundService, ListenerContext, ListeningSocket, Role, bind, bind_unix, start_admin};
use crate::serve::logging::{Format, LogGuard};
use crate::serve::memory_estimate::MemoryEstimate;
use crate::serve::reload::watch;
use crate::serve::server::{self, ServerExit};
use crate::serve::spans::Spans;
use crate::serve::systemd::InheritedSockets;

use super::allocator;
use super::failure::{Exit, Failure};
use super::serve_settings::Settings;

/// Starts the program again with the allocator's settings, before the command line is read: that takes a millisecond in
/// a new process, and would be done twice.
pub fn prepare() {
    // `run` tries again, and reports why it fails.
    let _ = allocator::apply_settings();
}

/// Runs the server. Gives the exit code of its drain.
///
/// # Errors
/// 65 and 66 for models, 78 for configuration, 1 when it cannot listen. No port was open then.
pub fn run(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let allocator_set = allocator::apply_settings();
    let Settings { options, sources, warning, address, sockets, lambda, spans } = Settings::resolve(args)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = args.workers {
        runtime.worker_threads(workers);
    }
    let runtime = runtime.enable_all().build().map_err(failed)?;
    let mut server = ServerState::new(Vec::new(), args.limits.clone(), args.extra_features);
    let log = start_logging(args, &server)?;
    if lambda.is_none() {
        server.spans = spans.as_ref().map(|spans| start_spans(spans, &runtime, &server)).transpose()?;
    } else if spans.is_some() {
        tracing::warn!("OpenTelemetry's variables are set, but spans are not exported on AWS Lambda: docs/tracing.md");
    }
    let server = Arc::new(server);
    if let Err(error) = allocator_set {
        tracing::warn!(%error, "cannot restart with the allocator settings: memory may exceed its bound");
    }
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
    server.reloader.open(&sources)?;
    if let Some(lambda) = lambda {
        let ended = runtime.block_on(answer_invocations(server, options, lambda, args.reload_interval, log))?;
        runtime.shutdown_background();
        return Ok(ended.into());
    }
    let plan = Plan { options, address, admin: args.admin_bind, sockets, reload_interval: args.reload_interval };
    let ended = runtime.block_on(plan.listen_until_drained(Arc::clone(&server)))?;
    flush_spans(&server, ended);
    runtime.shutdown_background();
    Ok(ended.into())
}

fn start_spans(settings: &SpanExport, runtime: &Runtime, server: &ServerState) -> Result<Spans, Failure> {
    let spans = Spans::start(settings, runtime.handle().clone(), server.metrics.spans_dropped()).map_err(failed)?;
    let endpoint = settings.endpoint.to_string();
    tracing::info!(endpoint, "spans of requests are sent to {endpoint}");
    Ok(spans)
}

/// Sends the spans that wait: for 2 s at most, and hardly beyond the hard stop. A second signal leaves no time for it.
fn flush_spans(server: &ServerState, ended: ServerExit) {
    const LONGEST: Duration = Duration::from_secs(2);
    const AT_LEAST: Duration = Duration::from_millis(500);
    let Some(spans) = &server.spans else { return };
    let left = server.lifecycle.schedule().map_or(LONGEST, |schedule| schedule.hard_stop - Instant::now());
    let wait =
        if matches!(ended, ServerExit::SecondSignal(_)) { Duration::ZERO } else { left.clamp(AT_LEAST, LONGEST) };
    spans.flush(wait);
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
