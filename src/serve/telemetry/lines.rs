//! The bounded queue of log lines and the thread that empties it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use prometheus::IntCounter;
use tracing::Dispatch;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written at most.
pub const QUEUE_LINES: usize = 8_192;

/// Bytes of lines that wait to be written at most: 8,192 lines of 384 bytes, a third over the usual length. Keeps long lines from
/// making the queue's memory unbounded.
pub const QUEUE_BYTES: usize = 3 << 20;

/// Where the formatted lines go.
#[derive(Debug)]
pub(super) struct Lines {
    queue: SyncSender<Vec<u8>>,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    /// Lines queued and not yet written.
    waiting: AtomicUsize,
    /// Their bytes.
    waiting_bytes: AtomicUsize,
    /// Lines dropped since the last report.
    unreported: AtomicU64,
    dropped: IntCounter,
    written: Mutex<()>,
    all_written: Condvar,
}

impl Lines {
    /// Starts the writer's thread. `reporter` makes, for a buffer, what the report of dropped lines is logged through,
    /// so that it looks like every other line.
    pub(super) fn start(
        out: impl Write + Send + 'static,
        dropped: IntCounter,
        reporter: impl FnOnce(Buffer) -> Dispatch,
    ) -> io::Result<Arc<Self>> {
        let (queue, lines) = sync_channel(QUEUE_LINES);
        let state = Arc::new(State {
            waiting: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            unreported: AtomicU64::new(0),
            dropped,
            written: Mutex::new(()),
            all_written: Condvar::new(),
        });
        let buffer = Buffer::default();
        let writer = Writer { lines, state: Arc::clone(&state), out, reporter: reporter(buffer.clone()), buffer };
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
        Ok(Arc::new(Self { queue, state }))
    }

    fn push(&self, line: &[u8]) {
        let State { waiting, waiting_bytes, .. } = &*self.state;
        waiting.fetch_add(1, Ordering::Relaxed);
        let bytes = waiting_bytes.fetch_add(line.len(), Ordering::Relaxed) + line.len();
        if bytes > QUEUE_BYTES || self.queue.try_send(line.to_vec()).is_err() {
            self.state.unreported.fetch_add(1, Ordering::Relaxed);
            self.state.dropped.inc();
            self.state.left(line.len());
        }
    }

    /// Waits until nothing is queued, at most `wait`.
    pub(super) fn flush(&self, wait: Duration) -> bool {
        let guard = self.state.written.lock().unwrap_or_else(PoisonError::into_inner);
        let queued = |(): &mut ()| self.state.waiting.load(Ordering::Acquire) > 0;
        let (_guard, result) =
            self.state.all_written.wait_timeout_while(guard, wait, queued).unwrap_or_else(PoisonError::into_inner);
        !result.timed_out()
    }
}

impl State {
    /// A line of this many bytes has left the queue, or never got in.
    fn left(&self, bytes: usize) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if self.waiting.fetch_sub(1, Ordering::AcqRel) == 1 {
            let _guard = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            self.all_written.notify_all();
        }
    }
}

/// The thread's side.
struct Writer<O> {
    lines: Receiver<Vec<u8>>,
    state: Arc<State>,
    out: O,
    reporter: Dispatch,
    buffer: Buffer,
}

impl<O: Write> Writer<O> {
    /// Writes lines until nobody can log any more. Errors are ignored: a reader that has gone (`EPIPE`) is no reason to
    /// stop serving, and there is nowhere to tell.
    fn run(mut self) {
        while let Ok(first) = self.lines.recv() {
            let mut line = Some(first);
            while let Some(bytes) = line {
                let _ = self.out.write_all(&bytes);
                // Flushed before it counts as written, when it is the last one.
                line = self.lines.try_recv().ok();
                if line.is_none() {
                    self.report_dropped();
                    let _ = self.out.flush();
                }
                self.state.left(bytes.len());
            }
        }
    }

    fn report_dropped(&mut self) {
        let lines = self.state.unreported.swap(0, Ordering::Relaxed);
        if lines == 0 {
            return;
        }
        tracing::dispatcher::with_default(&self.reporter, || {
            tracing::warn!(dropped_lines = lines, "{lines} lines dropped");
        });
        let _ = self.out.write_all(&self.buffer.take());
    }
}

/// The formatter's way into the queue: it writes a whole line at a time.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Memory that a line is formatted into.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffer {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
