//! A panic outside of the service, which catches its own: the tests' program as the function, whose log panics at one line.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use smartserve::config::{Lambda, Limits};
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::lambda::{Plan, run};
use smartserve::serve::lifecycle::Signals;
use smartserve::serve::listener::Role;
use smartserve::serve::logging::{Format, LogGuard};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::queue::{event, message};
use super::runtime_api::Function;
use crate::support::router::serving;

/// Panics at the line about a message that can never be answered.
struct Panics;

impl<S: tracing::Subscriber> Layer<S> for Panics {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut Self);
    }
}

impl Visit for Panics {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        assert!(!format!("{value:?}").contains("can never be answered"), "the secret of queue.rs");
    }
}

/// The function, until it is killed.
fn be_the_function() {
    // The log alone goes to standard error.
    std::panic::set_hook(Box::new(|_| {}));
    let server = serving(Limits::default());
    let dropped = server.metrics.log_lines_dropped();
    let (_, log) = LogGuard::writing_to(std::io::stderr(), Format::Json, LevelFilter::WARN, dropped).unwrap();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Panics)).unwrap();
    let service = router(Arc::clone(&server), Role::Main, Options { on_lambda: true, ..Options::default() });
    let lambda = Lambda { function: "houses".to_owned(), reply_queue: None };
    let plan = Plan { server, service, lambda, reload_interval: Duration::from_secs(60), log };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_sender, signals) = Signals::channel();
    let ended = runtime.block_on(run(plan, signals));
    panic!("it ended: {ended:?}");
}

#[test]
fn a_panic_costs_one_invocation() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return be_the_function();
    }
    // This test again, in a process of its own.
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "lambda::panics::a_panic_costs_one_invocation", "--nocapture"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut function = Function::start_program(command, |child| child.stderr.take().unwrap());
    let row = json!({"RM": 5.5, "TAX": 300, "colour": "red"});
    let text = function.invoke(&row);
    assert!(text.is_answered, "{}", text.text);
    assert_eq!(function.metrics()["Panics"], 0);
    let ended = function.invoke(&event(&[message("a", &row.to_string()), message("b", "{")]));
    assert!(!ended.is_answered);
    let error = ended.json();
    assert_eq!(error["errorType"], "InternalServerError");
    let envelope = error["errorMessage"].as_str().unwrap();
    assert!(envelope.contains(&function.id()) && !envelope.contains("secret"), "{envelope}");
    let metrics = function.metrics();
    assert_eq!([&metrics["Panics"], &metrics["ServerErrors"]], [1, 1]);
    assert_eq!((&metrics["event"], &metrics["requestId"]), (&json!("unknown"), &json!(function.id())));
    assert_eq!(function.invoke(&row).text, text.text);
}
