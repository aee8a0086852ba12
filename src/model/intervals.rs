//! What answers have beside predictions where a level was asked for: bounds of numbers, sets of classes.

/// What a row has beside its prediction where a level was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Intervals {
    /// Lower and upper bound, in the target's unit, row-major `[n_rows, 2]`.
    Ranges(Vec<f64>),
    /// Whether each class is in the set, row-major `[n_rows, n_classes]`.
    Sets {
        /// In the order of the target's classes.
        is_in: Vec<bool>,
        /// Classes, at least 1.
        n_classes: usize,
    },
}

impl Intervals {
    /// Appends another chunk of the same model.
    pub fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Ranges(ranges), Self::Ranges(more)) => ranges.extend(more),
            (Self::Sets { is_in, .. }, Self::Sets { is_in: more, .. }) => is_in.extend(more),
            _ => {}
        }
    }

    /// What they are.
    pub fn kind(&self) -> IntervalKind {
        match self {
            Self::Ranges(_) => IntervalKind::Range,
            Self::Sets { .. } => IntervalKind::Set,
        }
    }

    /// The positions of the classes in a row's set, ascending; none of a number.
    pub fn classes_of(&self, row: usize) -> impl Iterator<Item = u32> {
        let of_row = match self {
            Self::Ranges(_) => &[][..],
            Self::Sets { is_in, n_classes } => &is_in[row * n_classes..][..*n_classes],
        };
        (0..).zip(of_row).filter(|(_, is_in)| **is_in).map(|(class, _)| class)
    }

    /// A row's lower and upper bound; `None` of a class.
    pub fn range_of(&self, row: usize) -> Option<[f64; 2]> {
        match self {
            Self::Ranges(ranges) => Some([ranges[2 * row], ranges[2 * row + 1]]),
            Self::Sets { .. } => None,
        }
    }
}

/// The score that bounds those of a level, of a model that has scores of enough rows for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreBound(f64);

impl ScoreBound {
    /// Of a score of the model's own.
    pub(super) fn new(score: f64) -> Self {
        Self(score)
    }

    /// The score.
    pub(super) fn score(self) -> f64 {
        self.0
    }
}

/// Whether a row has two bounds or a set of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalKind {
    /// Of a number.
    Range,
    /// Of a class.
    Set,
}
