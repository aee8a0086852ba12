//! The life of the process from listening to its exit code.

use std::pin::pin;
use std::process::ExitCode;
use std::time::Instant;

use crate::config::Limits;
use crate::serve::listener::{self, Front, HttpService, Outcome};
use crate::serve::{Serving, supervisor};

use super::{Life, Schedule, Signal, Signals, Step};

/// How the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every request whose head was complete got its answer.
    Drained,
    /// The hard stop cut this many requests whose heads were complete.
    Cut(usize),
    /// A second signal ended it at once.
    SecondSignal(Signal),
}

impl Exit {
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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Answers requests on `front` until a signal has drained it. Afterwards the phase is stopped, which also ends the
/// admin listener; whoever owns the runtime should not wait for its tasks (`Runtime::shutdown_background`).
pub async fn run<S: HttpService>(serving: &Serving, front: Front<S>, mut signals: Signals) -> Exit {
    let life = &serving.life;
    let heartbeat = tokio::spawn(life.clone().beat());
    let mut listening = pin!(listener::serve(front, listener::Shared::of(serving)));
    supervisor::ready();
    let exit = loop {
        tokio::select! {
            outcome = &mut listening => break conclude(life, outcome),
            signal = signals.next() => {
                if let Some(exit) = heed(life, &serving.limits, signal) {
                    break exit;
                }
            }
        }
    };
    life.stop();
    heartbeat.abort();
    exit
}

fn conclude(life: &Life, outcome: Outcome) -> Exit {
    let took = life.schedule().map_or(0, |s| s.signalled.elapsed().as_millis());
    if outcome.cut == 0 {
        tracing::info!(drain_ms = took, "drained");
        return Exit::Drained;
    }
    tracing::error!(drain_ms = took, cut_requests = outcome.cut, "the hard stop cut requests");
    Exit::Cut(outcome.cut)
}

/// Acts on a signal; an exit when it is the second one that asks for the end.
fn heed(life: &Life, limits: &Limits, signal: Signal) -> Option<Exit> {
    if signal == Signal::Hangup {
        tracing::info!("SIGHUP: looking at the models' files");
        life.request_reload();
        return None;
    }
    if life.steps().contains(&Step::DrainBegan) {
        tracing::warn!("a second signal: stopping at once");
        return Some(Exit::SecondSignal(signal));
    }
    let schedule = Schedule::new(Instant::now(), limits, signal == Signal::Terminate);
    tracing::info!(
        signal = ?signal,
        lame_duck_ms = (schedule.close_listener - schedule.signalled).as_millis(),
        hard_stop_ms = (schedule.hard_stop - schedule.signalled).as_millis(),
        "draining; a second signal stops at once"
    );
    life.drain(schedule);
    supervisor::stopping();
    None
}
