//! One invocation after the other: looks at the models' files, answers the event, writes the line of metrics, and has
//! the log written out before Lambda may freeze the process.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::http::whole::{WholeAnswer, malformed, panicked, too_long};
use crate::serve::reload::Trigger;

use super::event::Event;
use super::failed::Failed;
use super::http_answer::{self, MOST, most_bytes};
use super::http_event::HttpEvent;
use super::metric_line::Line;
use super::outbox::Replies;
use super::payload::Payload;
use super::plan::Plan;
use super::predict::{Asking, TimeLeft};
use super::queue::{self, Counts};

/// How long an invocation waits, at most, for its log lines to be written. Usually that takes under 1 ms.
const FLUSH: Duration = Duration::from_millis(100);

/// Answers invocations.
#[derive(Debug)]
pub(super) struct Invocations {
    plan: Plan,
    asking: Asking,
    replies: Option<Replies>,
    /// When the models' files were looked at.
    looked: Mutex<Instant>,
    is_first: AtomicBool,
}

/// What was made of an event.
struct Outcome {
    event: &'static str,
    status: Option<u16>,
    messages: Option<Counts>,
    answer: Result<String, Failed>,
}

/// The part of an error's envelope that names its kind.
#[derive(Deserialize)]
struct Envelope {
    title: String,
}

impl Outcome {
    /// Of an event that has no envelope for its answer: a body, or a function error.
    fn of(event: &'static str, answer: &WholeAnswer) -> Self {
        let status = answer.status();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        let answer = if status.is_success() {
            Ok(text)
        } else {
            let title = serde_json::from_str(&text).map_or_else(|_| status.to_string(), |Envelope { title }| title);
            Err(Failed { kind: title.replace(' ', ""), message: text.trim_end().to_owned() })
        };
        Self { event, status: Some(status.as_u16()), messages: None, answer }
    }
}

impl Invocations {
    pub(super) fn new(plan: Plan) -> Self {
        let asking = Asking { server: Arc::clone(&plan.server), service: plan.service.clone() };
        let replies = Replies::to(plan.lambda.reply_queue.as_ref());
        Self { plan, asking, replies, looked: Mutex::new(Instant::now()), is_first: AtomicBool::new(true) }
    }

    /// Answers one: the JSON that goes to Lambda.
    ///
    /// # Errors
    /// A function error: a direct event that was not answered, one that is none, or a panic outside of the service.
    pub(super) async fn answer(&self, event: LambdaEvent<Payload>) -> Result<Box<RawValue>, Failed> {
        let LambdaEvent { payload, context } = event;
        let (began, metrics) = (Instant::now(), &self.plan.server.metrics);
        let (before, time) = (metrics.totals(), TimeLeft::until(context.deadline));
        let id = context.request_id.as_str();
        let outcome = AssertUnwindSafe(self.outcome(&payload, id, time)).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|panic| {
            metrics.panicked();
            Outcome::of("unknown", &panicked(&*panic, id))
        });
        let Outcome { event, status, messages, answer } = outcome;
        let line = Line {
            function: &self.plan.lambda.function,
            request_id: id,
            event,
            status,
            messages,
            duration: began.elapsed(),
            added: metrics.totals().since(before),
            is_first: self.is_first.swap(false, Ordering::Relaxed),
        };
        self.plan.log.write_line(&line.render());
        self.plan.log.flush(FLUSH);
        RawValue::from_string(answer?)
            .map_err(|error| Failed { kind: "InternalServerError".to_owned(), message: error.to_string() })
    }

    async fn outcome(&self, payload: &Payload, id: &str, time: TimeLeft) -> Outcome {
        self.look_at_files(time).await;
        let event = match &payload.json {
            Ok(json) => Event::of(json.get()),
            Err(error) => Event::Malformed(format!("The event is not JSON: {error}")),
        };
        match event {
            Event::Http(event) => self.http(*event, id, time).await,
            Event::Queue(batch) => {
                let (counts, answer) = queue::score(&self.asking, self.replies.as_ref(), &batch, id, time).await;
                Outcome { event: "sqs", status: None, messages: Some(counts), answer: Ok(answer) }
            }
            Event::Malformed(detail) => Outcome::of("unknown", &malformed(detail, id)),
            Event::Direct(body) => {
                let body = Bytes::copy_from_slice(body.as_bytes());
                Outcome::of("direct", &self.asking.predict(body, "application/json", id, time, MOST).await)
            }
        }
    }

    async fn http(&self, event: HttpEvent<'_>, id: &str, time: TimeLeft) -> Outcome {
        let source = event.source;
        let most = most_bytes(source);
        let (answer, path) = match event.into_request() {
            Ok(request) => {
                let path = request.uri().path().to_owned();
                (self.asking.http(request, id, time, most).await, path)
            }
            Err(detail) => (malformed(detail, id), String::new()),
        };
        let (mut status, mut json) = (answer.status(), http_answer::encode(source, &answer));
        if json.len() > most {
            let refused = too_long(most, answer.headers(), &path);
            (status, json) = (refused.status(), http_answer::encode(source, &refused));
        }
        Outcome { event: source.name(), status: Some(status.as_u16()), messages: None, answer: Ok(json) }
    }

    /// Looks at the models' files, if the interval has passed or SIGHUP asked for it. A model that takes long to load is
    /// waited for at most half of the invocation's time; the one before answers meanwhile.
    async fn look_at_files(&self, time: TimeLeft) {
        let server = &self.plan.server;
        let is_requested = server.lifecycle.reload_requested().now_or_never().is_some();
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if !is_requested && looked.elapsed() < self.plan.reload_interval {
                return;
            }
            *looked = Instant::now();
        }
        let trigger = if is_requested { Trigger::Request } else { Trigger::Timer };
        let reloader = Arc::clone(&server.reloader);
        let looking = tokio::task::spawn_blocking(move || reloader.poll(trigger));
        let waited = tokio::time::timeout(time.half().unwrap_or(Duration::MAX), looking).await;
        if matches!(waited, Ok(Err(_))) {
            tracing::error!("checking the models' files panicked");
        }
    }
}
