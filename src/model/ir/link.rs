//! From margins to answers: the last step of a source's `predict`.

/// The width of the numbers that a source rounds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
}

impl Width {
    /// True for a finite number of this width.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "that is the question")]
    pub fn holds(self, v: f64) -> bool {
        v.is_finite() && (self == Self::F64 || f64::from(v as f32).to_bits() == v.to_bits())
    }
}

/// What a row's margins go through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Link {
    /// Nothing: margins are the answer.
    Identity,
    /// e^m.
    Exp,
    /// e^m in f64, rounded to f32, of margins in f32: `XGBoost`'s `survival:aft`.
    WideExp,
    /// 1 where m is above 0, else 0: `XGBoost`'s `binary:hinge`.
    Hinge,
    /// 1 / (1 + e^(−slope · m)). In f32 as `XGBoost` has it: −m is at most 88.7, and 1e-16 is added to the divisor.
    Logistic {
        /// 1 but for `LightGBM`'s `sigmoid` parameter.
        slope: f64,
    },
    /// The same in f64, 0 below −40 and 1 above 40, as smartcore has it.
    CutLogistic,
    /// e^(m − max) / Σ e^(m − max) over the row's margins; in f32 the sum is still of 64 bits.
    Softmax,
    /// sign(m) · m², the inverse of `LightGBM`'s `sqrt` target.
    SignedSquare,
    /// ln(1 + e^m).
    SoftPlus,
    /// 1 / (1 + e^(−m)), divided by the row's sum of these; where that is 0, the same for all: one class against the
    /// rest.
    LogisticShare,
}

impl Link {
    /// Checks that the link is defined for margins of this width.
    ///
    /// # Errors
    /// One sentence.
    pub fn check(self, width: Width) -> Result<(), String> {
        let fits = match self {
            Self::Identity | Self::Exp | Self::Softmax | Self::Hinge => true,
            Self::WideExp => width == Width::F32,
            Self::Logistic { slope } => slope.is_finite() && slope > 0.0 && (width == Width::F64 || slope == 1.0),
            Self::CutLogistic | Self::SignedSquare | Self::SoftPlus | Self::LogisticShare => width == Width::F64,
        };
        if fits { Ok(()) } else { Err(format!("the link {self:?} is not defined for margins of {width:?}")) }
    }
}

/// How a classifier chooses a class: of one margin whether it is the second of two classes, of several the first of the
/// largest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Decision {
    /// A probability above 0.5; the largest probability.
    #[default]
    Probability,
    /// A margin above 0; the largest margin.
    Margin,
    /// A margin of 0 or above; the largest margin.
    MarginFromZero,
}
