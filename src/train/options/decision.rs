//! How a classifier's probabilities are calibrated and its threshold chosen, as typed.

use std::fmt;
use std::str::FromStr;

/// What fits a map from probabilities to calibrated ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CalibrationMethod {
    /// Steps that never descend, by pool adjacent violators
    Isotonic,
    /// A logistic function of the probability (Platt)
    Sigmoid,
}

/// How the threshold of a classifier of two classes is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ThresholdChoice {
    /// This one.
    Value(f64),
    /// Where the second class's F1 is greatest.
    F1,
    /// Where its recall less the share of the first class's rows that are taken for it is greatest.
    Youden,
    /// Where the cost is least: so much for a row of the second class that is not found, so much for one of the first
    /// that is taken for it.
    Cost {
        /// Of a row of the second class that is not found.
        miss: f64,
        /// Of a row of the first class that is taken for one of the second.
        alarm: f64,
    },
}

impl FromStr for ThresholdChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is not f1, youden, cost=5:1 (of a miss : of a false alarm) or a number from 0 to 1");
        match text {
            "f1" => return Ok(Self::F1),
            "youden" => return Ok(Self::Youden),
            _ => {}
        }
        if let Some(costs) = text.strip_prefix("cost=") {
            let (miss, alarm) = costs.split_once(':').ok_or_else(wrong)?;
            let cost = |text: &str| text.parse().ok().filter(|cost: &f64| *cost > 0.0 && *cost <= 1e9);
            return match (cost(miss), cost(alarm)) {
                (Some(miss), Some(alarm)) => Ok(Self::Cost { miss, alarm }),
                _ => Err(format!("{text:?}: a cost is above 0, at most 1e9, as in cost=5:1")),
            };
        }
        let value: f64 = text.parse().map_err(|_| wrong())?;
        if (0.0..=1.0).contains(&value) { Ok(Self::Value(value)) } else { Err(wrong()) }
    }
}

impl fmt::Display for ThresholdChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value}"),
            Self::F1 => f.write_str("f1"),
            Self::Youden => f.write_str("youden"),
            Self::Cost { miss, alarm } => write!(f, "cost={miss}:{alarm}"),
        }
    }
}
