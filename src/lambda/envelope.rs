//! Opens what SNS and `EventBridge` put around a body, each told by the keys that it requires.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// An event of `EventBridge`.
#[derive(Debug, Deserialize)]
struct BridgeEvent<'e> {
    #[serde(rename = "version")]
    _version: IgnoredAny,
    #[serde(rename = "id")]
    _id: IgnoredAny,
    #[serde(rename = "detail-type")]
    _detail_type: IgnoredAny,
    #[serde(rename = "source")]
    _source: IgnoredAny,
    #[serde(rename = "account")]
    _account: IgnoredAny,
    #[serde(rename = "time")]
    _time: IgnoredAny,
    #[serde(rename = "region")]
    _region: IgnoredAny,
    #[serde(rename = "resources")]
    _resources: IgnoredAny,
    #[serde(borrow)]
    detail: &'e RawValue,
}

/// A notification of SNS that was not sent raw.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification<'e> {
    #[serde(borrow)]
    r#type: Cow<'e, str>,
    #[serde(rename = "MessageId")]
    _message_id: IgnoredAny,
    #[serde(rename = "TopicArn")]
    _topic_arn: IgnoredAny,
    #[serde(rename = "Timestamp")]
    _timestamp: IgnoredAny,
    #[serde(borrow)]
    message: Cow<'e, str>,
}

/// The `detail` of an event of `EventBridge`; none if the text is no such event.
pub(super) fn event_bridge(text: &str) -> Option<&str> {
    // A look at the bytes: most bodies are none, and need not be read as JSON for that.
    if !text.starts_with('{') || !text.contains("\"detail-type\"") {
        return None;
    }
    serde_json::from_str::<BridgeEvent<'_>>(text).ok().map(|event| event.detail.get())
}

/// The message of a notification of SNS; none if the text is no notification.
fn notification(text: &str) -> Option<Cow<'_, str>> {
    if !text.starts_with('{') || !text.contains("\"TopicArn\"") {
        return None;
    }
    let notification = serde_json::from_str::<Notification<'_>>(text).ok()?;
    (notification.r#type == "Notification").then_some(notification.message)
}

/// A message's body: what SNS and then `EventBridge` put around it is taken off.
pub(super) fn opened(text: &str) -> Cow<'_, str> {
    let text = text.trim_start();
    match notification(text) {
        Some(Cow::Owned(message)) => match event_bridge(message.trim_start()) {
            Some(detail) => detail.to_owned().into(),
            None => message.into(),
        },
        Some(Cow::Borrowed(message)) => event_bridge(message).unwrap_or(message).into(),
        None => event_bridge(text).unwrap_or(text).into(),
    }
}
