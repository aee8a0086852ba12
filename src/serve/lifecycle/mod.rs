//! The state of the process (ready, draining or stopped), the times of a drain, the signals, and whether the runtime
//! makes progress. Listeners, probes, deadlines and the reloader use it; it uses none of them.

mod schedule;
mod signals;

pub use schedule::Schedule;
pub use signals::{Signal, Signals};

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, watch};

/// A heartbeat older than this means that the runtime makes no progress.
const OLDEST_HEARTBEAT: Duration = Duration::from_secs(5);

/// The interval of heartbeats.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// The phase of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Listening, or about to.
    Ready,
    /// A signal came; requests are still answered.
    Draining,
    /// No request is answered.
    Stopped,
}

/// A step of a drain, in the order of a complete one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainStep {
    /// A signal came: `/readyz` fails, every answer says `Connection: close`.
    DrainBegan,
    /// The lame-duck time is over and the accept queue empty: the listener is closed.
    ListenerClosed,
    /// The last connection of the main listener has ended in time.
    ConnectionsDone,
    /// The hard stop ended the rest.
    HardStop,
    /// No request is answered, on the admin listener either.
    Stopped,
}

/// The process's lifecycle, shared by listeners, probes and the signal handler. A clone is another handle.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    inner: Arc<LifecycleState>,
}

#[derive(Debug)]
struct LifecycleState {
    phase: watch::Sender<Phase>,
    schedule: OnceLock<Schedule>,
    born: Instant,
    /// Milliseconds from `born` to the last heartbeat; 0 before the first.
    heartbeat: AtomicU64,
    drain_began: Arc<Notify>,
    reload: Notify,
    steps: Mutex<Vec<DrainStep>>,
}

impl Default for LifecycleState {
    fn default() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Ready),
            schedule: OnceLock::new(),
            born: Instant::now(),
            heartbeat: AtomicU64::new(0),
            drain_began: Arc::default(),
            reload: Notify::new(),
            steps: Mutex::default(),
        }
    }
}

impl Lifecycle {
    /// The phase now.
    pub fn phase(&self) -> Phase {
        // Usually there has been no signal, which takes one atomic load.
        if self.inner.schedule.get().is_none() {
            return Phase::Ready;
        }
        (*self.inner.phase.borrow()).max(Phase::Draining)
    }

    /// True from the signal on.
    pub fn is_draining(&self) -> bool {
        self.inner.schedule.get().is_some()
    }

    /// When the steps of the drain are due; none before the signal.
    pub fn schedule(&self) -> Option<&Schedule> {
        self.inner.schedule.get()
    }

    /// Resolves when a signal has come.
    pub async fn draining(&self) {
        self.reached(Phase::Draining).await;
    }

    /// Resolves when no request is to be answered.
    pub async fn stopped(&self) {
        self.reached(Phase::Stopped).await;
    }

    /// Resolves when a drain begins after this call. Smaller than the future of [`Lifecycle::draining`], because every
    /// connection has one; the caller then reads [`Lifecycle::schedule`].
    pub(super) fn drain_notice(&self) -> OwnedNotified {
        Arc::clone(&self.inner.drain_began).notified_owned()
    }

    async fn reached(&self, phase: Phase) {
        // Cannot fail: this handle keeps the sender.
        let _ = self.inner.phase.subscribe().wait_for(|now| *now >= phase).await;
    }

    /// Begins the drain. Only the first call has an effect.
    pub fn drain(&self, schedule: Schedule) {
        if self.inner.schedule.set(schedule).is_ok() {
            self.record(DrainStep::DrainBegan);
            self.inner.phase.send_modify(|phase| *phase = (*phase).max(Phase::Draining));
            self.inner.drain_began.notify_waiters();
        }
    }

    /// Stops answering on every listener.
    pub(super) fn stop(&self) {
        let _ = self.inner.schedule.set(Schedule::at_once(Instant::now()));
        self.record(DrainStep::Stopped);
        self.inner.phase.send_replace(Phase::Stopped);
    }

    /// `deadline`, or the drain's deadline for answers if that is earlier.
    pub fn capped_by_drain(&self, deadline: Instant) -> Instant {
        self.schedule().map_or(deadline, |schedule| deadline.min(schedule.answers_by))
    }

    /// Resolves at `deadline`, or at the deadline for answers of a drain that has begun or begins meanwhile.
    pub async fn wait_until(&self, deadline: Instant) {
        tokio::select! {
            () = tokio::time::sleep_until(deadline.into()) => return,
            () = self.draining() => {}
        }
        tokio::time::sleep_until(self.capped_by_drain(deadline).into()).await;
    }

    /// True while the runtime's heartbeat is younger than 5 s; true before the first one.
    pub fn is_alive(&self) -> bool {
        let last = self.inner.heartbeat.load(Ordering::Relaxed);
        last == 0 || self.inner.born.elapsed() < Duration::from_millis(last) + OLDEST_HEARTBEAT
    }

    /// Takes heartbeats forever, as a task of the runtime whose progress [`Lifecycle::is_alive`] reports.
    pub async fn heartbeat(self) {
        let mut ticks = tokio::time::interval(HEARTBEAT);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = u64::try_from(self.inner.born.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.inner.heartbeat.store(now.max(1), Ordering::Relaxed);
        }
    }

    /// Requests a reload of the models, as SIGHUP does.
    pub fn request_reload(&self) {
        self.inner.reload.notify_one();
    }

    /// Resolves when a reload was requested; several requests count as one.
    pub async fn reload_requested(&self) {
        self.inner.reload.notified().await;
    }

    /// The steps of the drain so far, in order.
    pub fn steps(&self) -> Vec<DrainStep> {
        self.inner.steps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn record(&self, step: DrainStep) {
        self.inner.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }
}
