//! What is asked of each row beside its prediction.

use super::intervals::ScoreBound;

/// What a request, a command or a stream asks for beside predictions; nothing by default. It is one that the model can
/// answer: [`Model::question`](super::Model::question) makes it of what is [`Asked`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question<Level = ScoreBound> {
    /// Raw scores, before the link.
    pub raw: bool,
    /// Each feature's contribution.
    pub explain: bool,
    /// An interval, or a set of classes.
    pub interval: Option<Level>,
}

/// What is asked before it is known whether the model can answer: intervals that hold the truth with this probability,
/// above 0 and below 1.
pub type Asked = Question<f64>;

impl<Level> Default for Question<Level> {
    fn default() -> Self {
        Self { raw: false, explain: false, interval: None }
    }
}

impl<Level> Question<Level> {
    /// What either asks for; of two levels the first.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            raw: self.raw || other.raw,
            explain: self.explain || other.explain,
            interval: self.interval.or(other.interval),
        }
    }

    /// The same with another interval.
    pub(super) fn with_interval<Other>(self, interval: Option<Other>) -> Question<Other> {
        Question { raw: self.raw, explain: self.explain, interval }
    }
}
