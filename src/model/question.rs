//! What is asked of each row beside its prediction.

/// What a request, a command or a stream asks for beside predictions; nothing by default.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Question {
    /// Raw scores, before the link.
    pub raw: bool,
    /// Each feature's contribution.
    pub explain: bool,
    /// An interval, or a set of classes, that holds the truth with this probability: above 0 and below 1.
    pub interval: Option<f64>,
}

impl Question {
    /// What either asks for; of two levels the first.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            raw: self.raw || other.raw,
            explain: self.explain || other.explain,
            interval: self.interval.or(other.interval),
        }
    }
}
