//! SQS by AWS's SDK: one request `SendMessageBatch`, and what became of each message of it.

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, IdentityCache, Region, StalledStreamProtectionConfig};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message_batch::{SendMessageBatchError, SendMessageBatchOutput};
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use futures_util::future::BoxFuture;

use crate::config::ReplyQueue;

use super::reply::{Refusal, RefusalKind, Reply};

/// A connection that was idle for longer is not used again: Lambda may have stopped the process meanwhile, and its other
/// end is gone.
const IDLE: Duration = Duration::from_secs(5);

/// Codes of SQS and of AWS's front doors for: later.
const BUSY: [&str; 7] = [
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
    "KmsThrottled",
    "KMS.ThrottlingException",
    "TooManyRequestsException",
    "ServiceUnavailable",
];

/// Codes for a message, or several, that SQS does not take as they are.
const UNFIT: [&str; 4] = [
    "BatchRequestTooLong",
    "AWS.SimpleQueueService.BatchRequestTooLong",
    "InvalidMessageContents",
    "InvalidParameterValue",
];

/// A client of one queue.
#[derive(Debug)]
pub(super) struct Client {
    sqs: aws_sdk_sqs::Client,
    queue: ReplyQueue,
}

impl Client {
    /// A client of this queue; asks nothing yet.
    #[expect(clippy::unnecessary_wraps, reason = "the other build has none")]
    pub(super) fn of(queue: &ReplyQueue) -> Option<Self> {
        let role = &queue.credentials;
        let credentials = Credentials::new(&role.id, &role.secret, role.token.clone(), None, "environment");
        let http =
            Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).pool_idle_timeout(IDLE).build_https();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(queue.region.clone()))
            .endpoint_url(&queue.endpoint)
            .credentials_provider(credentials)
            .identity_cache(IdentityCache::no_cache())
            .http_client(http)
            // A request that broke off may have been taken: sent again, its answers would be there twice.
            .retry_config(RetryConfig::disabled())
            // The invocation's time bounds all.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Some(Self { sqs: aws_sdk_sqs::Client::from_conf(config.build()), queue: queue.clone() })
    }

    /// Sends up to ten replies of at most 1 MiB. Gives for each, in order, why it was not sent.
    /// Behind a pointer: the SDK's futures are nested too deep to stand within others.
    pub(super) fn send<'a>(&'a self, replies: &'a [Reply<'_>]) -> BoxFuture<'a, Vec<Option<Refusal>>> {
        let entries = replies.iter().enumerate().map(|(i, reply)| self.entry(i, reply)).collect();
        let request = self.sqs.send_message_batch().queue_url(&self.queue.url).set_entries(Some(entries));
        Box::pin(async move {
            match request.send().await {
                Ok(answer) => (0..replies.len()).map(|i| of_entry(&answer, &i.to_string())).collect(),
                Err(error) => vec![Some(of_request(&error)); replies.len()],
            }
        })
    }

    fn entry(&self, i: usize, reply: &Reply<'_>) -> SendMessageBatchRequestEntry {
        let attribute = |kind: &str, value: &str| {
            let built = MessageAttributeValue::builder().data_type(kind).string_value(value).build();
            built.expect("it has a type")
        };
        let mut entry = SendMessageBatchRequestEntry::builder().id(i.to_string()).message_body(&reply.body);
        for (name, kind, value) in reply.attributes() {
            entry = entry.message_attributes(name, attribute(kind, value));
        }
        if self.queue.is_fifo() {
            entry = entry.message_group_id(reply.source.reply_group).message_deduplication_id(reply.source.message_id);
        }
        entry.build().expect("it has an id and a body")
    }
}

/// What a request that was answered says of an entry.
fn of_entry(answer: &SendMessageBatchOutput, id: &str) -> Option<Refusal> {
    if let Some(failed) = answer.failed().iter().find(|failed| failed.id() == id) {
        let kind = match failed.code() {
            code if UNFIT.contains(&code) => RefusalKind::Unfit,
            code if !failed.sender_fault() || BUSY.contains(&code) => RefusalKind::Busy,
            _ => RefusalKind::Other,
        };
        return Some(Refusal { code: failed.code().to_owned(), kind });
    }
    let is_sent = answer.successful().iter().any(|sent| sent.id() == id);
    (!is_sent).then(|| Refusal { code: "SQS did not name it".to_owned(), kind: RefusalKind::Other })
}

/// What a request that failed says of all its entries.
fn of_request<R: Debug>(error: &SdkError<SendMessageBatchError, R>) -> Refusal {
    let kind = match error.code() {
        Some(code) if BUSY.contains(&code) => RefusalKind::Busy,
        Some(code) if UNFIT.contains(&code) => RefusalKind::Unfit,
        _ => RefusalKind::Other,
    };
    Refusal { code: error.code().map_or_else(|| causes(error), str::to_owned), kind }
}

/// An error with its causes, in one line.
fn causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
