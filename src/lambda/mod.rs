//! AWS Lambda: events come from its Runtime API in place of requests from a socket, and pass the same service.
//!
//! `invocations` is the loop's body: one event (`payload`) in, one answer out, one line of metrics (`metric_line`).
//! `event` tells what an event is, by the required keys of its envelope (`gateway` has those of HTTP). `http_event`
//! makes a request of one of HTTP, `http_answer` what its service wants of the answer; `queue` scores the messages of
//! SQS (`message`) one by one (`envelope` opens what SNS and `EventBridge` put around them), and sends the answers
//! (`reply`) to a queue (`outbox`), in builds with the feature `aws` by AWS's SDK (`sqs`); anything else is a body of
//! `/predict`. AWS's `lambda_runtime` fetches events and sends answers.

mod envelope;
mod event;
mod failed;
mod gateway;
mod http_answer;
mod http_event;
mod idle;
mod invocations;
mod message;
mod metric_line;
#[cfg(not(feature = "aws"))]
mod no_sqs;
mod outbox;
mod pairs;
mod payload;
mod plan;
mod predict;
mod queue;
mod reply;
#[cfg(feature = "aws")]
mod sqs;

use std::sync::Arc;

use lambda_runtime::{LambdaEvent, Runtime, service_fn};

use crate::serve::lifecycle::Signals;
use crate::serve::server::{ServerExit, run_without_listener};

use idle::NoteIdle;
use invocations::Invocations;
use payload::Payload;
pub use plan::Plan;

/// Answers invocations, one at a time, until a signal has drained it.
///
/// # Errors
/// One line: the Runtime API cannot be reached, or answers what is not its own.
pub async fn run(plan: Plan, signals: Signals) -> Result<ServerExit, String> {
    let server = Arc::clone(&plan.server);
    let invocations = Arc::new(Invocations::new(plan));
    let handler = service_fn(move |event: LambdaEvent<Payload>| {
        let invocations = Arc::clone(&invocations);
        async move { invocations.answer(event).await }
    });
    let (note_idle, idle) = NoteIdle::new();
    let work = Runtime::new(handler).layer(note_idle).run();
    run_without_listener(&server, work, idle, signals).await.map_err(|ended| match ended {
        Ok(()) => "AWS Lambda's Runtime API ended".to_owned(),
        // What a caller sent is not for the log, and AWS's library ends where it cannot read that.
        Err(error) if error.is::<serde_json::Error>() => {
            "AWS Lambda's Runtime API: an invocation's client context or identity is not of AWS's form".to_owned()
        }
        Err(error) => format!("AWS Lambda's Runtime API: {error}"),
    })
}
