//! The queue that answers to messages of SQS go to, of `SMARTSERVE_REPLY_QUEUE_URL`, and what AWS Lambda sets for asking
//! it.

use std::fmt;

use super::values::told;

/// Names the queue. Builds without the feature `aws` refuse it at the start.
pub const REPLY_QUEUE: &str = "SMARTSERVE_REPLY_QUEUE_URL";

/// AWS's own name for another place where SQS is asked, such as an endpoint in a VPC.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_SQS";

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyQueue {
    /// Its URL, as SQS names it.
    pub url: String,
    /// Where SQS is asked: `AWS_ENDPOINT_URL_SQS`, else scheme and host of the URL.
    pub endpoint: String,
    /// The region that requests are signed for: the URL's, else `AWS_REGION`.
    pub region: String,
    /// What requests are signed with.
    pub credentials: Credentials,
}

/// The function's role, as Lambda gives it: for as long as the process may live.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: String,
    /// `AWS_SESSION_TOKEN`; none of a user's own key.
    pub token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("id", &self.id).finish_non_exhaustive()
    }
}

impl ReplyQueue {
    /// The queue of an environment, if it names one.
    ///
    /// # Errors
    /// One sentence: the URL is none of a queue, or what Lambda sets is missing.
    pub(super) fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let Some(url) = variable(REPLY_QUEUE) else { return Ok(None) };
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let set = |name: &str| {
            variable(name).ok_or_else(|| format!("{name} is not set beside {REPLY_QUEUE}; AWS Lambda sets it"))
        };
        let wrong = || format!("{REPLY_QUEUE} {}, expected https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE", told(&url));
        let (origin, host) = origin(&url).filter(|_| name(&url).is_some()).ok_or_else(wrong)?;
        let endpoint = match variable(ENDPOINT) {
            Some(endpoint) if self::origin(&endpoint).is_none() => {
                return Err(format!("{ENDPOINT} {}, expected https://HOST", told(&endpoint)));
            }
            endpoint => endpoint.unwrap_or(origin),
        };
        let region = region(&host).map_or_else(|| set("AWS_REGION"), Ok)?;
        let credentials = Credentials {
            id: set("AWS_ACCESS_KEY_ID")?,
            secret: set("AWS_SECRET_ACCESS_KEY")?,
            token: variable("AWS_SESSION_TOKEN"),
        };
        Ok(Some(Self { url, endpoint, region, credentials }))
    }

    /// True for a queue that keeps an order: by its name, as SQS has it.
    pub fn is_fifo(&self) -> bool {
        self.url.rsplit_once('.').is_some_and(|(_, kind)| kind == "fifo")
    }
}

/// Scheme with host and port of a URL, and the host alone.
fn origin(url: &str) -> Option<(String, String)> {
    let uri = url.parse::<http::Uri>().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    Some((format!("{scheme}://{authority}"), authority.host().to_owned()))
}

/// The queue's name: the last part of the path.
fn name(url: &str) -> Option<&str> {
    let path = url.split_once("://")?.1;
    let (_, name) = path.rsplit_once('/')?;
    (!name.is_empty() && !name.contains(['?', '#'])).then_some(name)
}

/// The region of a host of AWS: `sqs.REGION.…`, `sqs-fips.REGION.…`.
fn region(host: &str) -> Option<String> {
    let mut labels = host.split('.');
    let is_sqs = matches!(labels.next(), Some("sqs" | "sqs-fips"));
    let region = labels.next()?;
    (is_sqs && labels.next().is_some()).then(|| region.to_owned())
}
