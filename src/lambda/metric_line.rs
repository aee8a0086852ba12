//! One line of metrics an invocation, in `CloudWatch`'s embedded metric format: what it added to the counters.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::serve::logging::milliseconds;
use crate::serve::metrics::Totals;

use super::queue::Counts;

/// The namespace of the metrics, and their one dimension.
const NAMESPACE: &str = "smartserve";
const DIMENSION: &str = "FunctionName";

/// What an invocation did.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The function's name.
    pub(super) function: &'a str,
    /// Lambda's id of the invocation.
    pub(super) request_id: &'a str,
    /// What the event was.
    pub(super) event: &'static str,
    /// The status of the one answer; none of a batch of messages.
    pub(super) status: Option<u16>,
    /// Of a batch of messages.
    pub(super) messages: Option<Counts>,
    /// How long it took, without the sending.
    pub(super) duration: Duration,
    /// What it added to the counters.
    pub(super) added: Totals,
    /// It is the first one of this process.
    pub(super) is_first: bool,
}

impl Line<'_> {
    /// The line, with its end. Keys that are no metrics can be searched in `CloudWatch` Logs Insights.
    pub(super) fn render(&self) -> String {
        let is = |class: u16| u64::from(self.status.is_some_and(|status| status / 100 == class));
        let added = self.added;
        let mut metrics = vec![
            ("Invocations", "Count", json!(1)),
            ("Rows", "Count", json!(added.rows)),
            ("ClientErrors", "Count", json!(is(4))),
            ("ServerErrors", "Count", json!(is(5))),
            ("Panics", "Count", json!(added.panics)),
            ("ModelReloads", "Count", json!(added.reloads)),
            ("ModelReloadErrors", "Count", json!(added.failed_reloads)),
            ("LogLinesDropped", "Count", json!(added.dropped_log_lines)),
            ("Duration", "Milliseconds", json!(milliseconds(self.duration))),
        ];
        if let Some(counts) = self.messages {
            metrics.extend([
                ("Messages", "Count", json!(counts.messages)),
                ("MessagesAnswered", "Count", json!(counts.answered)),
                ("MessagesPoison", "Count", json!(counts.poison)),
                ("MessagesPassing", "Count", json!(counts.passing)),
            ]);
        }
        if let Some(replies) = self.messages.and_then(|counts| counts.replies) {
            metrics.extend([
                ("Replies", "Count", json!(replies.sent)),
                ("RepliesTooLong", "Count", json!(replies.too_long)),
                ("RepliesUnsent", "Count", json!(replies.unsent)),
            ]);
        }
        let declared: Vec<Value> = metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut line = Map::new();
        let of_cloud_watch = json!({"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": declared});
        line.insert("_aws".to_owned(), json!({"Timestamp": as_u64(now), "CloudWatchMetrics": [of_cloud_watch]}));
        line.insert(DIMENSION.to_owned(), self.function.into());
        line.insert("requestId".to_owned(), self.request_id.into());
        line.insert("event".to_owned(), self.event.into());
        line.insert("coldStart".to_owned(), self.is_first.into());
        if let Some(status) = self.status {
            line.insert("status".to_owned(), status.into());
        }
        line.extend(metrics.into_iter().map(|(name, _, value)| (name.to_owned(), value)));
        format!("{}\n", Value::Object(line))
    }
}

fn as_u64(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
