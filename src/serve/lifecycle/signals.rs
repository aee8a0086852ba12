//! What the operating system asks of the process.
//!
//! Stands apart from `run` so that a drain can be tested without sending signals to the test runner.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// A signal that the server acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: drain, after the lame-duck.
    Terminate,
    /// SIGINT: drain, without the lame-duck.
    Interrupt,
    /// SIGHUP: look at the models' files now.
    Hangup,
}

/// Signals, as they come.
#[derive(Debug)]
pub struct Signals {
    receiver: mpsc::Receiver<Signal>,
}

impl Signals {
    /// The process's own. From here on, none of them ends the process by itself; PID 1, whose default actions the
    /// kernel ignores, is served alike.
    ///
    /// # Errors
    /// When a handler cannot be installed.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn of_process() -> io::Result<Self> {
        let (sender, signals) = Self::channel();
        let kinds = [
            (SignalKind::terminate(), Signal::Terminate),
            (SignalKind::interrupt(), Signal::Interrupt),
            (SignalKind::hangup(), Signal::Hangup),
        ];
        for (kind, name) in kinds {
            let mut stream = signal(kind)?;
            let sender = sender.clone();
            tokio::spawn(async move { while stream.recv().await.is_some() && sender.send(name).await.is_ok() {} });
        }
        Ok(signals)
    }

    /// Signals that whoever holds the sender makes up: for tests, and for embedding.
    pub fn channel() -> (mpsc::Sender<Signal>, Self) {
        let (sender, receiver) = mpsc::channel(8);
        (sender, Self { receiver })
    }

    /// The next signal; waits for ever when none can come any more.
    pub(in crate::serve) async fn next(&mut self) -> Signal {
        match self.receiver.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}
