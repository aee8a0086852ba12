//! The signals that the server acts on, from the process or from a channel: tests drain without signalling the test
//! runner.

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
    /// SIGHUP: poll the models' files now.
    Hangup,
}

/// Signals, as they come.
#[derive(Debug)]
pub struct Signals {
    receiver: mpsc::Receiver<Signal>,
}

impl Signals {
    /// The process's signals. From now on none of them ends the process by default; PID 1, for which the kernel has no
    /// default actions, behaves the same.
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

    /// Signals sent through a channel, for tests and for embedding.
    pub fn channel() -> (mpsc::Sender<Signal>, Self) {
        let (sender, receiver) = mpsc::channel(8);
        (sender, Self { receiver })
    }

    /// The next signal; pending forever when every sender is gone.
    pub(in crate::serve) async fn next(&mut self) -> Signal {
        match self.receiver.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}
