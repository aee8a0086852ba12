//! What boosting of numbers makes small.

use std::fmt;
use std::str::FromStr;

/// A loss, as `--loss` has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// The squared error: answers are means.
    Squared,
    /// The absolute error: answers are medians.
    Absolute,
    /// Pseudo-Huber: squared up to about `delta`, absolute beyond.
    Huber {
        /// In the target's unit; `None`: the mean distance from the median.
        delta: Option<f64>,
    },
    /// The pinball loss: answers are quantiles.
    Quantile {
        /// Which one, between 0 and 1.
        level: f64,
    },
    /// Poisson deviance with a logarithmic link, of counts.
    Poisson,
    /// Gamma deviance with a logarithmic link, of positive amounts.
    Gamma,
    /// Tweedie deviance with a logarithmic link, of amounts that are often 0.
    Tweedie {
        /// The variance's power of the mean, from 1 to below 2.
        power: f64,
    },
}

impl Loss {
    /// The words that it is written with.
    pub const WORDS: [&'static str; 7] = ["squared", "absolute", "huber", "quantile", "poisson", "gamma", "tweedie"];

    /// True where it is made small by the median or another quantile of a leaf's rows.
    pub fn is_of_quantiles(self) -> bool {
        matches!(self, Self::Absolute | Self::Quantile { .. })
    }
}

impl FromStr for Loss {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, number) = match text.split_once('=') {
            Some((word, number)) => (word, Some(number)),
            None => (text, None),
        };
        let given = |range: &str, is_in: fn(f64) -> bool| {
            let Some(number) = number else { return Ok(None) };
            let value = number.parse().ok().filter(|v| is_in(*v));
            value.map(Some).ok_or_else(|| format!("{number:?} is not {range}"))
        };
        let loss = match word {
            "huber" => {
                let delta = given("a number above 0, at most 1e100", |v| v > 0.0 && v <= 1e100)?;
                return Ok(Self::Huber { delta });
            }
            "quantile" => {
                let level = given("a number above 0 and below 1", |v| v > 0.0 && v < 1.0)?;
                return Ok(Self::Quantile { level: level.unwrap_or(0.5) });
            }
            "tweedie" => {
                let power = given("a number from 1 to below 2", |v| (1.0..2.0).contains(&v))?;
                return Ok(Self::Tweedie { power: power.unwrap_or(1.5) });
            }
            "squared" => Self::Squared,
            "absolute" => Self::Absolute,
            "poisson" => Self::Poisson,
            "gamma" => Self::Gamma,
            _ => return Err(format!("{word:?} is not {}", Self::WORDS.join(", "))),
        };
        match number {
            None => Ok(loss),
            Some(number) => Err(format!("{word} takes no number, and {number:?} was given")),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Squared => f.write_str("squared"),
            Self::Absolute => f.write_str("absolute"),
            Self::Huber { delta: None } => f.write_str("huber"),
            Self::Huber { delta: Some(delta) } => write!(f, "huber={delta}"),
            Self::Quantile { level } => write!(f, "quantile={level}"),
            Self::Poisson => f.write_str("poisson"),
            Self::Gamma => f.write_str("gamma"),
            Self::Tweedie { power } => write!(f, "tweedie={power}"),
        }
    }
}
