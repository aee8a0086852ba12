//! A message of SQS in an event: its body, the body's media type, its group.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::reply::SourceMessage;

/// A message of SQS, as Lambda hands it on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'e> {
    #[serde(rename = "messageId", borrow)]
    pub(super) id: Cow<'e, str>,
    #[serde(borrow)]
    pub(super) body: Cow<'e, str>,
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

    /// It as the message that a reply answers; `place` is its place in its batch.
    pub(super) fn as_source(&self, place: usize) -> SourceMessage<'_> {
        let reply_group = self.attributes.group.as_deref().unwrap_or(&self.id);
        SourceMessage { place, message_id: &self.id, ordered_group: self.ordered_group(), reply_group }
    }

    /// The group whose order counts: a FIFO queue's. Fair queues have groups without an order.
    pub(super) fn ordered_group(&self) -> Option<&str> {
        let is_fifo =
            self.queue.as_deref().is_some_and(|queue| queue.rsplit_once('.').is_some_and(|(_, kind)| kind == "fifo"));
        self.attributes.group.as_deref().filter(|_| is_fifo)
    }

    /// The media type of its body: what the attribute `Content-Type` says, else by its form.
    pub(super) fn media(&self, body: &str) -> Cow<'_, str> {
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
