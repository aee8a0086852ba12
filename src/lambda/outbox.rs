//! Replies on their way to the reply queue: up to ten of at most 1 MiB in one request, of an ordered group one at a time,
//! and what became of each.

use std::time::Duration;

use crate::config::ReplyQueue;

#[cfg(not(feature = "aws"))]
use super::no_sqs::Client;
use super::predict::TimeLeft;
use super::reply::{MOST_BYTES, Refusal, RefusalKind, Reply};
#[cfg(feature = "aws")]
use super::sqs::Client;

/// The most messages of one request.
const MOST_REPLIES: usize = 10;

/// How long one request may take.
const ATTEMPT: Duration = Duration::from_secs(5);

/// What is waited before replies that SQS was too busy for are sent again.
const PAUSES: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(800)];

/// The reply queue.
#[derive(Debug)]
pub(super) struct Replies(Client);

impl Replies {
    /// To this queue, if there is one.
    pub(super) fn to(queue: Option<&ReplyQueue>) -> Option<Self> {
        Client::of(queue?).map(Self)
    }
}

/// A reply that was sent, or was not.
#[derive(Debug)]
pub(super) struct Ended<'m> {
    pub(super) reply: Reply<'m>,
    pub(super) refusal: Option<Refusal>,
}

/// The replies of one batch of messages.
#[derive(Debug)]
pub(super) struct Outbox<'q, 'm> {
    queue: &'q Replies,
    time: TimeLeft,
    waiting: Vec<Reply<'m>>,
    ended: Vec<Ended<'m>>,
}

impl<'q, 'm> Outbox<'q, 'm> {
    /// An empty one; `time` bounds all that is sent.
    pub(super) fn new(queue: &'q Replies, time: TimeLeft) -> Self {
        Self { queue, time, waiting: Vec::new(), ended: Vec::new() }
    }

    /// True when a reply of this group waits: the next of the group may be sent only when that one was.
    pub(super) fn holds(&self, group: &str) -> bool {
        self.waiting.iter().any(|reply| reply.source.ordered_group == Some(group))
    }

    /// Takes a reply; sends those before it if it does not fit beside them.
    pub(super) async fn put(&mut self, reply: Reply<'m>) {
        let len: usize = self.waiting.iter().map(Reply::len).sum();
        if self.waiting.len() == MOST_REPLIES || len + reply.len() > MOST_BYTES {
            self.send().await;
        }
        self.waiting.push(reply);
    }

    /// What has ended since it was last asked.
    pub(super) fn take_ended(&mut self) -> Vec<Ended<'m>> {
        std::mem::take(&mut self.ended)
    }

    /// Sends what waits. What SQS is too busy for is sent again, as long as there is time; what it refuses beside others is
    /// sent alone, and refused alone, an error in its place.
    pub(super) async fn send(&mut self) {
        let mut requests = vec![std::mem::take(&mut self.waiting)];
        let mut pauses = PAUSES.iter();
        while let Some(request) = requests.pop() {
            if request.is_empty() {
                continue;
            }
            let is_alone = request.len() == 1;
            let refusals = self.attempt(&request).await;
            let mut busy = Vec::new();
            for (reply, refusal) in request.into_iter().zip(refusals) {
                match refusal.as_ref().map(|refusal| refusal.kind) {
                    Some(RefusalKind::Busy) => busy.push(Ended { reply, refusal }),
                    Some(RefusalKind::Unfit) if !is_alone => requests.push(vec![reply]),
                    Some(RefusalKind::Unfit) if reply.is_answer() => requests.push(vec![reply.as_unsendable()]),
                    _ => self.ended.push(Ended { reply, refusal }),
                }
            }
            if busy.is_empty() {
                continue;
            }
            if let Some(pause) = pauses.next().filter(|pause| self.time.at_most(ATTEMPT) > **pause) {
                tokio::time::sleep(*pause).await;
                requests.push(busy.into_iter().map(|ended| ended.reply).collect());
            } else {
                self.ended.extend(busy);
            }
        }
    }

    /// One request, within its time: for each reply, why it was not sent.
    async fn attempt(&self, replies: &[Reply<'m>]) -> Vec<Option<Refusal>> {
        let time = self.time.at_most(ATTEMPT);
        let sent = tokio::time::timeout(time, self.queue.0.send(replies)).await;
        sent.unwrap_or_else(|_| {
            let code = format!("no answer of SQS within {} ms", time.as_millis());
            vec![Some(Refusal { code, kind: RefusalKind::Other }); replies.len()]
        })
    }
}
