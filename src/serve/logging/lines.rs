//! The bounded queue of log lines and the thread that writes them out, many at a time: a wake-up and a system call for
//! each line would be a good part of what a small request costs.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus::IntCounter;
use tracing::Dispatch;

/// The most lines in the queue.
pub const QUEUE_LINES: usize = 8_192;

/// The most bytes in the queue: 8,192 lines of 384 bytes, a third over the usual length. It bounds the memory of long
/// lines.
pub const QUEUE_BYTES: usize = 3 << 20;

/// Bytes written at once: the capacity of a pipe.
const BATCH: usize = 64 << 10;

/// How long the writer waits for a batch to fill.
const GATHER: Duration = Duration::from_millis(10);

/// The queue, as the log's formatter has it: dropping the last handle ends the writer's thread.
#[derive(Debug)]
pub(super) struct Lines {
    shared: Arc<SharedLines>,
}

/// The queue, as the writer's thread shares it.
#[derive(Debug)]
pub(super) struct SharedLines {
    queue: Mutex<LineQueue>,
    /// Wakes the writer.
    work: Condvar,
    /// Wakes a flush when the queue is empty.
    all_written: Condvar,
    dropped: IntCounter,
}

#[derive(Debug, Default)]
struct LineQueue {
    batches: VecDeque<LineBatch>,
    /// The buffer of a written batch, for the next one.
    spare: Vec<u8>,
    /// Unwritten lines, with those being written, and their bytes.
    lines: usize,
    bytes: usize,
    /// Lines dropped since the last report.
    unreported: u64,
    /// The number of flushes that wait.
    flushing: usize,
    writer: Asleep,
    is_closed: bool,
}

/// Lines that are written together.
#[derive(Debug, Default)]
struct LineBatch {
    text: Vec<u8>,
    lines: usize,
}

/// What the writer waits for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Asleep {
    /// Nothing: it writes.
    #[default]
    No,
    /// A line.
    UntilALine,
    /// A full batch, for at most [`GATHER`].
    UntilABatch,
}

impl Lines {
    /// Starts the writer's thread. `reporter` makes the dispatcher that formats the report of dropped lines, so that it
    /// looks like every other line.
    pub(super) fn start(
        out: impl Write + Send + 'static,
        dropped: IntCounter,
        reporter: impl FnOnce(Arc<SharedLines>) -> Dispatch,
    ) -> io::Result<Arc<Self>> {
        let shared = Arc::new(SharedLines {
            queue: Mutex::default(),
            work: Condvar::new(),
            all_written: Condvar::new(),
            dropped,
        });
        let writer = Writer { shared: Arc::clone(&shared), out, reporter: reporter(Arc::clone(&shared)) };
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
        Ok(Arc::new(Self { shared }))
    }

    /// Waits at most `wait` until every line is written; true when they are.
    pub(super) fn flush(&self, wait: Duration) -> bool {
        let mut queue = self.shared.lock();
        queue.flushing += 1;
        self.shared.work.notify_one();
        let is_left = |queue: &mut LineQueue| queue.lines > 0;
        let waited = self.shared.all_written.wait_timeout_while(queue, wait, is_left);
        let (mut queue, result) = waited.unwrap_or_else(PoisonError::into_inner);
        queue.flushing -= 1;
        !result.timed_out()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.work.notify_one();
    }
}

impl SharedLines {
    fn push(&self, line: &[u8]) {
        let mut queue = self.lock();
        if queue.lines >= QUEUE_LINES || queue.bytes + line.len() > QUEUE_BYTES {
            queue.unreported += 1;
            self.dropped.inc();
            return;
        }
        let is_wanted = queue.add(line);
        drop(queue);
        if is_wanted {
            self.work.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, LineQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineQueue {
    /// Adds a line; true when the writer must be woken.
    fn add(&mut self, line: &[u8]) -> bool {
        let has_room = self.batches.back().is_some_and(|last| last.text.len() + line.len() <= BATCH);
        if !has_room {
            let mut text = std::mem::take(&mut self.spare);
            // Exact, so that all batches together take no more memory than their lines.
            text.reserve_exact(BATCH.max(line.len()));
            self.batches.push_back(LineBatch { text, lines: 0 });
        }
        if let Some(last) = self.batches.back_mut() {
            last.text.extend_from_slice(line);
            last.lines += 1;
        }
        self.lines += 1;
        self.bytes += line.len();
        match self.writer {
            Asleep::No => false,
            Asleep::UntilALine => true,
            Asleep::UntilABatch => self.has_a_batch(),
        }
    }

    /// True when there is enough to write, or a flush waits.
    fn has_a_batch(&self) -> bool {
        self.bytes >= BATCH || self.lines >= QUEUE_LINES || self.flushing > 0 || self.is_closed
    }

    /// Notes that a batch was written.
    fn written(&mut self, mut batch: LineBatch) {
        self.lines -= batch.lines;
        self.bytes -= batch.text.len();
        // A buffer that grew for a long line is not kept.
        if batch.text.capacity() <= 2 * BATCH {
            batch.text.clear();
            self.spare = batch.text;
        }
    }
}

/// The thread that writes.
struct Writer<O> {
    shared: Arc<SharedLines>,
    out: O,
    reporter: Dispatch,
}

impl<O: Write> Writer<O> {
    /// Writes lines until the log is dropped. Errors are ignored: a reader that has gone (`EPIPE`) is no reason to stop
    /// serving, and an error could be reported nowhere.
    fn run(mut self) {
        while let Some(batch) = self.next() {
            let _ = self.out.write_all(&batch.text);
            let mut queue = self.shared.lock();
            let is_last = queue.lines == batch.lines;
            if is_last {
                let unreported = std::mem::take(&mut queue.unreported);
                drop(queue);
                // Both before the batch counts as written: a flush waits for the report too.
                self.report_dropped(unreported);
                let _ = self.out.flush();
                queue = self.shared.lock();
            }
            queue.written(batch);
            if queue.lines == 0 {
                self.shared.all_written.notify_all();
            }
        }
    }

    /// Waits for lines, then at most [`GATHER`] for more; none when the log has been dropped.
    fn next(&self) -> Option<LineBatch> {
        let mut queue = self.shared.lock();
        while queue.batches.is_empty() {
            if queue.is_closed {
                return None;
            }
            queue.writer = Asleep::UntilALine;
            queue = self.shared.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + GATHER;
        while !queue.has_a_batch() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue.writer = Asleep::UntilABatch;
            (queue, _) = self.shared.work.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner);
        }
        queue.writer = Asleep::No;
        queue.batches.pop_front()
    }

    /// Queues a line that says how many were dropped.
    fn report_dropped(&self, lines: u64) {
        if lines > 0 {
            tracing::dispatcher::with_default(&self.reporter, || {
                tracing::warn!(dropped_lines = lines, "{lines} lines dropped");
            });
        }
    }
}

/// A formatter writes a whole line at a time.
impl Write for &SharedLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        (&*self.shared).write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
