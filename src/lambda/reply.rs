//! An answer to a message as a message of its own, and why one was not sent.

use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::http::whole::{WholeAnswer, unsendable};

/// The most bytes of all messages of one request to SQS, attributes counted, and so of one message: 1 MiB.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// The most bytes of an answer: what is left beside attributes, which have some 200.
pub(super) const MOST_BODY: usize = MOST_BYTES - 1024;

/// The message that a reply answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourceMessage<'m> {
    /// Its place in its batch.
    pub(super) place: usize,
    /// SQS's `MessageId`.
    pub(super) message_id: &'m str,
    /// The `MessageGroupId` whose order counts, of a message of a FIFO queue.
    pub(super) ordered_group: Option<&'m str>,
    /// The `MessageGroupId` that its reply has in a FIFO queue: its own, else one for it alone.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "SQS's client alone reads it"))]
    pub(super) reply_group: &'m str,
}

/// An answer to a message.
#[derive(Debug)]
pub(super) struct Reply<'m> {
    pub(super) source: SourceMessage<'m>,
    pub(super) status: StatusCode,
    /// The body's media type.
    media: String,
    pub(super) body: String,
}

impl<'m> Reply<'m> {
    /// With the bytes of an answer, or an error in its place where they are too many.
    pub(super) fn new(source: SourceMessage<'m>, answer: &WholeAnswer) -> Self {
        let reply = Self::of(source, answer);
        if reply.len() > MOST_BYTES { reply.as_unsendable() } else { reply }
    }

    fn of(source: SourceMessage<'m>, answer: &WholeAnswer) -> Self {
        let media = answer.headers().get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
        let body = sendable(String::from_utf8_lossy(answer.body()).into_owned());
        Self { source, status: answer.status(), media: media.to_owned(), body }
    }

    /// The error that goes in its place.
    pub(super) fn as_unsendable(&self) -> Self {
        Self::of(self.source, &unsendable(self.len(), self.source.message_id))
    }

    /// True of an answer, false of an error in its place.
    pub(super) fn is_answer(&self) -> bool {
        self.status.is_success()
    }

    /// Its attributes: name, SQS's type, value.
    pub(super) fn attributes(&self) -> [(&'static str, &'static str, &str); 3] {
        [
            ("SourceMessageId", "String", self.source.message_id),
            ("Status", "Number", self.status.as_str()),
            ("Content-Type", "String", &self.media),
        ]
    }

    /// What SQS counts of it.
    pub(super) fn len(&self) -> usize {
        let attributes = self.attributes();
        let attributes = attributes.iter().map(|(name, kind, value)| name.len() + kind.len() + value.len());
        self.body.len() + attributes.sum::<usize>()
    }
}

/// A JSON text without the two characters that SQS refuses; they stand in strings alone.
fn sendable(json: String) -> String {
    // One look for the bytes that both begin with: nearly no text has them.
    if memchr::memmem::find(json.as_bytes(), b"\xEF\xBF").is_none() {
        return json;
    }
    json.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff")
}

/// Why a reply was not sent.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// SQS's code, or what happened on the way.
    pub(super) code: String,
    pub(super) kind: RefusalKind,
}

/// What may be done about it within the invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "SQS's client alone tells the first two"))]
pub(super) enum RefusalKind {
    /// SQS has not taken it and may later: send it again.
    Busy,
    /// SQS never takes it as it is: by its length, or its characters. Of a request: one of its messages is so.
    Unfit,
    /// Nothing: it may have been taken, or the queue takes none.
    Other,
}
