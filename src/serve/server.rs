//! Runs the server from listening to its exit code: signals, drain, hard stop.

use std::pin::pin;
use std::process::ExitCode;
use std::time::Instant;

use tokio::sync::watch;

use crate::config::Limits;

use super::ServerState;
use super::lifecycle::{DrainStep, Lifecycle, Schedule, Signal, Signals};
use super::listener::{self, BoundService, HttpService, ListenerContext};
use super::systemd;

/// How the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerExit {
    /// Every request with a complete head was answered.
    Drained,
    /// The hard stop cut this many requests with complete heads.
    Cut(usize),
    /// A second signal ended it at once.
    SecondSignal(Signal),
}

impl ServerExit {
    /// 0, 3, or 128 plus the signal's number.
    pub fn code(self) -> u8 {
        match self {
            Self::Drained => 0,
            Self::Cut(_) => 3,
            Self::SecondSignal(Signal::Interrupt) => 130,
            Self::SecondSignal(_) => 143,
        }
    }
}

impl From<ServerExit> for ExitCode {
    fn from(exit: ServerExit) -> Self {
        Self::from(exit.code())
    }
}

/// Answers requests on `bound` until a signal has drained it. Then the phase is stopped, which also ends the admin
/// listener. The runtime's owner should not wait for its tasks (`Runtime::shutdown_background`).
pub async fn run<S: HttpService>(server: &ServerState, bound: BoundService<S>, mut signals: Signals) -> ServerExit {
    let lifecycle = &server.lifecycle;
    let heartbeat = tokio::spawn(lifecycle.clone().heartbeat());
    let mut listening = pin!(listener::accept_connections(bound, ListenerContext::of(server)));
    systemd::notify_ready();
    let exit = loop {
        tokio::select! {
            cut = &mut listening => break drained(lifecycle, cut),
            signal = signals.next() => {
                if let Some(exit) = on_signal(lifecycle, &server.limits, signal) {
                    break exit;
                }
            }
        }
    };
    lifecycle.stop();
    heartbeat.abort();
    exit
}

/// Runs `work`, which answers requests that come by no listener, until it ends by itself or a signal has drained it:
/// until `idle` is true, at the hard stop at the latest.
///
/// # Errors
/// What `work` gave when it ended by itself.
pub async fn run_without_listener<E>(
    server: &ServerState,
    work: impl Future<Output = E>,
    mut idle: watch::Receiver<bool>,
    mut signals: Signals,
) -> Result<ServerExit, E> {
    let lifecycle = &server.lifecycle;
    let mut work = pin!(work);
    let exit = loop {
        tokio::select! {
            ended = &mut work => {
                lifecycle.stop();
                return Err(ended);
            }
            cut = idle_or_stopped(lifecycle, &mut idle) => break drained(lifecycle, cut),
            signal = signals.next() => {
                if let Some(exit) = on_signal(lifecycle, &server.limits, signal) {
                    break exit;
                }
            }
        }
    };
    lifecycle.stop();
    Ok(exit)
}

/// Resolves, once a drain has begun, when nothing is being answered, or at the hard stop: how many requests it cut.
async fn idle_or_stopped(lifecycle: &Lifecycle, idle: &mut watch::Receiver<bool>) -> usize {
    lifecycle.draining().await;
    let hard_stop = lifecycle.schedule().map_or_else(Instant::now, |schedule| schedule.hard_stop);
    tokio::select! {
        // An error means that nothing will be answered any more.
        _ = idle.wait_for(|idle| *idle) => 0,
        () = tokio::time::sleep_until(hard_stop.into()) => 1,
    }
}

fn drained(lifecycle: &Lifecycle, cut: usize) -> ServerExit {
    let took = lifecycle.schedule().map_or(0, |s| s.signalled.elapsed().as_millis());
    if cut == 0 {
        tracing::info!(drain_ms = took, "drained");
        return ServerExit::Drained;
    }
    tracing::error!(drain_ms = took, cut_requests = cut, "the hard stop cut requests");
    ServerExit::Cut(cut)
}

/// Acts on a signal; an exit when it is the second one that stops the process.
fn on_signal(lifecycle: &Lifecycle, limits: &Limits, signal: Signal) -> Option<ServerExit> {
    if signal == Signal::Hangup {
        tracing::info!("SIGHUP: checking the models' files");
        lifecycle.request_reload();
        return None;
    }
    if lifecycle.steps().contains(&DrainStep::DrainBegan) {
        tracing::warn!("a second signal: stopping at once");
        return Some(ServerExit::SecondSignal(signal));
    }
    let schedule = Schedule::new(Instant::now(), limits, signal == Signal::Terminate);
    tracing::info!(
        signal = ?signal,
        lame_duck_ms = (schedule.close_listener - schedule.signalled).as_millis(),
        hard_stop_ms = (schedule.hard_stop - schedule.signalled).as_millis(),
        "draining; a second signal stops at once"
    );
    lifecycle.drain(schedule);
    systemd::notify_stopping();
    None
}
