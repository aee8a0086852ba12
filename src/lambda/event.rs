//! What an event is: told by all required keys of an envelope of AWS, never by one of them. What has none of these
//! envelopes is a body of `/predict`.

use serde_json::value::RawValue;

use super::envelope;
use super::gateway::{Envelope, RequestContext};
use super::http_event::HttpEvent;
use super::queue::Message;

/// An event.
#[derive(Debug)]
pub(super) enum Event<'e> {
    /// A request of HTTP, by one of the services that call functions for it.
    Http(Box<HttpEvent<'e>>),
    /// A batch of messages.
    Queue(Vec<Message<'e>>),
    /// A body of `/predict`.
    Direct(&'e str),
}

impl<'e> Event<'e> {
    /// What an event is; `text` is JSON.
    pub(super) fn of(text: &'e str) -> Self {
        // A list would be read as an object's values in their order.
        let envelope = text.starts_with('{').then(|| serde_json::from_str::<Envelope<'e>>(text).ok()).flatten();
        let Some(envelope) = envelope else { return Self::Direct(text) };
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
