//! A batch of messages of SQS: each is a body of `/predict`, and those that were not answered are named to Lambda, which
//! deletes the rest. A redrive policy of the queue ends what fails again and again in its dead-letter queue.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use http::StatusCode;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::envelope::opened;
use super::http_answer::MOST;
use super::predict::{Asking, TimeLeft};

/// A message of SQS, as Lambda hands it on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'e> {
    #[serde(rename = "messageId", borrow)]
    id: Cow<'e, str>,
    #[serde(borrow)]
    body: Cow<'e, str>,
    #[serde(borrow)]
    event_source: Cow<'e, str>,
    #[serde(rename = "eventSourceARN", borrow)]
    queue: Option<Cow<'e, str>>,
    #[serde(default)]
    attributes: Attributes,
    #[serde(rename = "messageAttributes", default)]
    said: HashMap<String, Attribute>,
}

/// What SQS says of a message.
#[derive(Debug, Default, Deserialize)]
struct Attributes {
    #[serde(rename = "MessageGroupId")]
    group: Option<String>,
}

/// What its sender says of it.
#[derive(Debug, Deserialize)]
struct Attribute {
    #[serde(rename = "stringValue")]
    text: Option<String>,
}

impl<'e> Message<'e> {
    /// The messages of an event's `Records`; none if they are not all of SQS.
    pub(super) fn batch(records: &'e RawValue) -> Option<Vec<Self>> {
        let messages: Vec<Self> = serde_json::from_str(records.get()).ok()?;
        let are_of_sqs = messages.iter().all(|message| message.event_source == "aws:sqs");
        (are_of_sqs && !messages.is_empty()).then_some(messages)
    }

    /// The group whose order counts: a FIFO queue's. Fair queues have groups without an order.
    fn ordered_group(&self) -> Option<&str> {
        let is_fifo =
            self.queue.as_deref().is_some_and(|queue| queue.rsplit_once('.').is_some_and(|(_, kind)| kind == "fifo"));
        self.attributes.group.as_deref().filter(|_| is_fifo)
    }

    /// The media type of its body: what the attribute `Content-Type` says, else by its form.
    fn media(&self, body: &str) -> Cow<'_, str> {
        let mut attributes = self.said.iter();
        let said = attributes.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        match said.and_then(|(_, attribute)| attribute.text.as_deref()) {
            Some(said) => said.into(),
            None => media_of(body).into(),
        }
    }
}

/// JSON when one value is all there is, NDJSON when another follows on a line of its own, else CSV.
fn media_of(body: &str) -> &'static str {
    let body = body.trim_start();
    if !body.starts_with(['{', '[']) {
        return "text/csv";
    }
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<IgnoredAny>();
    let is_whole = matches!(values.next(), Some(Ok(_)));
    let rest = body.get(values.byte_offset()..).unwrap_or_default();
    let is_line = rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
    if is_whole && is_line && rest.trim_start().starts_with(['{', '[']) {
        "application/x-ndjson"
    } else {
        "application/json"
    }
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// The messages in it.
    pub(super) messages: u64,
    /// Those that were answered.
    pub(super) answered: u64,
    /// Those that can never be: their body is none of this model.
    pub(super) poison: u64,
    /// Those that were returned for a fault that passes, or behind one that failed in their group.
    pub(super) passing: u64,
}

/// The answer to Lambda: the messages that it is not to delete.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Returned<'m> {
    batch_item_failures: Vec<Item<'m>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'m> {
    item_identifier: &'m str,
}

/// Why a message is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Returning {
    /// Its body can never be answered.
    Poison(StatusCode),
    /// Sent again, it may be.
    Passing(StatusCode),
    /// The invocation's time is over.
    NoTime,
    /// An earlier one of its group was returned, whose order is kept.
    BehindAnother,
}

impl Returning {
    /// What an answer's status means; none when the message was answered.
    fn of(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY => Some(Self::Poison(status)),
            _ if status.is_success() => None,
            _ => Some(Self::Passing(status)),
        }
    }
}

/// Scores the messages, one after the other. Gives what became of them and the answer to Lambda. A message that is twice
/// in the batch is answered once.
pub(super) async fn score(
    asking: &Asking,
    messages: &[Message<'_>],
    invocation: &str,
    time: TimeLeft,
) -> (Counts, String) {
    let mut counts = Counts::default();
    let (mut seen, mut failed_groups) = (HashSet::new(), HashSet::new());
    let mut returned = Vec::new();
    for message in messages.iter().filter(|message| seen.insert(&*message.id)) {
        counts.messages += 1;
        let group = message.ordered_group();
        let returning = if group.is_some_and(|group| failed_groups.contains(group)) {
            Some(Returning::BehindAnother)
        } else if time.is_over() {
            Some(Returning::NoTime)
        } else {
            let body = opened(&message.body);
            let media = message.media(&body);
            let body = Bytes::copy_from_slice(body.as_bytes());
            let answer = asking.predict(body, &media, &message.id, time, MOST).await;
            Returning::of(answer.status())
        };
        let Some(returning) = returning else {
            counts.answered += 1;
            continue;
        };
        failed_groups.extend(group);
        *if matches!(returning, Returning::Poison(_)) { &mut counts.poison } else { &mut counts.passing } += 1;
        log(message, invocation, returning);
        returned.push(Item { item_identifier: &message.id });
    }
    let answer = serde_json::to_string(&Returned { batch_item_failures: returned });
    (counts, answer.expect("texts are always JSON"))
}

/// Says why a message is returned; without the error's detail, which may hold a feature's value.
fn log(message: &Message<'_>, invocation: &str, returning: Returning) {
    let message_id = &*message.id;
    macro_rules! returned {
        ($code:literal, $status:expr, $text:literal) => {
            tracing::warn!(request_id = invocation, message_id, code = $code, status = $status, $text)
        };
    }
    match returning {
        Returning::Poison(status) => {
            returned!("poison", Some(status.as_u16()), "a message was returned that can never be answered");
        }
        Returning::Passing(status) => {
            returned!("passing", Some(status.as_u16()), "a message was returned that may be answered another time");
        }
        Returning::NoTime => returned!("passing", None::<u16>, "a message was returned: no time left to answer it"),
        Returning::BehindAnother => {
            returned!("passing", None::<u16>, "a message was returned behind one that failed in its group");
        }
    }
}
