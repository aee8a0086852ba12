//! What an event is: told by all required keys of an envelope of AWS, never by one of them. What has none of these
//! envelopes is a body of `/predict`.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::envelope;
use super::gateway::{Envelope, RequestContext};
use super::http_event::HttpEvent;
use super::message::Message;

/// An event.
#[derive(Debug)]
pub(super) enum Event<'e> {
    /// A request of HTTP, by one of the services that call functions for it.
    Http(Box<HttpEvent<'e>>),
    /// A batch of messages.
    Queue(Vec<Message<'e>>),
    /// A body of `/predict`.
    Direct(&'e str),
    /// An envelope of AWS with a value that is none of its own, or no JSON; one sentence, which may hold the value.
    Malformed(String),
}

/// The keys that tell envelopes, whatever their values are.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    version: Option<IgnoredAny>,
    request_context: Option<IgnoredAny>,
    http_method: Option<IgnoredAny>,
    method: Option<IgnoredAny>,
    path: Option<IgnoredAny>,
    raw_path: Option<IgnoredAny>,
}

impl Keys {
    /// True for all keys of one of the envelopes with a context, which all have two keys that no column has beside them.
    fn are_of_an_envelope(&self) -> bool {
        let is_versioned = self.version.is_some();
        self.request_context.is_some()
            && (is_versioned && self.raw_path.is_some()
                || self.http_method.is_some() && self.path.is_some()
                || is_versioned && self.method.is_some() && self.path.is_some())
    }
}

impl<'e> Event<'e> {
    /// What an event is; `text` is JSON.
    pub(super) fn of(text: &'e str) -> Self {
        // A list would be read as an object's values in their order.
        if !text.starts_with('{') {
            return Self::Direct(text);
        }
        let envelope = match serde_json::from_str::<Envelope<'e>>(text) {
            Ok(envelope) => envelope,
            Err(error) if serde_json::from_str::<Keys>(text).is_ok_and(|keys| keys.are_of_an_envelope()) => {
                return Self::Malformed(format!("The event has the keys of a request of HTTP, but {error}"));
            }
            Err(_) => return Self::Direct(text),
        };
        if let Some(messages) = envelope.records.and_then(Message::batch) {
            return Self::Queue(messages);
        }
        let context = envelope.request_context.map(RawValue::get).filter(|context| context.starts_with('{'));
        let context = context.and_then(|context| serde_json::from_str::<RequestContext<'e>>(context).ok());
        match envelope.source(context.as_ref()) {
            Some(source) => Self::Http(Box::new(HttpEvent { source, envelope, context: context.unwrap_or_default() })),
            None => Self::Direct(envelope::event_bridge(text).unwrap_or(text)),
        }
    }
}
