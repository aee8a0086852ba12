//! A batch of messages of SQS: each is a body of `/predict`, and those that were not answered are named to Lambda, which
//! deletes the rest. A redrive policy of the queue ends what fails again and again in its dead-letter queue. Where there is
//! a reply queue, a message is answered when its reply was sent.

use std::collections::HashSet;

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::http::whole::{WasTooLong, WholeAnswer};

use super::envelope::opened;
use super::http_answer::MOST;
use super::message::Message;
use super::outbox::{Ended, Outbox, Replies};
use super::predict::{Asking, TimeLeft};
use super::reply::{MOST_BODY, Reply};

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// The messages in it.
    pub(super) messages: u64,
    /// Those that were answered; where replies are sent, those whose reply was.
    pub(super) answered: u64,
    /// Those that can never be: their body is none of this model.
    pub(super) poison: u64,
    /// Those that were returned for a fault that passes, or behind one that failed in their group.
    pub(super) passing: u64,
    /// Of a function that sends replies.
    pub(super) replies: Option<ReplyCounts>,
}

/// What became of the replies to a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ReplyCounts {
    /// Those that were sent, errors in place of answers that were too long among them.
    pub(super) sent: u64,
    /// Those errors.
    pub(super) too_long: u64,
    /// Those that were not sent.
    pub(super) unsent: u64,
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
#[derive(Debug, Clone, PartialEq, Eq)]
enum Returning {
    /// Its body can never be answered.
    Poison(StatusCode),
    /// Sent again, it may be.
    Passing(StatusCode),
    /// The invocation's time is over.
    NoTime,
    /// An earlier one of its group was returned, whose order is kept.
    BehindAnother,
    /// Its reply was not sent, for this reason.
    Unsent(String),
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

/// A batch that is being scored.
struct Scoring<'a, 'm> {
    messages: &'m [Message<'m>],
    /// Lambda's id of the invocation, for the log.
    invocation: &'a str,
    counts: Counts,
    failed_groups: HashSet<&'m str>,
    /// The places of the messages that are returned, in no order.
    returned: Vec<usize>,
}

/// Scores the messages, one after the other, and sends their replies where there is a queue for them. Gives what became of
/// them and the answer to Lambda. A message that is twice in the batch is answered once.
pub(super) async fn score(
    asking: &Asking,
    replies: Option<&Replies>,
    messages: &[Message<'_>],
    invocation: &str,
    time: TimeLeft,
) -> (Counts, String) {
    let mut outbox = replies.map(|queue| Outbox::new(queue, time));
    let (time, most) = if outbox.is_some() { (time.before_sending(), MOST_BODY) } else { (time, MOST) };
    let mut scoring = Scoring::new(messages, invocation, outbox.is_some());
    let mut seen = HashSet::new();
    for (place, message) in messages.iter().enumerate().filter(|(_, message)| seen.insert(&*message.id)) {
        scoring.counts.messages += 1;
        let source = message.as_source(place);
        // Its reply may be sent only when the one before it in its group was.
        if let (Some(outbox), Some(group)) = (&mut outbox, source.ordered_group)
            && outbox.holds(group)
        {
            outbox.send().await;
            scoring.settle(outbox);
        }
        if source.ordered_group.is_some_and(|group| scoring.failed_groups.contains(group)) {
            scoring.returned(place, Returning::BehindAnother);
        } else if time.is_over() {
            scoring.returned(place, Returning::NoTime);
        } else {
            let answer = ask(asking, message, time, most).await;
            let is_too_long = outbox.is_some() && answer.extensions().get() == Some(&WasTooLong);
            match (Returning::of(answer.status()).filter(|_| !is_too_long), &mut outbox) {
                (Some(returning), _) => scoring.returned(place, returning),
                (None, None) => scoring.counts.answered += 1,
                (None, Some(outbox)) => {
                    outbox.put(Reply::new(source, &answer)).await;
                    scoring.settle(outbox);
                }
            }
        }
    }
    if let Some(outbox) = &mut outbox {
        outbox.send().await;
        scoring.settle(outbox);
    }
    scoring.end()
}

/// The answer to a message.
async fn ask(asking: &Asking, message: &Message<'_>, time: TimeLeft, most: usize) -> WholeAnswer {
    let body = opened(&message.body);
    let media = message.media(&body);
    asking.predict(Bytes::copy_from_slice(body.as_bytes()), &media, &message.id, time, most).await
}

impl<'a, 'm> Scoring<'a, 'm> {
    fn new(messages: &'m [Message<'m>], invocation: &'a str, sends_replies: bool) -> Self {
        let counts = Counts { replies: sends_replies.then(ReplyCounts::default), ..Counts::default() };
        Self { messages, invocation, counts, failed_groups: HashSet::new(), returned: Vec::new() }
    }

    /// Notes a message that Lambda is not to delete, and says why.
    fn returned(&mut self, place: usize, returning: Returning) {
        let message = &self.messages[place];
        let is_poison = matches!(returning, Returning::Poison(_));
        *if is_poison { &mut self.counts.poison } else { &mut self.counts.passing } += 1;
        self.failed_groups.extend(message.ordered_group());
        self.returned.push(place);
        log(message, self.invocation, returning);
    }

    /// Notes what became of replies.
    fn settle(&mut self, outbox: &mut Outbox<'_, 'm>) {
        for Ended { reply, refusal } in outbox.take_ended() {
            let counts = self.counts.replies.get_or_insert_default();
            if let Some(refusal) = refusal {
                counts.unsent += 1;
                self.returned(reply.source.place, Returning::Unsent(refusal.code));
            } else {
                counts.sent += 1;
                counts.too_long += u64::from(!reply.is_answer());
                self.counts.answered += 1;
            }
        }
    }

    fn end(mut self) -> (Counts, String) {
        self.returned.sort_unstable();
        let items = self.returned.iter().map(|place| Item { item_identifier: &self.messages[*place].id }).collect();
        let answer = serde_json::to_string(&Returned { batch_item_failures: items });
        (self.counts, answer.expect("texts are always JSON"))
    }
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
        Returning::Unsent(reason) => {
            tracing::warn!(
                request_id = invocation,
                message_id,
                code = "passing",
                reason,
                "a message was returned: its reply was not sent"
            );
        }
        Returning::NoTime => returned!("passing", None::<u16>, "a message was returned: no time left to answer it"),
        Returning::BehindAnother => {
            returned!("passing", None::<u16>, "a message was returned behind one that failed in its group");
        }
    }
}
