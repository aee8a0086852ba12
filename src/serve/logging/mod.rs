//! Log lines: text on a terminal, coloured unless `NO_COLOR` is set, JSON elsewhere. Logging never blocks a request.
//!
//! A line (formatted by `human` or `json`) goes into a bounded queue (`lines`) that a thread of its own writes out. A
//! line that does not fit is dropped, counted in a metric, and reported in the log as soon as there is room.

mod foreign;
mod human;
mod json;
mod lines;

pub use lines::{QUEUE_BYTES, QUEUE_LINES};

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use prometheus::IntCounter;
use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use lines::Lines;

/// How long the process waits for its lines to be written when it ends: an unread pipe must not block it.
const FLUSH: Duration = Duration::from_secs(1);

/// A time in log lines: milliseconds with at most three decimals.
pub fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Human {
        /// Whether it is coloured.
        colours: bool,
    },
    /// One JSON object a line: `timestamp`, `level`, `target`, `message` and the event's fields beside them.
    Json,
}

impl Format {
    /// Human when standard output is a terminal.
    pub fn auto() -> Self {
        if io::stdout().is_terminal() { Self::human() } else { Self::Json }
    }

    /// Text, coloured on a terminal unless `NO_COLOR` is set (<https://no-color.org>: an empty one does not count).
    pub fn human() -> Self {
        let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self::Human { colours: io::stdout().is_terminal() && !is_plain }
    }
}

/// The running log. Dropping it writes out the queue, within a second.
#[derive(Debug)]
pub struct LogGuard {
    lines: Arc<Lines>,
}

impl LogGuard {
    /// Sends the process's log, from `level` up, to standard output. `dropped` counts lines that did not fit
    /// (`Metrics::log_lines_dropped`). Once a process: a second call changes nothing.
    ///
    /// # Errors
    /// When the writer's thread cannot be started.
    pub fn start(format: Format, level: LevelFilter, dropped: IntCounter) -> io::Result<Self> {
        let (dispatch, telemetry) = Self::writing_to(io::stdout(), format, level, dropped)?;
        // An error means that a log runs already, as in a test that starts two servers.
        let _ = tracing::dispatcher::set_global_default(dispatch);
        Ok(telemetry)
    }

    /// A log that writes to `out`, with its dispatcher.
    ///
    /// # Errors
    /// When the writer's thread cannot be started.
    pub fn writing_to(
        out: impl Write + Send + 'static,
        format: Format,
        level: LevelFilter,
        dropped: IntCounter,
    ) -> io::Result<(Dispatch, Self)> {
        let lines = Lines::start(out, dropped, |queue| subscriber(format, LevelFilter::WARN, queue))?;
        let dispatch = subscriber(format, level, Arc::clone(&lines));
        Ok((dispatch, Self { lines }))
    }

    /// Writes a line of another format than the log's, in its turn. `line` ends with a line's end.
    pub fn write_line(&self, line: &str) {
        // The queue takes it or counts it as dropped.
        let _ = (&*self.lines).write(line.as_bytes());
    }

    /// Waits at most `wait` until every line so far is written; false when some are not.
    pub fn flush(&self, wait: Duration) -> bool {
        self.lines.flush(wait)
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.flush(FLUSH);
    }
}

fn subscriber<W>(format: Format, level: LevelFilter, writer: W) -> Dispatch
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_max_level(level).with_writer(writer);
    match format {
        Format::Human { colours } => Dispatch::new(builder.event_format(human::HumanLines { colours }).finish()),
        Format::Json => Dispatch::new(builder.event_format(json::JsonLines).finish()),
    }
}
