//! `XGBoost`'s objectives: from `base_score` to a margin, and from margins to an answer.

use crate::import::options::Answers;
use crate::model::ir::{Decision, Link};

/// What is said where an estimator of several targets of two classes is asked for its own `predict`.
pub(in crate::import) const SEVERAL_LABELS: &str = "XGBClassifier's own predict gives 0 or 1 for each of several targets, \
    which is not read; without --answer library the answer is a probability for each";

/// How `base_score` becomes the margin that sums start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// As it is.
    Margin,
    /// The margin of a probability.
    Logit,
    /// Its logarithm.
    Log,
}

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Numbers.
    Numbers,
    /// Classes; with a probability each or not.
    Classes {
        /// False where the class is all there is.
        with_probability: bool,
    },
}

/// An objective's rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Objective {
    pub(super) base: Base,
    pub(super) link: Link,
    pub(super) decision: Decision,
    pub(super) answer: Answer,
}

const LOGISTIC: Link = Link::Logistic { slope: 1.0 };

impl Objective {
    /// Margins as they are: for an objective of the caller's own.
    pub(super) const PLAIN: Self =
        Self { base: Base::Margin, link: Link::Identity, decision: Decision::Probability, answer: Answer::Numbers };

    /// The rules of the objective of this name; `None` for one that is not known.
    pub(super) fn named(name: &str, answers: Answers) -> Option<Self> {
        let as_label = answers == Answers::Label;
        let classes = |with_probability| Answer::Classes { with_probability };
        let exponential = Self { base: Base::Log, link: Link::Exp, ..Self::PLAIN };
        Some(match name {
            "reg:squarederror"
            | "reg:linear"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "reg:absoluteerror"
            | "reg:quantileerror"
            | "binary:logitraw"
            | "rank:pairwise"
            | "rank:ndcg"
            | "rank:map" => Self::PLAIN,
            "reg:logistic" => Self { base: Base::Logit, link: LOGISTIC, ..Self::PLAIN },
            "binary:logistic" => {
                let answer = if as_label { classes(true) } else { Answer::Numbers };
                Self { base: Base::Logit, link: LOGISTIC, answer, ..Self::PLAIN }
            }
            "binary:hinge" => {
                Self { link: Link::Hinge, decision: Decision::Margin, answer: classes(false), ..Self::PLAIN }
            }
            "multi:softprob" => {
                let answer = if as_label { classes(true) } else { Answer::Numbers };
                Self { link: Link::Softmax, answer, ..Self::PLAIN }
            }
            // Its own answer is the class of the largest margin.
            "multi:softmax" => {
                Self { link: Link::Softmax, decision: Decision::Margin, answer: classes(as_label), ..Self::PLAIN }
            }
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" => exponential,
            "survival:aft" => Self { link: Link::WideExp, ..exponential },
            _ => return None,
        })
    }
}

impl Base {
    /// The margin, in f32 as the library computes it.
    pub(super) fn margin(self, base_score: f32) -> f32 {
        match self {
            Self::Margin => base_score,
            Self::Logit => -(1.0 / base_score.clamp(1e-6, 1.0 - 1e-6) - 1.0).ln(),
            Self::Log => base_score.ln(),
        }
    }
}
