//! Logging never waits: what does not fit is dropped, counted and reported.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use smartserve::serve::logging::{Format, LogGuard, QUEUE_LINES, milliseconds};
use smartserve::serve::metrics::Metrics;
use tracing::level_filters::LevelFilter;

/// A pipe that somebody reads, or not.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Blocks on its first write until it is let go.
struct Blocked {
    let_go: Receiver<()>,
    open: bool,
    pipe: Pipe,
}

fn blocked() -> (Sender<()>, Blocked, Pipe) {
    let (sender, let_go) = channel();
    let pipe = Pipe::default();
    (sender, Blocked { let_go, open: false, pipe: pipe.clone() }, pipe)
}

impl Write for Blocked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.open {
            let _ = self.let_go.recv();
            self.open = true;
        }
        self.pipe.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_json_line_holds_message_and_fields() {
    let (metrics, pipe) = (Metrics::new(), Pipe::default());
    let (dispatch, telemetry) =
        LogGuard::writing_to(pipe.clone(), Format::Json, LevelFilter::INFO, metrics.log_lines_dropped()).unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info!(status = 200, duration_us = 17.5, route = "/predict", "answered");
        tracing::debug!("not this one");
    });
    assert!(telemetry.flush(Duration::from_secs(10)));
    let text = pipe.text();
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(line["message"], "answered");
    assert_eq!(line["status"], 200);
    assert_eq!(line["duration_us"], 17.5);
    assert_eq!(line["level"], "INFO");
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn hostile_text_stays_in_its_field() {
    let (metrics, pipe) = (Metrics::new(), Pipe::default());
    let (dispatch, telemetry) =
        LogGuard::writing_to(pipe.clone(), Format::Json, LevelFilter::INFO, metrics.log_lines_dropped()).unwrap();
    let hostile = "\"}\n{\"level\":\"ERROR\",\u{1}\u{1b}[31m\\ é \u{2028} \u{202e}\u{9b}\u{7f} 😀\r\t";
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info!(text = hostile, shown = %hostile, debug = ?hostile, nan = f64::NAN, none = None::<u64>, "{hostile}");
    });
    assert!(telemetry.flush(Duration::from_secs(10)));
    let text = pipe.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains(['\u{2028}', '\u{202e}', '\u{9b}', '\u{7f}']), "{text}");
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    for field in ["message", "text", "shown"] {
        assert_eq!(line[field], hostile, "{field}");
    }
    assert_eq!(line["debug"], format!("{hostile:?}"));
    assert_eq!(line["nan"], serde_json::Value::Null);
    assert_eq!((&line["level"], line.get("none")), (&"INFO".into(), None));
}

/// What a human log holds after some lines.
fn human(colours: bool, log: impl FnOnce()) -> String {
    let (metrics, pipe) = (Metrics::new(), Pipe::default());
    let format = Format::Human { colours };
    let (dispatch, telemetry) =
        LogGuard::writing_to(pipe.clone(), format, LevelFilter::INFO, metrics.log_lines_dropped()).unwrap();
    tracing::dispatcher::with_default(&dispatch, log);
    assert!(telemetry.flush(Duration::from_secs(10)));
    pipe.text()
}

#[test]
fn a_human_line_says_nothing_twice() {
    let text = human(false, || {
        tracing::info!(
            model = "boston",
            version = "abc",
            n = 1,
            duration_ms = milliseconds(Duration::from_nanos(1_234_567)),
            "serving boston version abc1"
        );
    });
    let (time, rest) = text.trim_end().split_once(' ').unwrap();
    assert_eq!(
        (time.len(), rest),
        ("2026-01-01T00:00:00.000Z".len(), " INFO serving boston version abc1 version=abc n=1 duration_ms=1.235")
    );
}

#[test]
fn a_human_line_is_safe_for_a_terminal() {
    let hostile = "a\nb\u{1b}[31m\u{202e}\u{9b}é";
    let text = human(false, || tracing::warn!(text = hostile, shown = %hostile, "{hostile}"));
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.ends_with(" WARN a\\nb\\u{1b}[31m\\u{202e}\\u{9b}é\n"), "{text}");
    assert_eq!(human(true, || tracing::warn!("x")).matches('\u{1b}').count(), 2);
}

#[test]
fn lost_lines_block_nothing_and_are_reported() {
    let (metrics, (let_go, out, pipe)) = (Metrics::new(), blocked());
    let (dispatch, telemetry) =
        LogGuard::writing_to(out, Format::Json, LevelFilter::INFO, metrics.log_lines_dropped()).unwrap();
    let lines = QUEUE_LINES + 1000;
    let start = Instant::now();
    tracing::dispatcher::with_default(&dispatch, || {
        for n in 0..lines {
            tracing::info!(n, "line");
        }
    });
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(!telemetry.flush(Duration::from_millis(50)), "nothing could be written");
    let dropped = metrics.log_lines_dropped().get();
    // One line is in the writer's hands.
    assert!((999..=1000).contains(&dropped), "{dropped}");
    let_go.send(()).unwrap();
    assert!(telemetry.flush(Duration::from_secs(10)));
    let text = pipe.text();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["message"], format!("{dropped} lines dropped"));
    assert_eq!(last["dropped_lines"], dropped);
    assert_eq!(text.lines().count() as u64, lines as u64 - dropped + 1);
    assert!(metrics.render().contains(&format!("smartserve_log_lines_dropped_total {dropped}\n")));
}

#[test]
fn lines_too_long_are_dropped() {
    let (metrics, (let_go, out, _pipe)) = (Metrics::new(), blocked());
    let (dispatch, telemetry) =
        LogGuard::writing_to(out, Format::Human { colours: false }, LevelFilter::INFO, metrics.log_lines_dropped())
            .unwrap();
    let long = "x".repeat(1 << 20);
    tracing::dispatcher::with_default(&dispatch, || {
        for _ in 0..8 {
            tracing::info!("{long}");
        }
    });
    assert!(metrics.log_lines_dropped().get() >= 4);
    let_go.send(()).unwrap();
    assert!(telemetry.flush(Duration::from_secs(10)));
}
